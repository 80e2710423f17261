// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Finds parameters without values, among the initialisers and among the inputs, and fills them on request.

#include "compiler/Import/Onnx/Absent.h"

#include "compiler/Import/Onnx/Graph.h"
#include "compiler/Import/Onnx/Operators.h"
#include "dialects/Isa/Encoding/OptionNames.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/Support/xxhash.h"

#include "onnx/onnx_pb.h"

#include <cmath>
#include <random>

using namespace mlir;

namespace arsis::compiler::onnximport {

void markAbsent(onnx::GraphProto &graph) {
  for (onnx::TensorProto &proto : *graph.mutable_initializer()) {
    const bool isEmpty = proto.float_data().empty() && proto.double_data().empty() &&
                         proto.int32_data().empty() && proto.int64_data().empty() &&
                         proto.uint64_data().empty() && proto.string_data().empty() && !proto.has_raw_data();
    if (isEmpty && !llvm::is_contained(proto.dims(), 0) && elementBytes(proto.data_type()) != 0)
      proto.set_raw_data("");
  }
}

void fillRandomly(Tensor &tensor, const Node &reader, StringRef word, uint64_t seed, StringRef name) {
  tensor.isAbsent = false;
  const bool isNormalisation = reader.type().ends_with("Normalization");
  const bool isOne = (isNormalisation && word == "weight") || word == "running_var";
  tensor.floats.assign(tensor.size(), isOne ? 1.0f : 0.0f);
  if (isNormalisation || word != "weight" || tensor.shape.size() < 2)
    return;
  // Filters lead with the outputs, factors of products end with them unless they are transposed.
  const bool leads =
      reader.type() == "Conv" || reader.type() == "ConvTranspose" || reader.integer("transB", 0) != 0;
  const int64_t outputs = leads ? tensor.shape.front() : tensor.shape.back();
  const float bound = 1.0f / std::sqrt(static_cast<float>(tensor.size() / std::max<int64_t>(outputs, 1)));
  std::mt19937_64 random(seed ^ llvm::xxh3_64bits(name));
  constexpr int kFractionBits = 24; // of fp32
  for (float &value : tensor.floats)
    value = (std::ldexp(static_cast<float>(random() >> (64 - kFractionBits)), 1 - kFractionBits) - 1) * bound;
}

/// The word for input `input` of the node if only a parameter or a statistic can be meant.
static bool isWeightPlace(const Node &node, int input) {
  const Operator *known = findOperator(node.type());
  if (!known || input == 0 || node.type() == "Add" || node.type() == "MatMul")
    return false;
  return llvm::any_of(known->parameters, [&](const Parameter &place) { return place.input == input; });
}

void GraphImporter::addAbsentInputs(const onnx::GraphProto &graph) {
  if (!importOptions.training && !importOptions.randomWeights)
    return;
  llvm::StringMap<bool> onlyWeight;
  for (const onnx::NodeProto &proto : graph.node())
    for (int input = 0; input < proto.input_size(); ++input) {
      const bool isWeight = isWeightPlace(Node(proto, /*opset=*/0), input);
      onlyWeight.try_emplace(proto.input(input), true).first->second &= isWeight;
    }
  for (const onnx::ValueInfoProto &info : graph.input()) {
    const auto &type = info.type().tensor_type();
    if (entries.count(info.name()) || !onlyWeight.lookup(info.name()) || !isFloatType(type.elem_type()))
      continue;
    auto tensor = std::make_shared<Tensor>();
    tensor->isAbsent = true;
    for (const auto &dim : type.shape().dim())
      tensor->shape.push_back(dim.dim_value()); // 0 if it is not known
    if (!type.has_shape() || !sizeProblem(tensor->shape).empty() || tensor->size() == 0)
      continue;
    Entry &entry = entries[info.name()];
    entry.constant = std::move(tensor);
    entry.trainable = true;
    entry.name = info.name();
  }
}

void GraphImporter::describeAbsent() {
  std::vector<std::string> absent, filled;
  for (const KnownConstant &known : constants)
    for (const KnownParameter &parameter : known.parameters)
      if (const Entry &entry = entries[parameter.name]; entry.value && known.isAbsent)
        (entry.constant->isAbsent ? absent : filled).push_back(parameter.name);
  if (!absent.empty())
    emitWarning(NameLoc::get(opBuilder.getStringAttr(path)))
        << absent.size() << " parameters have no values in the file ('" << absent.front()
        << "'): they are zero until the host writes them, so that only time means something; "
        << optionName("random-weights") << " SEED gives them random ones";
  if (!filled.empty())
    emitWarning(NameLoc::get(opBuilder.getStringAttr(path)))
        << filled.size() << " parameters have no values in the file ('" << filled.front()
        << "'): they are random, from seed " << *importOptions.randomWeights;
}

} // namespace arsis::compiler::onnximport
