// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Tensors whose data lie in files beside the model: each names a file by its way from the model's folder, an
// offset and a length in bytes.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_EXTERNAL_H
#define ARSIS_COMPILER_IMPORT_ONNX_EXTERNAL_H

#include <optional>
#include <string>
#include <vector>

namespace onnx {
class GraphProto;
}

namespace arsis::compiler::onnximport {

/// Moves the data of the graph's initialisers and Constant nodes into the tensors themselves. `folder` is the
/// model's; none if the model has no place among the files. Returns what was found and what is expected, one
/// text for each tensor that cannot be read, or for each file that is missing. A file outside the folder is
/// never opened. `mayLackFiles`: where the file does not exist, the tensor is left without values.
std::vector<std::string> readExternalData(onnx::GraphProto &graph, const std::optional<std::string> &folder,
                                          bool mayLackFiles);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_EXTERNAL_H
