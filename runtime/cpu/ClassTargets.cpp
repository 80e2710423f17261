// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The distributions over classes that labels stand for.
#include "dialects/Isa/Encoding/Error.h"
#include "runtime/common/KernelRegistry.h"
#include "runtime/cpu/ReductionTree.h"

namespace arsis::ref {

template <class T> static void callClassTargets(KernelCall &call) {
  const bool isWeighted = call.operands.size() == 2;
  call.expect(isWeighted ? 2 : 1, 2);
  const Shape &shape = call.resultShape(0);
  const int64_t rows = shape.at(0), classes = shape.at(1);
  const int32_t *labels = call.operandOfShape<int32_t>(0, {rows});
  const T *weights = isWeighted ? call.operandOfShape<T>(1, {classes}) : nullptr;
  const double smoothing = call.attribute<double>("smoothing");
  const bool ignores = call.attributes.count("ignored") != 0;
  const int64_t ignored = ignores ? call.attribute<int64_t>("ignored") : 0;
  T *targets = call.results[0].as<T>(), *mass = call.resultOfShape<T>(1, {rows});

  const T sharp = static_cast<T>(1 - smoothing);
  const T even = static_cast<T>(smoothing / static_cast<double>(classes));
  for (int64_t n = 0; n < rows; ++n) {
    const bool isKept = !ignores || labels[n] != ignored;
    if (isKept && (labels[n] < 0 || labels[n] >= classes))
      throw Error("label " + std::to_string(labels[n]) + " of row " + std::to_string(n) + " is none of the " +
                  std::to_string(classes) + " classes");
    auto isLabel = [&](int64_t c) { return T(isKept && c == labels[n]); };
    mass[n] = treeSum<T>(
        classes, [&](int64_t c) { return isWeighted ? multiply(isLabel(c), weights[c]) : isLabel(c); });
    for (int64_t c = 0; c < classes; ++c) {
      T target = isLabel(c);
      if (smoothing != 0)
        target = add(multiply(target, sharp), multiply(T(isKept), even));
      targets[n * classes + c] = isWeighted ? multiply(target, weights[c]) : target;
    }
  }
}

void registerClassTargets(KernelRegistry &registry) {
  registry.add("nn.class_targets", callClassTargets<float>, callClassTargets<double>);
}

} // namespace arsis::ref
