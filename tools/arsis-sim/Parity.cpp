// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Parity.h.
#include "tools/arsis-sim/Parity.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "runtime/Interpreter/StepReference.h"

#include <cmath>
#include <cstring>
#include <limits>
#include <sstream>

namespace arsis::tool {
namespace {

// Per tensor and by norm, between fp32 implementations that add in different orders. A decision of relu or
// max pooling that flips within rounding can exceed it; then the difference is named and not absorbed.
constexpr double kRelativeNorm = 1e-4;

std::string indexOf(int64_t element, const ref::Shape &shape) {
  std::string text;
  for (size_t d = shape.size(); d-- > 0;) {
    text = std::to_string(element % shape[d]) + (text.empty() ? "" : ", ") + text;
    element /= shape[d];
  }
  return "[" + text + "]";
}

std::string number(float value) {
  std::ostringstream out;
  out.precision(9);
  out << value;
  return out.str();
}

/// Description of the first element whose bits differ, or nothing. NaNs are canonical on both sides.
std::optional<std::string> firstDifference(const std::string &name, const ref::HostTensor &chip,
                                           const ref::HostTensor &truth) {
  for (int64_t i = 0; i < chip.size(); ++i) {
    if (std::memcmp(chip.data() + 4 * i, truth.data() + 4 * i, 4) == 0)
      continue;
    float found, expected;
    std::memcpy(&found, chip.data() + 4 * i, 4);
    std::memcpy(&expected, truth.data() + 4 * i, 4);
    return "tensor " + name + " differs at element " + indexOf(i, chip.shape()) + ", found " + number(found) +
           ", expected " + number(expected);
  }
  return std::nullopt;
}

/// Description of the first element that is NaN on one side only, or nothing: no norm sees it.
std::optional<std::string> firstNanDifference(const std::string &name, const ref::HostTensor &chip,
                                              const ref::HostTensor &truth) {
  if (chip.type() != ref::HostType::F32)
    return std::nullopt;
  const float *found = chip.as<float>(), *expected = truth.as<float>();
  for (int64_t i = 0; i < chip.size(); ++i)
    if (std::isnan(found[i]) != std::isnan(expected[i]))
      return "tensor " + name + " differs at element " + indexOf(i, chip.shape()) + ", found " +
             number(found[i]) + ", expected " + number(expected[i]);
  return std::nullopt;
}

/// JSON has no word for NaN and infinity.
boost::json::value finiteOrNull(double value) {
  return std::isfinite(value) ? boost::json::value(value) : boost::json::value(nullptr);
}

/// Equal elements, infinities too, and NaN on both sides add nothing. NaN if NaN is on one side only, or an
/// infinity differs.
double relativeNorm(const ref::HostTensor &chip, const ref::HostTensor &truth) {
  const float *a = chip.as<float>(), *b = truth.as<float>();
  double difference = 0, norm = 0;
  for (int64_t i = 0; i < chip.size(); ++i) {
    if (!std::isfinite(a[i]) || !std::isfinite(b[i])) {
      if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i])))
        continue;
      return std::numeric_limits<double>::quiet_NaN();
    }
    difference += (static_cast<double>(a[i]) - b[i]) * (static_cast<double>(a[i]) - b[i]);
    norm += static_cast<double>(b[i]) * b[i];
  }
  return norm > 0 ? std::sqrt(difference / norm) : std::sqrt(difference);
}

} // namespace

Check parseCheck(const std::string &text) {
  if (text == "exact")
    return Check::Exact;
  if (text == "reference")
    return Check::Reference;
  if (text == "off")
    return Check::Off;
  throw Error("--check is " + text + ", expected exact, reference or off");
}

Parity compare(Check check, const isa::Program &program, const ref::TensorMap &before,
               const ref::TensorMap &outputs) {
  const numerics::FloatEnvironment environment;
  ref::StepReference reference(program);
  for (const auto &[name, value] : before)
    if (reference.signature().argument(name))
      reference.write(name, value);
  reference.run(check == Check::Exact ? ref::Backend::Exact : ref::Backend::OneDnn);

  Parity parity;
  boost::json::array tensors;
  double worst = 0;
  for (const auto &[name, chip] : outputs) {
    if (!reference.signature().result(name) && !reference.signature().argument(name))
      throw Error("the reference has no tensor named " + name);
    const ref::HostTensor truth = reference.read(name);
    if (truth.shape() != chip.shape())
      throw Error("tensor " + name + " has shape " + ref::toString(chip.shape()) + ", the reference gives " +
                  ref::toString(truth.shape()));
    const std::optional<std::string> different = firstDifference(name, chip, truth);
    const double norm = chip.type() == ref::HostType::F32 ? relativeNorm(chip, truth) : 0.0;
    const std::optional<std::string> nan = firstNanDifference(name, chip, truth);
    worst = std::isnan(norm) ? norm : std::isnan(worst) ? worst : std::fmax(worst, norm);
    tensors.push_back({{"tensor", name}, {"equal_bits", !different}, {"relative_norm", finiteOrNull(norm)}});
    if (check == Check::Exact && different && !parity.error)
      parity.error = different;
    else if (check == Check::Reference && nan && !parity.error)
      parity.error = nan;
    else if (check == Check::Reference && !(norm <= kRelativeNorm) && !parity.error)
      parity.error = "tensor " + name + " differs by " + std::to_string(norm) +
                     " of its norm, expected at most " + std::to_string(kRelativeNorm) +
                     (different ? " (" + *different + ")" : "");
  }
  parity.json = {{"check", check == Check::Exact ? "exact" : "reference"},
                 {"tensors", std::move(tensors)},
                 {"worst_relative_norm", finiteOrNull(worst)},
                 {"passed", !parity.error}};
  return parity;
}

} // namespace arsis::tool
