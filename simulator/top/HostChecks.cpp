// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See HostChecks.h.
#include "simulator/top/HostChecks.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "simulator/top/HostLayout.h"
#include "simulator/top/Session.h"

#include <cstring>
#include <optional>

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

void checkLabels(const isa::Program &program, const isa::Tensor &labels, const void *hostData) {
  const int64_t count = hostBytes(labels) / 4;
  const std::optional<int64_t> classes = classCount(program, count);
  for (int64_t i = 0; i < count; ++i) {
    int32_t label;
    std::memcpy(&label, static_cast<const uint8_t *>(hostData) + 4 * i, 4);
    if (label < 0 || (classes && label >= *classes))
      throw InputError("tensor " + labels.name + " has label " + std::to_string(label) + " at element " +
                       std::to_string(i) + ", expected " +
                       (classes ? "0 to " + std::to_string(*classes - 1) : "a class that is not negative"));
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
