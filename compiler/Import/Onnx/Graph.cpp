// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks an ONNX graph in order and builds `@forward`: inputs, nodes, outputs, and the updated state.
// Node-local work is in the files of the operator families.

#include "compiler/Import/Onnx/Graph.h"

#include "compiler/Import/Onnx/Operators.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Origin.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"

#include "onnx/onnx_pb.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

GraphImporter::GraphImporter(MLIRContext &context, const ImportOptions &options, std::string path)
    : context(context), importOptions(options), path(std::move(path)), opBuilder(&context) {
  context.loadDialect<nn::NNDialect, func::FuncDialect>();
}

LogicalResult GraphImporter::report() {
  if (problems.empty())
    return success();
  InFlightDiagnostic diagnostic = emitError(NameLoc::get(opBuilder.getStringAttr(path)));
  if (problems.size() == 1)
    return diagnostic << problems.front();
  diagnostic << problems.size() << " problems";
  for (const std::string &problem : problems)
    diagnostic.attachNote() << problem;
  return diagnostic;
}

OwningOpRef<ModuleOp> GraphImporter::run(const onnx::ModelProto &model) {
  int64_t opset = 0;
  for (const onnx::OperatorSetIdProto &import : model.opset_import())
    if (import.domain().empty() || import.domain() == "ai.onnx")
      opset = import.version();
  Location location = NameLoc::get(opBuilder.getStringAttr(path));
  OwningOpRef<ModuleOp> module = ModuleOp::create(location);
  opBuilder.setInsertionPointToEnd(module->getBody());
  function = func::FuncOp::create(opBuilder, location, "forward", opBuilder.getFunctionType({}, {}));
  opBuilder.setInsertionPointToEnd(function.addEntryBlock());

  const onnx::GraphProto &graph = model.graph();
  for (const onnx::ValueInfoProto &info : graph.value_info())
    declare(info);
  for (const onnx::ValueInfoProto &info : graph.output())
    declare(info);
  if (failed(addInitialisers(graph)) || failed(addInputs(graph)))
    return nullptr;
  importNodes(graph, opset);
  if (failed(report()) || failed(addOutputs(graph)))
    return nullptr;
  finish();
  if (failed(verify(*module)))
    return nullptr;
  return module;
}

void GraphImporter::declare(const onnx::ValueInfoProto &info) {
  if (!info.type().tensor_type().has_shape())
    return;
  SmallVector<int64_t> &shape = declaredShapes[info.name()];
  for (const auto &dim : info.type().tensor_type().shape().dim())
    shape.push_back(dim.has_dim_value() ? dim.dim_value() : ShapedType::kDynamic);
}

LogicalResult GraphImporter::addInitialisers(const onnx::GraphProto &graph) {
  if (graph.sparse_initializer_size() != 0)
    problems.push_back("sparse initialisers are not supported");
  for (const onnx::TensorProto &proto : graph.initializer()) {
    auto tensor = std::make_shared<Tensor>();
    std::string problem;
    if (!decodeTensor(proto, *tensor, problem)) {
      problems.push_back("initialiser '" + proto.name() + "': " + problem);
      continue;
    }
    Entry &entry = entries[proto.name()];
    entry.constant = std::move(tensor);
    entry.trainable = true;
    entry.name = proto.name();
  }
  return report();
}

LogicalResult GraphImporter::addInputs(const onnx::GraphProto &graph) {
  bool batchUsed = false;
  std::map<std::string, int64_t> bound = importOptions.dims;
  std::vector<std::string> known;
  for (const onnx::ValueInfoProto &info : graph.input()) {
    if (entries.count(info.name())) // an initialiser that older versions list as an input, too
      continue;
    std::string prefix = "input '" + info.name() + "': ";
    const auto &type = info.type().tensor_type();
    if (type.elem_type() != onnx::TensorProto::FLOAT) {
      problems.push_back(prefix + "element type " + onnx::TensorProto::DataType_Name(type.elem_type()) +
                         " (supported: FLOAT)");
      continue;
    }
    SmallVector<int64_t> shape;
    for (int i = 0; i < type.shape().dim_size(); ++i) {
      const auto &dim = type.shape().dim(i);
      std::string symbol = dim.has_dim_value() ? std::string() : dim.dim_param();
      if (!symbol.empty())
        known.push_back(symbol);
      int64_t extent = dim.has_dim_value() ? dim.dim_value() : 0;
      if (i == 0 && importOptions.batch) {
        batchUsed = true;
        if (dim.has_dim_value() && extent != *importOptions.batch)
          problems.push_back(prefix + "the batch is fixed to " + std::to_string(extent) + ", but " +
                             std::to_string(*importOptions.batch) + " was asked for");
        extent = *importOptions.batch;
        if (!symbol.empty())
          bound.emplace(symbol, extent);
      } else if (!symbol.empty() && bound.count(symbol)) {
        extent = bound[symbol];
      } else if (!dim.has_dim_value()) {
        problems.push_back(prefix + "dimension " + std::to_string(i) + " is symbolic" +
                           (symbol.empty() ? "" : " ('" + symbol + "')") + "; bind it with " +
                           (i == 0 ? "--batch N" : "") + (i == 0 && !symbol.empty() ? " or " : "") +
                           (symbol.empty() ? "" : "--dim " + symbol + "=VALUE"));
      }
      if (dim.has_dim_value() || extent != 0)
        if (extent <= 0)
          problems.push_back(prefix + "dimension " + std::to_string(i) + " is " + std::to_string(extent) +
                             ", expected a positive number");
      shape.push_back(extent);
    }
    if (!problems.empty())
      continue;
    Permutation permutation = shape.size() == 4 ? imagePermutation() : hostPermutation(shape.size());
    RankedTensorType chipType = tensorType(permuteShape(shape, permutation));
    NamedAttrList attributes;
    attributes.set("nn.name", opBuilder.getStringAttr(info.name()));
    attributes.set("nn.role", opBuilder.getStringAttr("input"));
    addHostLayout(attributes, chipType, permutation);
    Entry &entry = entries[info.name()];
    entry.value = addArgument(chipType, attributes);
    entry.permutation = permutation;
  }
  for (const auto &[name, extent] : importOptions.dims)
    if (!llvm::is_contained(known, name))
      problems.push_back("no input has a symbolic dimension '" + name + "'");
  if (importOptions.batch && !batchUsed && problems.empty())
    problems.push_back("a batch was given, but the graph has no input");
  return report();
}

bool GraphImporter::inputsKnown(const Node &node) {
  for (size_t i = 0; i < node.inputCount(); ++i) {
    if (!node.hasInput(i))
      continue;
    const Entry &entry = entries[node.input(i)];
    if (!entry.value && !entry.constant)
      return false;
  }
  return true;
}

void GraphImporter::importNodes(const onnx::GraphProto &graph, int64_t opset) {
  for (const onnx::NodeProto &proto : graph.node()) {
    Node node(proto, opset);
    // What hangs on a node that failed has no shape; its own mistake is the one to report.
    if (inputsKnown(node))
      (void)findOperator(node.type())->convert(node, *this);
    else if (problems.empty())
      (void)fail(node, "reads an output of another node that is not supported");
  }
}

LogicalResult GraphImporter::addOutputs(const onnx::GraphProto &graph) {
  SmallVector<Result> updates = std::move(results);
  results.clear();
  for (const onnx::ValueInfoProto &info : graph.output()) {
    Entry &entry = entries[info.name()];
    if (llvm::any_of(updates, [&](const Result &update) { return update.value == entry.value; }))
      continue; // an updated running statistic; it leaves as state
    if (!entry.value) {
      problems.push_back("output '" + info.name() + "' is a constant, which is not supported");
      continue;
    }
    auto type = cast<RankedTensorType>(entry.value.getType());
    Result &result = results.emplace_back();
    result.value = entry.value;
    result.attributes.set("nn.name", opBuilder.getStringAttr(info.name()));
    result.attributes.set("nn.role", opBuilder.getStringAttr("output"));
    addHostLayout(result.attributes, type, entry.permutation);
  }
  llvm::append_range(results, updates);
  if (results.empty() && problems.empty())
    problems.push_back("the graph has no output");
  return report();
}

void GraphImporter::finish() {
  SmallVector<Value> values;
  SmallVector<Type> resultTypes;
  SmallVector<DictionaryAttr> resultAttributes, dictionaries;
  for (const Result &result : results) {
    values.push_back(result.value);
    resultTypes.push_back(result.value.getType());
    resultAttributes.push_back(result.attributes.getDictionary(&context));
  }
  for (const NamedAttrList &attributes : argumentAttributes)
    dictionaries.push_back(attributes.getDictionary(&context));
  func::ReturnOp::create(opBuilder, function.getLoc(), values);
  function.setType(opBuilder.getFunctionType(function.getBody().front().getArgumentTypes(), resultTypes));
  function.setAllArgAttrs(dictionaries);
  function.setAllResultAttrs(resultAttributes);
}

Location GraphImporter::location(const Node &node) { return nn::makeOrigin(&context, node.name(), "fwd"); }

LogicalResult GraphImporter::fail(const Node &node, const Twine &problem) {
  problems.push_back(("node '" + node.name() + "' (" + node.type() + "): " + problem).str());
  return failure();
}

} // namespace arsis::compiler::onnximport
