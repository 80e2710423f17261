// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Sums over the middle one of three dimensions: those of ChannelSum.h, image by image. Plan dims (p).
#include "runtime/common/KernelRegistry.h"
#include "runtime/cpu/ChannelSum.h"

namespace arsis::ref {

template <class T> static void callAxisSum(KernelCall &call) {
  call.expect(1, 1);
  const Shape &x = call.operandShape(0);
  const int64_t outer = x.at(0), count = x.at(1), inner = x.at(2);
  const T *from = call.operands[0]->as<T>();
  T *to = call.resultOfShape<T>(0, {outer, inner});
  for (int64_t o = 0; o < outer; ++o)
    channelSum<T>(count, inner, from + o * count * inner, to + o * inner, call.plan);
}

void registerAxisSum(KernelRegistry &registry) {
  registry.add("nn.axis_sum", callAxisSum<float>, callAxisSum<double>, {"p"});
}

} // namespace arsis::ref
