// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Files that hold a training step already, which the importer does not take: it makes the step itself.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_TRAININGGRAPH_H
#define ARSIS_COMPILER_IMPORT_ONNX_TRAININGGRAPH_H

#include <string>

namespace onnx {
class GraphProto;
}

namespace arsis::compiler::onnximport {

/// Empty, or which node computes a gradient or an update, and what to give instead.
std::string trainingGraphProblem(const onnx::GraphProto &graph);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_TRAININGGRAPH_H
