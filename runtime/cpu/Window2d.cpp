// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads and checks the geometry of windows.
#include "runtime/cpu/Window2d.h"

#include "dialects/Isa/Encoding/Error.h"

namespace arsis::ref {

static const std::vector<int64_t> &list(const KernelCall &call, const char *name, size_t size,
                                        int64_t least) {
  const auto &values = call.attribute<std::vector<int64_t>>(name);
  bool good = values.size() == size;
  for (int64_t value : values)
    good = good && value >= least;
  if (!good)
    throw Error("attribute '" + std::string(name) + "' of '" + call.op + "' must be " + std::to_string(size) +
                " numbers of at least " + std::to_string(least));
  return values;
}

Window2d windowOf(const KernelCall &call, const Shape &input, const Shape &output,
                  const std::vector<int64_t> &kernel, bool windowsMayHangOver) {
  if (input.size() != 4 || output.size() != 4 || kernel.size() != 2 || input[0] != output[0])
    throw Error("'" + call.op + "' has input " + toString(input) + " and output " + toString(output) +
                ", expected two NHWC images of one batch");
  const auto &strides = list(call, "strides", 2, 1), &pads = list(call, "pads", 4, 0),
             &dilations = list(call, "dilations", 2, 1);
  Window2d window{input[0], input[3], {}, {}};
  WindowDim *dims[2] = {&window.height, &window.width};
  for (int d = 0; d < 2; ++d) {
    WindowDim dim{input[1 + d], output[1 + d], kernel[d], strides[d], pads[d], pads[2 + d], dilations[d]};
    const int64_t room = dim.input + dim.padBefore + dim.padAfter - dim.dilation * (dim.kernel - 1) - 1;
    const int64_t fit = dim.kernel < 1 || room < 0 ? 0 : room / dim.stride + 1;
    const bool hangsOver = windowsMayHangOver && room > -dim.stride && dim.output == fit + 1;
    if (dim.kernel < 1 || dim.output < 1 || (dim.output != fit && !hangsOver))
      throw Error("'" + call.op + "' has " + std::to_string(dim.output) + (d ? " columns" : " rows") +
                  " of windows, but " + std::to_string(fit) + " fit");
    *dims[d] = dim;
  }
  return window;
}

Window2d poolWindowOf(const KernelCall &call, const Shape &input, const Shape &output) {
  const Window2d window = windowOf(call, input, output, list(call, "kernel", 2, 1), true);
  if (input[3] != output[3])
    throw Error("'" + call.op + "' changes the number of channels from " + std::to_string(input[3]) + " to " +
                std::to_string(output[3]));
  return window;
}

ConvolutionGeometry convolutionOf(const KernelCall &call, const Shape &input, const Shape &weight,
                                  const Shape &output) {
  const auto groups = call.attribute<int64_t>("groups");
  if (weight.size() != 4 || input.size() != 4 || output.size() != 4 || groups < 1 ||
      weight[2] * groups != input[3] || weight[3] != output[3] || weight[3] % groups != 0)
    throw Error("'" + call.op + "' has input " + toString(input) + ", weight " + toString(weight) +
                " and output " + toString(output) + " in " + std::to_string(groups) +
                " groups, expected NHWC, HWIO and NHWC of matching channels");
  Window2d window = windowOf(call, input, output, {weight[0], weight[1]}, false);
  window.channels = weight[2];
  return {window, groups, weight[3] / groups};
}

} // namespace arsis::ref
