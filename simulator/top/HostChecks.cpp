// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See HostChecks.h.
#include "simulator/top/HostChecks.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "simulator/top/HostLayout.h"
#include "simulator/top/Session.h"

#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <optional>
#include <sstream>

namespace arsis::sim {

bool isGiven(const isa::Tensor &tensor) {
  switch (tensor.role) {
  case isa::TensorRole::Input:
  case isa::TensorRole::Label:
  case isa::TensorRole::Parameter:
  case isa::TensorRole::State:
  case isa::TensorRole::Hyper:
    return true;
  case isa::TensorRole::Gradient:
    return isa::isCompleteAtLaunch(tensor);
  default:
    return false;
  }
}

void checkWritable(const isa::Tensor &tensor) {
  if (!isGiven(tensor))
    throw InputError("tensor " + tensor.name + " is not an input of the program, but computed by it");
}

static std::optional<int64_t> classCount(const isa::Program &program, int64_t labels) {
  for (const isa::Tensor &tensor : program.tensors) {
    const std::vector<int64_t> shape = hostShapeOf(tensor);
    if (tensor.role == isa::TensorRole::Output && shape.size() == 2 && shape[0] == labels)
      return shape[1];
  }
  return std::nullopt;
}

namespace {
/// What the elements of a tensor may be.
struct Allowed {
  std::optional<int64_t> classes, ignored;
  double least = std::numeric_limits<double>::lowest(), most = std::numeric_limits<double>::max();
};
} // namespace

/// `classes=10`, `classes=10,ignored=-1`, `least=0,most=1` or `finite`.
static Allowed allowedBy(const std::string &key, const std::string &text) {
  Allowed allowed;
  std::istringstream parts(text);
  for (std::string part; std::getline(parts, part, ',');) {
    const std::string name = part.substr(0, part.find('='));
    char *end = nullptr;
    const char *digits = part.c_str() + std::min(part.size(), name.size() + 1);
    const double value = std::strtod(digits, &end);
    if (name == "finite" && part == name)
      continue;
    if (end == digits || *end != '\0' || !(std::abs(value) <= std::numeric_limits<int32_t>::max()))
      throw ProgramError("option " + key + " of the program: found '" + text + "', expected numbers by name");
    if (name == "classes")
      allowed.classes = static_cast<int64_t>(value);
    else if (name == "ignored")
      allowed.ignored = static_cast<int64_t>(value);
    else if (name == "least")
      allowed.least = value;
    else if (name == "most")
      allowed.most = value;
    else
      throw ProgramError("option " + key + " of the program: found '" + name +
                         "', expected classes, ignored, least, most or finite");
  }
  return allowed;
}

[[noreturn]] static void refuse(const isa::Tensor &tensor, const std::string &found, int64_t element,
                                const std::string &expected) {
  throw InputError("tensor " + tensor.name + " has " + found + " at element " + std::to_string(element) +
                   ", expected " + expected);
}

static std::string text(double value) {
  std::ostringstream stream;
  stream << value;
  return stream.str();
}

void checkLabels(const isa::Program &program, const isa::Tensor &labels, const void *hostData) {
  const int64_t count = hostBytes(labels) / 4;
  const std::string key = "given." + labels.name;
  const auto option = program.options.find(key);
  Allowed allowed = option == program.options.end() ? Allowed() : allowedBy(key, option->second);
  const auto *bytes = static_cast<const uint8_t *>(hostData);
  if (labels.type == isa::ElementType::F32) {
    for (int64_t i = 0; i < count; ++i) {
      float value;
      std::memcpy(&value, bytes + 4 * i, 4);
      if (!std::isfinite(value) || value < allowed.least || value > allowed.most)
        refuse(labels, text(value), i,
               allowed.least < -1e300 ? "a finite number"
                                      : "a number from " + text(allowed.least) + " to " + text(allowed.most));
    }
    return;
  }
  if (option == program.options.end())
    allowed.classes = classCount(program, count);
  for (int64_t i = 0; i < count; ++i) {
    int32_t label;
    std::memcpy(&label, bytes + 4 * i, 4);
    if (label == allowed.ignored || (label >= 0 && (!allowed.classes || label < *allowed.classes)))
      continue;
    refuse(
        labels, "label " + std::to_string(label), i,
        (allowed.classes ? "0 to " + std::to_string(*allowed.classes - 1) : "a class that is not negative") +
            (allowed.ignored ? " or " + std::to_string(*allowed.ignored) : std::string()));
  }
}

void checkNothingMissing(const isa::Program &program, const std::vector<bool> &given) {
  for (size_t t = 0; t < program.tensors.size(); ++t) {
    const isa::Tensor &tensor = program.tensors[t];
    if (given[t] || !isGiven(tensor))
      continue;
    std::string shape;
    for (int64_t dim : hostShapeOf(tensor))
      shape += (shape.empty() ? "" : "x") + std::to_string(dim);
    throw InputError("input " + tensor.name + " of shape " + (shape.empty() ? "scalar" : shape) +
                     " is missing, expected it to be written before the run");
  }
}

} // namespace arsis::sim
