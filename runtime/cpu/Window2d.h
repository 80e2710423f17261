// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The geometry that convolutions and pools share: two spatial dims, each with kernel, stride, leading and
// trailing pad, dilation.
#pragma once

#include "runtime/common/KernelRegistry.h"

#include <cstdint>

namespace arsis::ref {

/// One spatial dim. Tap t of window o reads position(o, t) of the input.
struct WindowDim {
  int64_t input, output, kernel, stride, padBefore, padAfter, dilation;

  int64_t position(int64_t window, int64_t tap) const { return window * stride + tap * dilation - padBefore; }
  bool inside(int64_t position) const { return position >= 0 && position < input; }
};

/// An NHWC image seen through windows; output is N x height.output x width.output x (channels of the op).
struct Window2d {
  int64_t batch, channels;
  WindowDim height, width;

  int64_t inputPixel(int64_t n, int64_t h, int64_t w) const {
    return (n * height.input + h) * width.input + w;
  }
  int64_t outputPixel(int64_t n, int64_t oh, int64_t ow) const {
    return (n * height.output + oh) * width.output + ow;
  }
  int64_t inputPixels() const { return batch * height.input * width.input; }
  int64_t outputPixels() const { return batch * height.output * width.output; }
};

/// Reads strides, pads and dilations of the call. `input` and `output` are NHWC shapes; `kernel` is (height,
/// width). Throws arsis::Error if attributes and shapes do not fit. `windowsMayHangOver`: an output may have
/// one window more than fits (ceil mode of pools).
Window2d windowOf(const KernelCall &call, const Shape &input, const Shape &output,
                  const std::vector<int64_t> &kernel, bool windowsMayHangOver);

/// The geometry of a pooling op, whose kernel is an attribute and whose channels stay.
Window2d poolWindowOf(const KernelCall &call, const Shape &input, const Shape &output);

/// A convolution: its window with the channels of one group, how many groups there are, and the output
/// channels of one.
struct ConvolutionGeometry {
  Window2d window;
  int64_t groups, outputs;
};
/// The geometry of a convolution with weight shape HWIO; checks the channels.
ConvolutionGeometry convolutionOf(const KernelCall &call, const Shape &input, const Shape &weight,
                                  const Shape &output);

} // namespace arsis::ref
