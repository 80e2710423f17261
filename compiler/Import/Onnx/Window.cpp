// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading and resolving the geometry of windows.

#include "compiler/Import/Onnx/Window.h"

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/NN/IR/Shapes.h"

#include <algorithm>

namespace arsis::compiler::onnximport {

std::string checkWindow(const Node &node) {
  struct Rule {
    llvm::StringLiteral attribute;
    size_t count;
    int64_t minimum;
  };
  static const Rule rules[] = {
      {"kernel_shape", 2, 1}, {"strides", 2, 1}, {"dilations", 2, 1}, {"pads", 4, 0}};
  for (const Rule &rule : rules) {
    if (!node.has(rule.attribute))
      continue;
    llvm::SmallVector<int64_t> values = node.integers(rule.attribute, {});
    if (values.size() != rule.count)
      return rule.attribute.str() + " has " + std::to_string(values.size()) +
             " numbers (supported: " + std::to_string(rule.count) + ", two spatial dimensions)";
    for (int64_t value : values)
      if (value < rule.minimum)
        return rule.attribute.str() + " holds " + std::to_string(value) + ", expected at least " +
               std::to_string(rule.minimum);
      else if (value > isa::kLargestExtent)
        return rule.attribute.str() + " holds " + std::to_string(value) + ", expected at most " +
               std::to_string(isa::kLargestExtent);
  }
  std::string autoPad = node.text("auto_pad", "NOTSET");
  if (autoPad != "NOTSET" && autoPad != "VALID" && autoPad != "SAME_UPPER" && autoPad != "SAME_LOWER")
    return "auto_pad = " + autoPad + " (supported: NOTSET, VALID, SAME_UPPER, SAME_LOWER)";
  return {};
}

Window resolveWindow(const Node &node, llvm::ArrayRef<int64_t> spatial, llvm::ArrayRef<int64_t> kernel) {
  Window window;
  window.kernel.assign(kernel.begin(), kernel.end());
  window.strides = node.integers("strides", {1, 1});
  window.dilations = node.integers("dilations", {1, 1});
  window.pads = node.integers("pads", {0, 0, 0, 0});
  std::string autoPad = node.text("auto_pad", "NOTSET");
  if (autoPad == "NOTSET")
    return window;
  window.pads.assign(4, 0);
  if (autoPad == "VALID")
    return window;
  for (int dim = 0; dim < 2; ++dim) {
    int64_t count = (spatial[dim] + window.strides[dim] - 1) / window.strides[dim];
    int64_t covered =
        (count - 1) * window.strides[dim] + nn::dilatedKernel(kernel[dim], window.dilations[dim]);
    int64_t total = std::max<int64_t>(covered - spatial[dim], 0);
    int64_t smaller = total / 2;
    window.pads[dim] = autoPad == "SAME_UPPER" ? smaller : total - smaller;
    window.pads[dim + 2] = total - window.pads[dim];
  }
  return window;
}

} // namespace arsis::compiler::onnximport
