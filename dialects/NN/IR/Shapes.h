// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shape arithmetic of windows: what the verifiers check, the importer and the builders use. Sizes are in
// elements, pads are (top, left, bottom, right), the other pairs are (height, width).

#ifndef ARSIS_DIALECTS_NN_IR_SHAPES_H
#define ARSIS_DIALECTS_NN_IR_SHAPES_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>

namespace arsis::nn {

// Whether Arsis takes a tensor of this shape: every extent from 1 to isa::kLargestExtent, and no more
// elements than isa::kLargestTensor.
bool isWithinLimits(llvm::ArrayRef<int64_t> shape);

// Extent of a kernel whose taps lie `dilation` apart.
inline int64_t dilatedKernel(int64_t kernel, int64_t dilation) { return dilation * (kernel - 1) + 1; }

// Number of windows along one dimension; zero or less if the kernel does not fit.
// With `ceilMode` a last window may hang over the end by less than a stride, as long as it starts inside the
// input or the leading pad (the rule of PyTorch and of ONNX since opset 19); it may be the only one.
inline int64_t windowCount(int64_t input, int64_t padBefore, int64_t padAfter, int64_t kernel, int64_t stride,
                           int64_t dilation, bool ceilMode = false) {
  int64_t room = input + padBefore + padAfter - dilatedKernel(kernel, dilation);
  if (room < 0)
    return ceilMode && -room < stride ? 1 : 0;
  int64_t count = room / stride + 1;
  if (ceilMode && room % stride != 0 && count * stride < input + padBefore)
    ++count;
  return count;
}

// Shape of conv2d's result (NHWC) from the input (NHWC) and the weight (HWIO).
inline llvm::SmallVector<int64_t, 4> conv2dShape(llvm::ArrayRef<int64_t> x, llvm::ArrayRef<int64_t> w,
                                                 llvm::ArrayRef<int64_t> strides,
                                                 llvm::ArrayRef<int64_t> pads,
                                                 llvm::ArrayRef<int64_t> dilations) {
  return {x[0], windowCount(x[1], pads[0], pads[2], w[0], strides[0], dilations[0]),
          windowCount(x[2], pads[1], pads[3], w[1], strides[1], dilations[1]), w[3]};
}

// Shape of a pooling result (NHWC).
inline llvm::SmallVector<int64_t, 4> poolShape(llvm::ArrayRef<int64_t> x, llvm::ArrayRef<int64_t> kernel,
                                               llvm::ArrayRef<int64_t> strides, llvm::ArrayRef<int64_t> pads,
                                               llvm::ArrayRef<int64_t> dilations, bool ceilMode) {
  return {x[0], windowCount(x[1], pads[0], pads[2], kernel[0], strides[0], dilations[0], ceilMode),
          windowCount(x[2], pads[1], pads[3], kernel[1], strides[1], dilations[1], ceilMode), x[3]};
}

} // namespace arsis::nn

#endif // ARSIS_DIALECTS_NN_IR_SHAPES_H
