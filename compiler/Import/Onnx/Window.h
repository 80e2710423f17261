// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The geometry attributes that Conv and the pooling operators share, with auto_pad resolved to explicit pads.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_WINDOW_H
#define ARSIS_COMPILER_IMPORT_ONNX_WINDOW_H

#include "compiler/Import/Onnx/Node.h"

#include <string>

namespace arsis::compiler::onnximport {

struct Window {
  llvm::SmallVector<int64_t> kernel, strides, pads, dilations; ///< pads: top, left, bottom, right
};

/// What only needs the node: two spatial dimensions, known auto_pad, sane numbers. Empty if all is well.
std::string checkWindow(const Node &node);

/// `spatial` is (height, width) of the input, `kernel` that of the window.
Window resolveWindow(const Node &node, llvm::ArrayRef<int64_t> spatial, llvm::ArrayRef<int64_t> kernel);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_WINDOW_H
