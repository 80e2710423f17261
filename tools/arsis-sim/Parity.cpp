// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Parity.h.
#include "tools/arsis-sim/Parity.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "tools/arsis-sim/Differences.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace arsis::tool {
namespace {

// Per tensor and by norm, between fp32 implementations that add in different orders. A decision of relu or
// max pooling that flips within rounding can exceed it; then the difference is named and not absorbed.
constexpr double kRelativeNorm = 1e-4;

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
  if (text == "ops")
    return Check::Ops;
  if (text == "off")
    return Check::Off;
  throw Error("--check is " + text + ", expected exact, reference, ops or off");
}

/// The names of `outputs` in the order in which the step computes them.
static std::vector<std::string> inProgramOrder(const ref::StepReference &reference,
                                               const ref::TensorMap &outputs) {
  std::map<std::string, size_t> position;
  for (const ref::StepValue &value :
       reference.values([&](const std::string &name) { return outputs.count(name) > 0; }))
    position.emplace(value.tensor, position.size());
  std::vector<std::string> names;
  for (const auto &[name, value] : outputs)
    names.push_back(name);
  std::stable_sort(names.begin(), names.end(), [&](const std::string &a, const std::string &b) {
    const auto place = [&](const std::string &name) {
      const auto found = position.find(name);
      return found == position.end() ? position.size() : found->second;
    };
    return place(a) < place(b);
  });
  return names;
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
  for (const std::string &name : inProgramOrder(reference, outputs)) {
    const ref::HostTensor &chip = outputs.at(name);
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
