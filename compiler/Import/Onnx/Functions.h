// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Functions that a model brings itself: operators whose meaning is a list of nodes.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_FUNCTIONS_H
#define ARSIS_COMPILER_IMPORT_ONNX_FUNCTIONS_H

#include <cstdint>
#include <string>
#include <vector>

namespace onnx {
class ModelProto;
}

namespace arsis::compiler::onnximport {

/// Nodes of a model whose functions are inlined.
inline constexpr int kMostNodes = 1 << 20;
/// Calls of functions by functions, one in the other.
inline constexpr size_t kDeepestCall = 1000;

/// Puts the nodes of functions in the place of the nodes that call them, at every depth, and removes the
/// functions. A node is then called `<calling node>/<its name>`, and so are the values of the function.
/// Returns what was found and what is expected, one text for each call that cannot be inlined.
std::vector<std::string> inlineFunctions(onnx::ModelProto &model, int64_t opset);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_FUNCTIONS_H
