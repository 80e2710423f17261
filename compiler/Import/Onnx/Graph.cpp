// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Walks an ONNX graph in order and builds `@forward`: inputs, nodes, outputs, and the updated state.
// Node-local work is in the files of the operator families.

#include "compiler/Import/Onnx/Graph.h"

#include "compiler/Import/Onnx/Model.h"
#include "compiler/Import/Onnx/Operators.h"
#include "compiler/Import/Onnx/Parameters.h"
#include "dialects/Isa/Encoding/OptionNames.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Origin.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/Verifier.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

#include "onnx/onnx_pb.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

GraphImporter::GraphImporter(MLIRContext &context, const ImportOptions &options, std::string path)
    : context(context), importOptions(options), path(std::move(path)), opBuilder(&context) {
  context.loadDialect<nn::NNDialect, func::FuncDialect>();
}

LogicalResult GraphImporter::report() { return reportProblems(context, path, problems); }

/// Gives every node a name of its own, which becomes the layer's: its name, else that of its first output. Of
/// nodes that share a name all but the first append `:` and their first output.
static void nameLayers(onnx::GraphProto &graph) {
  llvm::StringSet<> taken;
  SmallVector<onnx::NodeProto *> others;
  for (onnx::NodeProto &node : *graph.mutable_node())
    if (node.name().empty() || !taken.insert(node.name()).second)
      others.push_back(&node);
  llvm::StringMap<unsigned> counts;
  for (onnx::NodeProto *node : others) {
    std::string output = node->output_size() ? node->output(0) : node->op_type();
    std::string wanted = node->name().empty() ? output : node->name() + ":" + output, name = wanted;
    while (!taken.insert(name).second)
      name = wanted + "_" + std::to_string(++counts[wanted] + 1);
    node->set_name(name);
  }
}

static int64_t opsetOf(const onnx::ModelProto &model) {
  int64_t opset = 0;
  for (const onnx::OperatorSetIdProto &import : model.opset_import())
    if (import.domain().empty() || import.domain() == "ai.onnx")
      opset = import.version();
  return opset;
}

LogicalResult GraphImporter::addWeights(onnx::GraphProto &graph, int64_t opset) {
  nameLayers(graph);
  addAbsentInputs(graph);
  return success(succeeded(addInitialisers(graph)) && succeeded(addConstants(graph, opset)) &&
                 succeeded(addParameters(graph)));
}

FailureOr<ParameterReaders> GraphImporter::findReaders(onnx::ModelProto &model) {
  if (failed(addWeights(*model.mutable_graph(), opsetOf(model))))
    return failure();
  ParameterReaders readers;
  for (const KnownConstant &constant : constants)
    for (const KnownParameter &parameter : constant.parameters)
      readers[parameter.name] = parameter.readers;
  return readers;
}

OwningOpRef<ModuleOp> GraphImporter::run(onnx::ModelProto &model) {
  int64_t opset = opsetOf(model);
  Location location = NameLoc::get(opBuilder.getStringAttr(path));
  OwningOpRef<ModuleOp> module = ModuleOp::create(location);
  opBuilder.setInsertionPointToEnd(module->getBody());
  function = func::FuncOp::create(opBuilder, location, "forward", opBuilder.getFunctionType({}, {}));
  opBuilder.setInsertionPointToEnd(function.addEntryBlock());

  onnx::GraphProto &graph = *model.mutable_graph();
  const Optimized optimized = findOptimized(model);
  for (const onnx::ValueInfoProto &info : graph.value_info())
    declare(info);
  for (const onnx::ValueInfoProto &info : graph.output())
    declare(info);
  if (failed(report()) || failed(addWeights(graph, opset)))
    return nullptr;
  for (const onnx::NodeProto &node : graph.node())
    readNames.insert(node.input().begin(), node.input().end());
  for (const onnx::ValueInfoProto &info : graph.output()) {
    readNames.insert(info.name());
    outputNames.insert(info.name());
  }
  if (failed(addInputs(graph)))
    return nullptr;
  importNodes(graph, opset);
  if (failed(report()) || failed(addOutputs(graph)))
    return nullptr;
  finish();
  if (failed(verify(*module)))
    return nullptr;
  for (auto [type, count] : converted)
    emitRemark(location) << count << " tensors of " << elementTypeName(type) << " are fp32 here ("
                         << optionName("precision")
                         << " chooses what is stored and multiplied in bf16 or fp16)";
  describeAbsent();
  if (importOptions.training)
    describeTraining(optimized);
  return module;
}

/// -1 and 0 are how some exporters write a size that they do not know.
static bool isKnown(const onnx::TensorShapeProto::Dimension &dim) {
  return dim.has_dim_value() && dim.dim_value() != -1 && dim.dim_value() != 0;
}

void GraphImporter::describeTraining(const Optimized &optimized) {
  describeParameters();
  if (!numbers.empty())
    emitRemark(NameLoc::get(opBuilder.getStringAttr(path)))
        << "initialisers without dimensions that only arithmetic reads are numbers and are not trained: "
        << llvm::join(numbers, ", ");
  if (!usesBatchStatistics.empty())
    emitRemark(function.getLoc())
        << "exported in inference form, but normalises by the statistics of the batch in the training step: "
        << llvm::join(usesBatchStatistics, ", ");
  if (!usesDropout.empty())
    emitRemark(function.getLoc()) << "exported in inference form, but drops elements in the training step: "
                                  << llvm::join(usesDropout, ", ");
  warnOf(optimized, function.getLoc());
}

void GraphImporter::declare(const onnx::ValueInfoProto &info) {
  if (!info.type().tensor_type().has_shape())
    return;
  SmallVector<int64_t> shape;
  for (const auto &dim : info.type().tensor_type().shape().dim())
    shape.push_back(isKnown(dim) ? dim.dim_value() : ShapedType::kDynamic);
  auto [known, isNew] = declaredShapes.try_emplace(info.name(), shape);
  if (isNew)
    return;
  // Outputs may be listed twice, and among the values in between: the declarations must not contradict each
  // other.
  SmallVector<int64_t> &first = known->second;
  bool agrees = first.size() == shape.size();
  for (size_t i = 0; agrees && i < shape.size(); ++i) {
    if (ShapedType::isDynamic(first[i]))
      first[i] = shape[i];
    agrees = ShapedType::isDynamic(shape[i]) || first[i] == shape[i];
  }
  if (!agrees)
    problems.push_back("tensor '" + info.name() + "' is declared twice, with different shapes");
}

void GraphImporter::noteConversion(int32_t onnxType) {
  if (isFloatType(onnxType) && onnxType != onnx::TensorProto::FLOAT)
    ++converted[onnxType];
}

LogicalResult GraphImporter::addInitialisers(const onnx::GraphProto &graph) {
  for (const onnx::TensorProto &proto : graph.initializer()) {
    auto tensor = std::make_shared<Tensor>();
    std::string problem;
    if (!decodeTensor(proto, *tensor, problem, /*mayBeAbsent=*/true)) {
      problems.push_back("initialiser '" + proto.name() + "': " + problem);
      continue;
    }
    noteConversion(proto.data_type());
    Entry &entry = entries[proto.name()];
    entry.constant = std::move(tensor);
    entry.trainable = true;
    entry.name = proto.name();
  }
  return report();
}

SmallVector<int64_t> GraphImporter::bindShape(const onnx::ValueInfoProto &info, Bindings &bindings) {
  std::string prefix = "input '" + info.name() + "': dimension ";
  SmallVector<int64_t> shape;
  for (const auto &[i, dim] : llvm::enumerate(info.type().tensor_type().shape().dim())) {
    std::string symbol = dim.has_dim_value() ? std::string() : dim.dim_param();
    bool known = isKnown(dim), isBatch = i == 0 && importOptions.batch;
    if (known && dim.dim_value() < 0)
      problems.push_back(prefix + std::to_string(i) + " is " + std::to_string(dim.dim_value()) +
                         ", expected a positive number");
    if (isBatch && !bindings.batchUsed && known)
      fileBatch = dim.dim_value();
    if (isBatch && (!known || fileBatch == dim.dim_value())) {
      bindings.batchUsed = true;
      int64_t bound = symbol.empty() ? *importOptions.batch
                                     : bindings.extents.emplace(symbol, *importOptions.batch).first->second;
      if (bound != *importOptions.batch)
        problems.push_back(prefix + "0 ('" + symbol + "') is bound to " + std::to_string(bound) +
                           " by name and to " + std::to_string(*importOptions.batch) + " as the batch");
      shape.push_back(*importOptions.batch);
    } else if (known) {
      shape.push_back(dim.dim_value());
    } else if (auto bound = bindings.extents.find(symbol); bound != bindings.extents.end()) {
      shape.push_back(bound->second);
    } else {
      std::string ways = i == 0 ? optionName("batch") + " N" : "";
      if (!symbol.empty())
        ways += (ways.empty() ? "" : " or ") + optionEntry("dim", symbol, "VALUE");
      std::string what = symbol.empty() ? " is unknown" : " is symbolic ('" + symbol + "')";
      problems.push_back(prefix + std::to_string(i) + what +
                         (ways.empty() ? " and has no name; expected a size or a name in the file"
                                       : "; bind it with " + ways));
      shape.push_back(1);
    }
    if (!symbol.empty())
      bindings.symbols.insert(symbol);
  }
  return shape;
}

/// A Gather that looks elements up by an input, as an embedding does, in words behind an error.
static std::string embeddingOf(const onnx::GraphProto &graph, const std::string &input) {
  for (const onnx::NodeProto &node : graph.node())
    if (node.op_type() == "Gather" && node.input_size() > 1 && node.input(1) == input)
      return "; node '" + node.name() +
             "' (Gather) looks elements up by it, an embedding, which there is not";
  return {};
}

LogicalResult GraphImporter::addInputs(const onnx::GraphProto &graph) {
  Bindings bindings;
  bindings.extents = importOptions.dims;
  for (const onnx::ValueInfoProto &info : graph.input()) {
    if (entries.count(info.name())) // an initialiser that older versions list as an input, too
      continue;
    const auto &type = info.type().tensor_type();
    if (!isFloatType(type.elem_type())) {
      problems.push_back("input '" + info.name() + "': element type " + elementTypeName(type.elem_type()) +
                         " (supported: FLOAT, DOUBLE, FLOAT16, BFLOAT16)" + embeddingOf(graph, info.name()));
      continue;
    }
    noteConversion(type.elem_type());
    SmallVector<int64_t> shape = bindShape(info, bindings);
    if (std::string problem = sizeProblem(shape); !problem.empty())
      problems.push_back("input '" + info.name() + "': " + problem);
    if (!problems.empty())
      continue;
    Permutation permutation = shape.size() == 4 ? imagePermutation() : hostPermutation(shape.size());
    RankedTensorType chipType = tensorType(permuteShape(shape, permutation));
    NamedAttrList attributes;
    attributes.set("nn.name", opBuilder.getStringAttr(info.name()));
    attributes.set(nn::kRole, nn::RoleAttr::get(opBuilder.getContext(), nn::Role::Input));
    addHostLayout(attributes, chipType, permutation);
    Entry &entry = entries[info.name()];
    entry.value = addArgument(chipType, attributes);
    entry.permutation = permutation;
  }
  for (const auto &[name, extent] : importOptions.dims)
    if (!bindings.symbols.contains(name))
      problems.push_back("no input has a symbolic dimension '" + name + "'");
  if (importOptions.batch && !bindings.batchUsed && problems.empty())
    problems.push_back("a batch was given, but the graph has no input with a dimension for it");
  if (fileBatch == importOptions.batch)
    fileBatch.reset();
  if (fileBatch) // the shapes that the file declares are those of another batch
    declaredShapes.clear();
  return report();
}

LogicalResult GraphImporter::addConstants(const onnx::GraphProto &graph, int64_t opset) {
  for (const onnx::NodeProto &proto : graph.node())
    if (Node node(proto, opset); node.type() == "Constant")
      (void)findOperator("Constant")->convert(node, *this);
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
    if (node.type() == "Constant") // imported already
      continue;
    // What hangs on a node that failed has no shape; its own mistake is the one to report.
    if (inputsKnown(node)) {
      if (fold(node)) // a failure is recorded
        continue;
      if (const Operator *known = findOperator(node.type()))
        (void)known->convert(node, *this);
      else
        (void)fail(node, "computes on parameters or on more than " + Twine(kComputedElements) +
                             " numbers (supported: arithmetic on shapes and small constants)");
    } else if (problems.empty())
      (void)fail(node, "reads an output of another node that is not supported");
  }
}

LogicalResult GraphImporter::addOutputs(const onnx::GraphProto &graph) {
  SmallVector<Result> updates = std::move(results);
  results.clear();
  DenseSet<Value> leaving; // updated running statistics leave as state
  for (const Result &update : updates)
    leaving.insert(update.value);
  llvm::StringSet<> listed;
  for (const onnx::ValueInfoProto &info : graph.output()) {
    Entry &entry = entries[info.name()];
    if (!listed.insert(info.name()).second || leaving.contains(entry.value))
      continue;
    // An input that is an output as it came: the host reads it under its name anyway.
    if (auto argument = dyn_cast_or_null<BlockArgument>(entry.value);
        argument &&
        argumentAttributes[argument.getArgNumber()].get("nn.name") == opBuilder.getStringAttr(info.name()) &&
        !entry.constant)
      continue;
    if (entry.constant || !entry.value) {
      problems.push_back("output '" + info.name() + "' is a constant, which is not supported");
      continue;
    }
    auto type = cast<RankedTensorType>(entry.value.getType());
    Result &result = results.emplace_back();
    result.value = entry.value;
    result.attributes.set("nn.name", opBuilder.getStringAttr(info.name()));
    result.attributes.set(nn::kRole, nn::RoleAttr::get(opBuilder.getContext(), nn::Role::Output));
    addHostLayout(result.attributes, type, entry.permutation);
  }
  llvm::append_range(results, updates);
  if (results.empty() && problems.empty())
    problems.push_back("the graph has no output");
  return report();
}

void GraphImporter::finish() {
  for (Operation &op : llvm::make_early_inc_range(llvm::reverse(function.getBody().front())))
    if (isa<nn::ViewOpInterface>(op) && op.use_empty() &&
        llvm::none_of(results, [&](const Result &result) { return result.value.getDefiningOp() == &op; }))
      op.erase(); // another reshape read through it
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
