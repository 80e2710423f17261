// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dropout: the numbers are the chip's, whatever the precision of the values.
#include "dialects/Isa/Numerics/Numerics.h"
#include "runtime/common/KernelRegistry.h"

namespace arsis::ref {

static float scaled(float x, double ratio) {
  return numerics::multiply(x, static_cast<float>(1 / (1 - ratio)));
}
static double scaled(double x, double ratio) { return x / (1 - ratio); }

template <class T> static void callDropout(KernelCall &call) {
  call.expect(3, 1);
  const T *x = call.operandOfShape<T>(0, call.resultShape(0));
  const auto seed = static_cast<float>(*call.operandOfShape<T>(1, {})),
             step = static_cast<float>(*call.operandOfShape<T>(2, {})),
             layer = static_cast<float>(call.attribute<int64_t>("layer"));
  const double ratio = call.attribute<double>("ratio");
  T *y = call.results[0].as<T>();
  const int64_t columns = call.resultShape(0).back(), rows = call.results[0].size() / columns;
  for (int64_t r = 0; r < rows; ++r) {
    const float key = numerics::random(static_cast<float>(r), seed, step, layer);
    for (int64_t c = 0; c < columns; ++c, ++x, ++y) {
      const float drawn = numerics::random(static_cast<float>(c), key, step, layer);
      *y = drawn - static_cast<float>(ratio) > 0 ? scaled(*x, ratio) : T(0);
    }
  }
}

void registerDropout(KernelRegistry &registry) {
  registry.add("nn.dropout", callDropout<float>, callDropout<double>);
}

} // namespace arsis::ref
