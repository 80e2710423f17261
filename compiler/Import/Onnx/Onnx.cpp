// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The entry points: reads a file, checks the options, and hands the model to the importer of graphs.

#include "compiler/Import/Onnx/Onnx.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Import/Onnx/Graph.h"
#include "compiler/Import/Onnx/Model.h"

#include "dialects/Isa/Encoding/Limits.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include "onnx/onnx_pb.h"

using namespace mlir;

namespace arsis::compiler {

static InFlightDiagnostic emitFileError(MLIRContext &context, StringRef name) {
  return emitError(NameLoc::get(StringAttr::get(&context, name)));
}

static LogicalResult checkBindings(MLIRContext &context, StringRef name, const ImportOptions &options) {
  auto check = [&](const Twine &what, int64_t value) -> LogicalResult {
    if (value >= 1 && value <= isa::kLargestExtent)
      return success();
    return emitFileError(context, name)
           << what << ": found " << value << ", expected 1 to " << isa::kLargestExtent;
  };
  if (options.batch && failed(check("the batch", *options.batch)))
    return failure();
  for (const auto &[dimension, extent] : options.dims)
    if (failed(check("dimension '" + dimension + "'", extent)))
      return failure();
  return success();
}

static std::unique_ptr<llvm::MemoryBuffer> readBytes(MLIRContext &context, StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (buffer)
    return std::move(*buffer);
  ofKind(ErrorKind::File, emitFileError(context, path))
      << "cannot read the file: " << buffer.getError().message();
  return nullptr;
}

static onnximport::Source sourceAt(StringRef path, const llvm::MemoryBuffer &buffer,
                                   const ImportOptions &options) {
  return {buffer.getBuffer(), path.str(), llvm::sys::path::parent_path(path).str(),
          options.randomWeights.has_value()};
}

static OwningOpRef<ModuleOp> importSource(MLIRContext &context, const onnximport::Source &source,
                                          const ImportOptions &options) {
  onnx::ModelProto model;
  if (failed(checkBindings(context, source.name, options)) ||
      failed(onnximport::readModel(context, source, model)))
    return nullptr;
  return onnximport::GraphImporter(context, options, source.name).run(model);
}

OwningOpRef<ModuleOp> importOnnxBytes(MLIRContext &context, StringRef bytes, StringRef name,
                                      const ImportOptions &options) {
  return importSource(context, {bytes, name.str(), std::nullopt, options.randomWeights.has_value()}, options);
}

OwningOpRef<ModuleOp> importOnnx(MLIRContext &context, StringRef path, const ImportOptions &options) {
  std::unique_ptr<llvm::MemoryBuffer> buffer = readBytes(context, path);
  return buffer ? importSource(context, sourceAt(path, *buffer, options), options) : nullptr;
}

FailureOr<ParameterReaders> readersOfParameters(MLIRContext &context, StringRef path,
                                                const ImportOptions &options) {
  std::unique_ptr<llvm::MemoryBuffer> buffer = readBytes(context, path);
  onnx::ModelProto model;
  if (!buffer || failed(onnximport::readModel(context, sourceAt(path, *buffer, options), model)))
    return failure();
  return onnximport::GraphImporter(context, options, path.str()).findReaders(model);
}

FailureOr<std::string> inlinedModel(MLIRContext &context, StringRef path) {
  std::unique_ptr<llvm::MemoryBuffer> buffer = readBytes(context, path);
  onnx::ModelProto model;
  if (!buffer || failed(onnximport::readGraph(context, sourceAt(path, *buffer, {}), model)))
    return failure();
  return model.SerializeAsString();
}

} // namespace arsis::compiler
