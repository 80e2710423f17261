// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers the convolution and its two gradients.
#include "runtime/cpu/Conv2d.h"
#include "runtime/cpu/Conv2dGradInput.h"
#include "runtime/cpu/Conv2dGradWeight.h"

namespace arsis::ref {

template <class T> static void callConv2d(KernelCall &call) {
  call.expect(2, 1);
  const Window2d g =
      convolutionWindowOf(call, call.operandShape(0), call.operandShape(1), call.resultShape(0));
  conv2d<T>(g, call.resultShape(0)[3], call.operands[0]->as<T>(), call.operands[1]->as<T>(),
            call.results[0].as<T>(), call.plan);
}

template <class T> static void callConv2dGradInput(KernelCall &call) {
  call.expect(2, 1);
  const Window2d g =
      convolutionWindowOf(call, call.resultShape(0), call.operandShape(1), call.operandShape(0));
  conv2dGradInput<T>(g, call.operandShape(0)[3], call.operands[0]->as<T>(), call.operands[1]->as<T>(),
                     call.results[0].as<T>(), call.plan);
}

template <class T> static void callConv2dGradWeight(KernelCall &call) {
  call.expect(2, 1);
  const Window2d g =
      convolutionWindowOf(call, call.operandShape(0), call.resultShape(0), call.operandShape(1));
  conv2dGradWeight<T>(g, call.operandShape(1)[3], call.operands[0]->as<T>(), call.operands[1]->as<T>(),
                      call.results[0].as<T>(), call.plan);
}

void registerConvolution(KernelRegistry &registry) {
  registry.add("nn.conv2d", callConv2d<float>, callConv2d<double>, {"c", "kh", "kw"});
  registry.add("nn.conv2d_grad_input", callConv2dGradInput<float>, callConv2dGradInput<double>,
               {"co", "kh", "kw"});
  registry.add("nn.conv2d_grad_weight", callConv2dGradWeight<float>, callConv2dGradWeight<double>,
               {"n", "oh", "ow"});
}

} // namespace arsis::ref
