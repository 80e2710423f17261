// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reads an ONNX file, rejects what is broken or of an unknown version, and hands the graph to the importer.

#include "compiler/Import/Onnx/Onnx.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Import/Onnx/Graph.h"
#include "compiler/Import/Onnx/Operators.h"

#include "dialects/Isa/Encoding/Limits.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/MemoryBuffer.h"

#include "onnx/checker.h"
#include "onnx/onnx_pb.h"

using namespace mlir;

namespace arsis::compiler {

/// The opsets whose operators this importer follows.
static constexpr int64_t kOldestOpset = 7;
static constexpr int64_t kNewestOpset = 17;
/// Newer files differ only in element types and metadata that are not read here, so they pass the checker as
/// this.
static constexpr int64_t kCheckedIrVersion = onnx::Version::IR_VERSION;

static InFlightDiagnostic emitFileError(MLIRContext &context, StringRef name) {
  return emitError(NameLoc::get(StringAttr::get(&context, name)));
}

static FailureOr<int64_t> findOpset(MLIRContext &context, StringRef name, const onnx::ModelProto &model) {
  for (const onnx::OperatorSetIdProto &import : model.opset_import()) {
    if (!import.domain().empty() && import.domain() != "ai.onnx")
      continue;
    if (import.version() >= kOldestOpset && import.version() <= kNewestOpset)
      return import.version();
    return emitFileError(context, name)
           << "opset " << import.version() << " is not supported (supported: " << kOldestOpset << " to "
           << kNewestOpset << ")";
  }
  return emitFileError(context, name) << "the file declares no opset of the ONNX domain";
}

/// The checker's message without its multi-line context.
static std::string firstLine(const char *text) { return StringRef(text).split('\n').first.rtrim(" .").str(); }

static LogicalResult checkModel(MLIRContext &context, StringRef name, onnx::ModelProto &model) {
  if (model.ir_version() > kCheckedIrVersion)
    model.set_ir_version(kCheckedIrVersion);
  // This checker insists on shapes of outputs, which later versions leave open; the importer derives them
  // anyway.
  std::vector<onnx::TypeProto_Tensor *> open;
  for (onnx::ValueInfoProto &info : *model.mutable_graph()->mutable_output())
    if (info.type().has_tensor_type() && !info.type().tensor_type().has_shape())
      open.push_back(info.mutable_type()->mutable_tensor_type());
  for (onnx::TypeProto_Tensor *type : open)
    type->mutable_shape();
  try {
    onnx::checker::check_model(model);
  } catch (const std::exception &error) {
    return emitFileError(context, name) << "not a valid ONNX model: " << firstLine(error.what());
  }
  for (onnx::TypeProto_Tensor *type : open)
    type->clear_shape();
  return success();
}

/// Nodes of unknown operators are reported before the checker sees them: it stops at the first one, and it
/// rejects other domains outright.
static LogicalResult checkOperators(MLIRContext &context, StringRef name, const onnx::ModelProto &model,
                                    int64_t opset) {
  std::vector<std::string> problems;
  for (const onnx::NodeProto &proto : model.graph().node()) {
    onnximport::Node node(proto, opset);
    std::string prefix = "node '" + node.name().str() + "' (" + node.type().str() + "): ";
    const onnximport::Operator *found = proto.domain().empty() || proto.domain() == "ai.onnx"
                                            ? onnximport::findOperator(node.type())
                                            : nullptr;
    if (found) {
      std::string problem = found->check ? found->check(node) : std::string();
      if (!problem.empty())
        problems.push_back(prefix + problem);
    } else if (node.type() == "Softmax" || node.type() == "LogSoftmax") {
      problems.push_back(prefix +
                         "not supported; the training loss contains the softmax, so export the model with "
                         "its logits as output");
    } else {
      problems.push_back(prefix + "operator is not supported");
    }
  }
  if (problems.empty())
    return success();
  InFlightDiagnostic diagnostic = emitFileError(context, name);
  diagnostic << problems.size() << (problems.size() == 1 ? " node is" : " nodes are") << " not supported";
  for (const std::string &problem : problems)
    diagnostic.attachNote() << problem;
  diagnostic.attachNote() << "supported operators: " << onnximport::supportedOperators();
  return diagnostic;
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

/// Parses and checks; failure after one diagnostic.
static LogicalResult readModel(MLIRContext &context, StringRef bytes, StringRef name,
                               onnx::ModelProto &model) {
  if (bytes.empty() || !model.ParseFromArray(bytes.data(), bytes.size()) || !model.has_graph())
    return emitFileError(context, name) << "not an ONNX file: its contents do not parse as a model";
  FailureOr<int64_t> opset = findOpset(context, name, model);
  return success(succeeded(opset) && succeeded(checkOperators(context, name, model, *opset)) &&
                 succeeded(checkModel(context, name, model)));
}

static std::unique_ptr<llvm::MemoryBuffer> readBytes(MLIRContext &context, StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (buffer)
    return std::move(*buffer);
  ofKind(ErrorKind::File, emitFileError(context, path))
      << "cannot read the file: " << buffer.getError().message();
  return nullptr;
}

OwningOpRef<ModuleOp> importOnnxBytes(MLIRContext &context, StringRef bytes, StringRef name,
                                      const ImportOptions &options) {
  onnx::ModelProto model;
  if (failed(checkBindings(context, name, options)) || failed(readModel(context, bytes, name, model)))
    return nullptr;
  return onnximport::GraphImporter(context, options, name.str()).run(model);
}

OwningOpRef<ModuleOp> importOnnx(MLIRContext &context, StringRef path, const ImportOptions &options) {
  std::unique_ptr<llvm::MemoryBuffer> buffer = readBytes(context, path);
  return buffer ? importOnnxBytes(context, buffer->getBuffer(), path, options) : nullptr;
}

FailureOr<ParameterReaders> readersOfParameters(MLIRContext &context, StringRef path,
                                                const ImportOptions &options) {
  std::unique_ptr<llvm::MemoryBuffer> buffer = readBytes(context, path);
  onnx::ModelProto model;
  if (!buffer || failed(readModel(context, buffer->getBuffer(), path, model)))
    return failure();
  return onnximport::GraphImporter(context, options, path.str()).findReaders(model);
}

} // namespace arsis::compiler
