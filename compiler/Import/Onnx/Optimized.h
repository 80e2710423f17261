// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What PyTorch's exporters leave out of a file although training would need it.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_OPTIMIZED_H
#define ARSIS_COMPILER_IMPORT_ONNX_OPTIMIZED_H

#include "mlir/IR/Location.h"

#include <string>
#include <vector>

namespace onnx {
class ModelProto;
}

namespace arsis::compiler::onnximport {

/// The weights of convolutions and products that a batch norm was folded into, and of those that have no bias
/// and may have had one of zeros: by the names of their weights in files of the exporter by tracing, by what
/// the optimizer notes at each node in those of the exporter by torch.export.
struct Optimized {
  std::vector<std::string> withBatchNorm, withoutBias;
};
Optimized findOptimized(const onnx::ModelProto &model);

/// Warns of them, and says how to export all that is trained.
void warnOf(const Optimized &found, mlir::Location location);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_OPTIMIZED_H
