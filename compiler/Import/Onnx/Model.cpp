// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parses a model and rejects what is broken, of an unknown version, or made of operators that there are not.

#include "compiler/Import/Onnx/Model.h"

#include "compiler/Import/Onnx/Absent.h"
#include "compiler/Import/Onnx/External.h"
#include "compiler/Import/Onnx/Fold.h"
#include "compiler/Import/Onnx/Functions.h"
#include "compiler/Import/Onnx/Operators.h"
#include "compiler/Import/Onnx/Schemas.h"
#include "compiler/Import/Onnx/TrainingGraph.h"
#include "dialects/Isa/Encoding/OptionNames.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringSet.h"

#include "onnx/checker.h"
#include "onnx/onnx_pb.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

static InFlightDiagnostic emitFileError(MLIRContext &context, StringRef name) {
  return emitError(NameLoc::get(StringAttr::get(&context, name)));
}

LogicalResult reportProblems(MLIRContext &context, StringRef file, ArrayRef<std::string> problems) {
  if (problems.empty())
    return success();
  InFlightDiagnostic diagnostic = emitFileError(context, file);
  if (problems.size() == 1)
    return diagnostic << problems.front();
  diagnostic << problems.size() << " problems";
  for (const std::string &problem : problems)
    diagnostic.attachNote() << problem;
  return diagnostic;
}

static std::string range(int64_t first, int64_t last) {
  return " is not supported (supported: " + std::to_string(first) + " to " + std::to_string(last) + ")";
}

static bool isOnnxDomain(StringRef domain) { return domain.empty() || domain == "ai.onnx"; }

static FailureOr<int64_t> findOpset(MLIRContext &context, StringRef name, const onnx::ModelProto &model) {
  if (model.ir_version() < kOldestIrVersion || model.ir_version() > kNewestIrVersion)
    return emitFileError(context, name)
           << "ir version " << model.ir_version() << range(kOldestIrVersion, kNewestIrVersion);
  for (const onnx::OperatorSetIdProto &import : model.opset_import()) {
    if (!isOnnxDomain(import.domain()))
      continue;
    if (import.version() >= kOldestOpset && import.version() <= kNewestOpset)
      return import.version();
    return emitFileError(context, name) << "opset " << import.version() << range(kOldestOpset, kNewestOpset);
  }
  return emitFileError(context, name) << "the file declares no opset of the ONNX domain";
}

/// The checker's message without its multi-line context.
static std::string firstLine(const char *text) { return StringRef(text).split('\n').first.rtrim(" .").str(); }

/// libonnx's check of the graph (names, order, every node's form) by the schemas of the model's opset.
static LogicalResult checkGraph(MLIRContext &context, StringRef name, onnx::ModelProto &model,
                                int64_t opset) {
  onnx::checker::CheckerContext checker;
  // Later versions of the format differ only in what is not read here.
  checker.set_ir_version(std::min<int64_t>(model.ir_version(), onnx::Version::IR_VERSION));
  checker.set_schema_registry(&Schemas::instance());
  std::unordered_map<std::string, int> opsets;
  for (const onnx::OperatorSetIdProto &import : model.opset_import())
    opsets[import.domain()] = static_cast<int>(import.version());
  opsets[onnx::ONNX_DOMAIN] = static_cast<int>(opset);
  checker.set_opset_imports(opsets);
  // This checker insists on shapes of outputs, which later versions leave open; the importer derives them
  // anyway.
  std::vector<onnx::TypeProto_Tensor *> open;
  for (onnx::ValueInfoProto &info : *model.mutable_graph()->mutable_output())
    if (info.type().has_tensor_type() && !info.type().tensor_type().has_shape())
      open.push_back(info.mutable_type()->mutable_tensor_type());
  for (onnx::TypeProto_Tensor *type : open)
    type->mutable_shape();
  // And on values, unless there are no elements.
  std::vector<std::pair<onnx::TensorProto *, google::protobuf::RepeatedField<int64_t>>> absent;
  for (onnx::TensorProto &proto : *model.mutable_graph()->mutable_initializer())
    if (proto.has_raw_data() && proto.raw_data().empty()) {
      absent.emplace_back(&proto, proto.dims());
      proto.add_dims(0);
    }
  try {
    onnx::checker::check_graph(model.graph(), checker, onnx::checker::LexicalScopeContext());
  } catch (const std::exception &error) {
    return emitFileError(context, name) << "not a valid ONNX model: " << firstLine(error.what());
  }
  for (onnx::TypeProto_Tensor *type : open)
    type->clear_shape();
  for (auto &[proto, dims] : absent)
    proto->mutable_dims()->CopyFrom(dims);
  return success();
}

static std::vector<std::string> findSparse(const onnx::GraphProto &graph) {
  std::vector<std::string> problems;
  for (const onnx::SparseTensorProto &proto : graph.sparse_initializer())
    problems.push_back("initialiser '" + proto.values().name() +
                       "' is sparse, which is not supported; store it whole");
  return problems;
}

namespace {
/// The names whose values may be known at import: constants, shapes, and what is computed from them.
class KnownNames {
public:
  explicit KnownNames(const onnx::GraphProto &graph) {
    for (const onnx::TensorProto &proto : graph.initializer())
      names.insert(proto.name());
  }
  bool holdsInputsOf(const onnx::NodeProto &node) const {
    return llvm::all_of(node.input(),
                        [&](const std::string &name) { return name.empty() || names.contains(name); });
  }
  void addOutputsOf(const onnx::NodeProto &node) {
    static const llvm::StringSet<> alwaysKnown = {"Constant", "Shape", "Size"};
    if (alwaysKnown.contains(node.op_type()) || holdsInputsOf(node))
      names.insert(node.output().begin(), node.output().end());
  }

private:
  llvm::StringSet<> names;
};
} // namespace

/// Empty, or why the node cannot be imported whatever the values of its inputs are.
static std::string problemOf(const onnx::NodeProto &proto, const Node &node, const KnownNames &known) {
  const bool isOnnx = isOnnxDomain(node.domain());
  const Operator *found = isOnnx ? findOperator(node.type()) : nullptr;
  if (found)
    return found->check ? found->check(node) : std::string();
  if (isOnnx && findFold(node.type()))
    return known.holdsInputsOf(proto) ? "" : "operator is supported only of shapes and constants";
  if (node.type() == "SoftmaxCrossEntropyLoss" || node.type() == "NegativeLogLikelihoodLoss")
    return "not supported; " + optionName("loss") +
           " adds the loss, so export the model with its logits as output";
  return "operator is not supported";
}

/// Nodes of unknown operators are reported before the checker sees them: it stops at the first one, and it
/// rejects other domains outright.
static LogicalResult checkOperators(MLIRContext &context, StringRef name, const onnx::ModelProto &model,
                                    int64_t opset) {
  std::vector<std::string> problems;
  KnownNames known(model.graph());
  for (const onnx::NodeProto &proto : model.graph().node()) {
    Node node(proto, opset);
    if (std::string problem = problemOf(proto, node, known); !problem.empty())
      problems.push_back("node '" + node.name().str() + "' (" + node.type().str() + "): " + problem);
    known.addOutputsOf(proto);
  }
  if (problems.empty())
    return success();
  InFlightDiagnostic diagnostic = emitFileError(context, name);
  diagnostic << problems.size() << (problems.size() == 1 ? " node is" : " nodes are") << " not supported";
  for (const std::string &problem : problems)
    diagnostic.attachNote() << problem;
  diagnostic.attachNote() << "supported operators: " << supportedOperators();
  return diagnostic;
}

FailureOr<int64_t> readGraph(MLIRContext &context, const Source &source, onnx::ModelProto &model) {
  const std::string &name = source.name;
  if (source.bytes.empty() || !model.ParseFromArray(source.bytes.data(), source.bytes.size()) ||
      !model.has_graph())
    return emitFileError(context, name) << "not an ONNX file: its contents do not parse as a model";
  FailureOr<int64_t> opset = findOpset(context, name, model);
  if (failed(opset) || failed(reportProblems(context, name, inlineFunctions(model, *opset))))
    return failure();
  for (onnx::NodeProto &node : *model.mutable_graph()->mutable_node())
    if (isOnnxDomain(node.domain()))
      node.clear_domain();
  return opset;
}

LogicalResult readModel(MLIRContext &context, const Source &source, onnx::ModelProto &model) {
  const std::string &name = source.name;
  FailureOr<int64_t> opset = readGraph(context, source, model);
  if (failed(opset))
    return failure();
  if (std::string problem = trainingGraphProblem(model.graph()); !problem.empty())
    return reportProblems(context, name, problem);
  if (model.training_info_size() != 0)
    emitWarning(NameLoc::get(StringAttr::get(&context, name)))
        << "the file's training_info is not read; " << optionName("loss") << " and "
        << optionName("optimizer") << " make the training step";
  if (failed(reportProblems(context, name, findSparse(model.graph()))) ||
      failed(checkOperators(context, name, model, *opset)) ||
      failed(reportProblems(context, name,
                            readExternalData(*model.mutable_graph(), source.folder, source.mayLackFiles))))
    return failure();
  markAbsent(*model.mutable_graph());
  return checkGraph(context, name, model, *opset);
}

} // namespace arsis::compiler::onnximport
