// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers the convolution and its two gradients.
#include "runtime/cpu/Groups.h"

namespace arsis::ref {

template <class T> static void callConv2d(KernelCall &call) {
  call.expect(2, 1);
  const ConvolutionGeometry g =
      convolutionOf(call, call.operandShape(0), call.operandShape(1), call.resultShape(0));
  const T *x = call.operands[0]->as<T>(), *w = call.operands[1]->as<T>();
  T *y = call.results[0].as<T>();
  g.groups == 1 ? conv2d<T>(g.window, g.outputs, x, w, y, call.plan)
                : groupedConv2d<T>(g, x, w, y, call.plan);
}

template <class T> static void callConv2dGradInput(KernelCall &call) {
  call.expect(2, 1);
  const ConvolutionGeometry g =
      convolutionOf(call, call.resultShape(0), call.operandShape(1), call.operandShape(0));
  const T *gy = call.operands[0]->as<T>(), *w = call.operands[1]->as<T>();
  T *gx = call.results[0].as<T>();
  g.groups == 1 ? conv2dGradInput<T>(g.window, g.outputs, gy, w, gx, call.plan)
                : groupedConv2dGradInput<T>(g, gy, w, gx, call.plan);
}

template <class T> static void callConv2dGradWeight(KernelCall &call) {
  call.expect(2, 1);
  const ConvolutionGeometry g =
      convolutionOf(call, call.operandShape(0), call.resultShape(0), call.operandShape(1));
  const T *x = call.operands[0]->as<T>(), *gy = call.operands[1]->as<T>();
  T *gw = call.results[0].as<T>();
  g.groups == 1 ? conv2dGradWeight<T>(g.window, g.outputs, x, gy, gw, call.plan)
                : groupedConv2dGradWeight<T>(g, x, gy, gw, call.plan);
}

void registerConvolution(KernelRegistry &registry) {
  registry.add("nn.conv2d", callConv2d<float>, callConv2d<double>, {"c", "kh", "kw"});
  registry.add("nn.conv2d_grad_input", callConv2dGradInput<float>, callConv2dGradInput<double>,
               {"co", "kh", "kw"});
  registry.add("nn.conv2d_grad_weight", callConv2dGradWeight<float>, callConv2dGradWeight<double>,
               {"n", "oh", "ow"});
}

} // namespace arsis::ref
