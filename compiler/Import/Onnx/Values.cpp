// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of a graph's values: how constants become arguments, and how a value is brought into the
// arrangement that its consumer needs.

#include "compiler/Import/Onnx/Graph.h"

#include "dialects/Isa/Encoding/OptionNames.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Origin.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

Permutation imagePermutation() { return {0, 3, 1, 2}; }
Permutation kernelPermutation() { return {3, 2, 0, 1}; }

Permutation channelsLast(size_t rank) {
  Permutation permutation = {0, static_cast<int64_t>(rank) - 1};
  for (size_t i = 2; i < rank; ++i)
    permutation.push_back(i - 1);
  return permutation;
}

Permutation hostPermutation(size_t rank) {
  Permutation permutation(rank);
  for (size_t i = 0; i < rank; ++i)
    permutation[i] = i;
  return permutation;
}

static SmallVector<int64_t> toHostShape(ArrayRef<int64_t> shape, ArrayRef<int64_t> permutation) {
  SmallVector<int64_t> host;
  for (int64_t dim : permutation)
    host.push_back(shape[dim]);
  return host;
}

std::string describe(ArrayRef<int64_t> shape) {
  std::string text = shape.empty() ? "scalar" : "";
  for (int64_t extent : shape)
    text += (text.empty() ? "" : "x") + std::to_string(extent);
  return text;
}

RankedTensorType GraphImporter::tensorType(ArrayRef<int64_t> shape) {
  return RankedTensorType::get(shape, opBuilder.getF32Type());
}

Value GraphImporter::addArgument(RankedTensorType type, NamedAttrList attributes) {
  argumentAttributes.push_back(std::move(attributes));
  return function.getBody().front().addArgument(type, function.getLoc());
}

void GraphImporter::addHostLayout(NamedAttrList &attributes, RankedTensorType type,
                                  ArrayRef<int64_t> permutation) {
  if (permutation == ArrayRef<int64_t>(hostPermutation(permutation.size())))
    return;
  attributes.set("nn.host_permutation", opBuilder.getDenseI64ArrayAttr(permutation));
  attributes.set("nn.host_shape", opBuilder.getDenseI64ArrayAttr(toHostShape(type.getShape(), permutation)));
}

Value GraphImporter::materialise(Entry &entry, ArrayRef<int64_t> permutation, bool isState) {
  const Tensor &tensor = *entry.constant;
  RankedTensorType type = tensorType(permuteShape(tensor.shape, permutation));
  NamedAttrList attributes;
  attributes.set("nn.name", opBuilder.getStringAttr(entry.name));
  attributes.set(nn::kRole,
                 nn::RoleAttr::get(opBuilder.getContext(),
                                   isState || !entry.trainable ? nn::Role::State : nn::Role::Parameter));
  // Equal elements are kept once: a file may give one constant to thousands of readers.
  if (!tensor.isAbsent)
    attributes.set("nn.initial",
                   tensor.isUniform()
                       ? DenseElementsAttr::get(type, tensor.floats.front())
                       : DenseElementsAttr::get(
                             type, ArrayRef<float>(permute(tensor.floats, tensor.shape, permutation))));
  addHostLayout(attributes, type, permutation);
  entry.value = addArgument(type, attributes);
  entry.permutation = Permutation(permutation);
  entry.isState = isState;
  return entry.value;
}

Value GraphImporter::reshape(const Node &node, Value value, ArrayRef<int64_t> shape) {
  if (cast<RankedTensorType>(value.getType()).getShape() == shape)
    return value;
  if (auto previous = value.getDefiningOp<nn::ViewOpInterface>()) {
    return reshape(node, previous.getViewed(), shape); // `finish` drops the other, if nobody else reads it
  }
  return nn::ReshapeOp::create(opBuilder, location(node), tensorType(shape), value);
}

Value GraphImporter::arrange(const Node &node, const Arranged &given, ArrayRef<int64_t> permutation) {
  if (ArrayRef<int64_t>(given.permutation) == permutation)
    return given.value;
  ArrayRef<int64_t> shape = cast<RankedTensorType>(given.value.getType()).getShape();
  SmallVector<int64_t> order(permutation.size()), wanted(permutation.size()), moved;
  for (size_t i = 0; i < permutation.size(); ++i) {
    order[permutation[i]] = given.permutation[i];
    wanted[permutation[i]] = shape[given.permutation[i]];
  }
  for (int64_t dim : order)
    if (shape[dim] != 1)
      moved.push_back(dim);
  if (llvm::is_sorted(moved)) // only dimensions of extent 1 move: the bytes stay where they are
    return reshape(node, given.value, wanted);
  return nn::TransposeOp::create(opBuilder, location(node), tensorType(wanted), given.value, order, nullptr);
}

SmallVector<int64_t> GraphImporter::hostShape(const Node &node, size_t index) {
  const Entry &entry = entries[node.input(index)];
  if (entry.constant)
    return entry.constant->shape;
  if (!entry.value)
    return {};
  return hostShape(Arranged{entry.value, entry.permutation});
}

SmallVector<int64_t> GraphImporter::hostShape(const Arranged &given) {
  return toHostShape(cast<RankedTensorType>(given.value.getType()).getShape(), given.permutation);
}

Value GraphImporter::value(const Node &node, size_t index, ArrayRef<int64_t> permutation, bool isState) {
  Entry &entry = entries[node.input(index)];
  if (!entry.value && !entry.constant) {
    (void)fail(node, "input " + Twine(index) + " is missing");
    return nullptr;
  }
  if (!entry.value && !entry.constant->isFloat) {
    (void)fail(node, "input '" + node.input(index) + "' holds integers, expected floats");
    return nullptr;
  }
  if (hostShape(node, index).size() != permutation.size()) {
    (void)fail(node, "input '" + node.input(index) + "' has shape " + describe(hostShape(node, index)) +
                         ", expected rank " + Twine(permutation.size()));
    return nullptr;
  }
  if (!entry.value && entry.constant->size() == 0) {
    (void)fail(node, "input '" + node.input(index) + "' has no elements");
    return nullptr;
  }
  if (!entry.value)
    return materialise(entry, permutation, isState);
  if (importOptions.training && entry.constant && entry.isState != isState) {
    (void)fail(node, "'" + entry.name +
                         "' is both a parameter and a running statistic; separate its readers with " +
                         optionName("untie") + " '" + entry.name + "'");
    return nullptr;
  }
  return arrange(node, {entry.value, entry.permutation}, permutation);
}

Arranged GraphImporter::valueAsItIs(const Node &node, size_t index) {
  const Entry &entry = entries[node.input(index)];
  Permutation permutation = entry.value ? entry.permutation : hostPermutation(hostShape(node, index).size());
  Value found = value(node, index, permutation);
  return {found, permutation};
}

const Tensor *GraphImporter::constant(const Node &node, size_t index) {
  const Tensor *found = node.hasInput(index) ? entries[node.input(index)].constant.get() : nullptr;
  return found && !found->isAbsent ? found : nullptr;
}

FailureOr<SmallVector<int64_t>> GraphImporter::axes(const Node &node, size_t index) {
  if (!node.hasInput(index))
    return node.integers("axes", {});
  const Tensor *given = constant(node, index);
  if (!given || given->isFloat)
    return fail(node, "the axes are not known at import");
  return SmallVector<int64_t>(ArrayRef(given->integers));
}

std::optional<float> GraphImporter::number(const Node &node, size_t index) {
  const Tensor *tensor = constant(node, index);
  const Entry &entry = entries[node.input(index)];
  if (!tensor || tensor->size() != 1 || entry.trainable)
    return std::nullopt;
  if (entry.isNumber)
    numbers.insert(entry.name);
  return tensor->isFloat ? tensor->floats.front() : static_cast<float>(tensor->integers.front());
}

LogicalResult GraphImporter::define(const Node &node, size_t index, Value value,
                                    ArrayRef<int64_t> permutation) {
  if (!node.hasOutput(index))
    return success();
  SmallVector<int64_t> shape = toHostShape(cast<RankedTensorType>(value.getType()).getShape(), permutation);
  if (std::string problem = sizeProblem(shape); !problem.empty())
    return fail(node, "output '" + node.output(index) + "' has " + problem);
  if (llvm::is_contained(shape, 0))
    return fail(node, "output '" + node.output(index) + "' has shape " + describe(shape) +
                          ", which has no elements");
  auto declared = declaredShapes.find(node.output(index));
  if (declared != declaredShapes.end()) {
    bool agrees = declared->second.size() == shape.size();
    for (size_t i = 0; agrees && i < shape.size(); ++i)
      agrees = ShapedType::isDynamic(declared->second[i]) || declared->second[i] == shape[i];
    if (!agrees)
      return fail(node, "output '" + node.output(index) + "' has shape " + describe(shape) +
                            ", but the file declares " + describe(declared->second));
  }
  Entry &entry = entries[node.output(index)];
  entry.value = value;
  entry.permutation = Permutation(permutation);
  return success();
}

LogicalResult GraphImporter::defineConstant(const Node &node, Tensor tensor, bool trainable, StringRef name) {
  if (!node.hasOutput(0))
    return success();
  Entry &entry = entries[node.output(0)];
  entry.constant = std::make_shared<Tensor>(std::move(tensor));
  entry.trainable = trainable;
  entry.name = name.str();
  return success();
}

Value GraphImporter::stored(const std::string &name, Tensor tensor) {
  Entry &entry = entries[name];
  entry.constant = std::make_shared<Tensor>(std::move(tensor));
  entry.name = name;
  return materialise(entry, hostPermutation(entry.constant->shape.size()), /*isState=*/true);
}

LogicalResult GraphImporter::forward(const Node &node) {
  Entry source = entries[node.input(0)];
  if (source.constant && !source.constant->isFloat) {
    if (node.hasOutput(0))
      entries[node.output(0)] = source;
    return success();
  }
  if (source.constant) {
    source.permutation = hostPermutation(source.constant->shape.size());
    source.value = value(node, 0, source.permutation);
    if (!source.value)
      return failure();
  }
  return define(node, 0, source.value, source.permutation);
}

const GraphImporter::Joined *GraphImporter::findJoined(ArrayRef<Value> pieces, int64_t axis) const {
  const Joined *longest = nullptr;
  for (const Joined &each : joined)
    if (each.axis == axis && each.pieces.size() <= pieces.size() &&
        llvm::equal(each.pieces, pieces.take_front(each.pieces.size())) &&
        (!longest || each.pieces.size() > longest->pieces.size()))
      longest = &each;
  return longest;
}

GraphImporter::RandomState GraphImporter::randomState() {
  auto scalar = [&](StringRef wanted, nn::Role role) {
    const bool isTaken = entries.count(wanted) || readNames.contains(wanted);
    NamedAttrList attributes;
    attributes.set("nn.name", opBuilder.getStringAttr(isTaken ? "step:" + wanted : wanted));
    attributes.set(nn::kRole, nn::RoleAttr::get(opBuilder.getContext(), role));
    attributes.set("nn.initial", DenseElementsAttr::get(tensorType({}), 0.0f));
    return addArgument(tensorType({}), attributes);
  };
  if (!random.seed) {
    random.seed = scalar("random_seed", nn::Role::Hyper);
    random.step = scalar("random_step", nn::Role::State);
    const Location location = nn::makeOrigin(opBuilder.getContext(), "random_step", "fwd");
    Value one = nn::ConstantOp::create(opBuilder, location, DenseElementsAttr::get(tensorType({}), 1.0f));
    Value next = nn::AddOp::create(opBuilder, location, one.getType(), random.step, one, nullptr, nullptr);
    const unsigned number = cast<BlockArgument>(random.step).getArgNumber();
    NamedAttrList attributes = argumentAttributes[number];
    attributes.erase("nn.initial");
    attributes.set("nn.donates", opBuilder.getI64IntegerAttr(number));
    results.push_back({next, attributes});
  }
  RandomState drawn = random;
  ++random.layer;
  return drawn;
}

LogicalResult GraphImporter::replaceState(const Node &node, Value argument, Value updated) {
  auto blockArgument = dyn_cast<BlockArgument>(argument);
  if (!blockArgument)
    return fail(node, "its running statistics are computed by other nodes; expected initialisers");
  unsigned number = blockArgument.getArgNumber();
  if (!replaced.insert(number).second)
    return fail(node, "shares its running statistics with another node; separate them with " +
                          optionName("untie") + " '" +
                          cast<StringAttr>(argumentAttributes[number].get("nn.name")).getValue() + "'");
  NamedAttrList attributes = argumentAttributes[number];
  attributes.erase("nn.initial");
  attributes.set(nn::kRole, nn::RoleAttr::get(opBuilder.getContext(), nn::Role::State));
  attributes.set("nn.donates", opBuilder.getI64IntegerAttr(number));
  results.push_back({updated, attributes});
  return success();
}

} // namespace arsis::compiler::onnximport
