// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tensor table, and when each tensor is complete: at the last instance of the last store that writes its
// bytes.
#include "compiler/Conversion/TileToIsa/Tensors.h"

#include "compiler/Analysis/Footprint.h"
#include "compiler/Conversion/TileToIsa/Enums.h"
#include "compiler/Conversion/TileToIsa/Operands.h"
#include "dialects/Isa/Encoding/Volume.h"
#include "dialects/Tile/IR/Builders.h"

using namespace mlir;

namespace arsis::compiler {
namespace {

bool increments(Operation &op) {
  auto engine = dyn_cast<tile::EngineOpInterface>(op);
  return engine && engine.getSyncAttr() && engine.getSyncAttr().getIncrements();
}
int64_t counterOf(Operation &op) { return cast<tile::EngineOpInterface>(op).getSyncAttr().getCounter(); }

using isa::kSaturated; // counts beyond it are all alike: more than any counter holds
using isa::saturatingProduct;

/// Increments per counter of a stream, each at most kSaturated.
using Counts = llvm::SmallDenseMap<int64_t, int64_t, 4>;
void addTimes(Counts &counts, int64_t times, const Counts &more) {
  for (auto [counter, count] : more)
    counts[counter] = std::min(counts[counter] + saturatingProduct(times, count), kSaturated);
}

/// Increments of one execution of a block.
Counts countIncrements(Block &block) {
  Counts counts;
  for (Operation &op : block) {
    if (auto loop = dyn_cast<scf::ForOp>(op))
      addTimes(counts, *tripCount(loop), countIncrements(*loop.getBody()));
    else if (increments(op))
      addTimes(counts, 1, {{counterOf(op), 1}});
  }
  return counts;
}

/// Calls `found` with the ordinal of the last instance of every op that increments, in textual order.
/// `before`: increments before the last execution of the block; on return, after it.
void visitLastOrdinals(Block &block, Counts &before, llvm::function_ref<void(Operation *, int64_t)> found) {
  for (Operation &op : block) {
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      addTimes(before, *tripCount(loop) - 1, countIncrements(*loop.getBody()));
      visitLastOrdinals(*loop.getBody(), before, found);
    } else if (increments(op)) {
      addTimes(before, 1, {{counterOf(op), 1}});
      found(&op, before.lookup(counterOf(op)));
    }
  }
}

template <class T> std::array<T, 4> padded(ArrayRef<T> values, T fill) {
  std::array<T, 4> result;
  result.fill(fill);
  llvm::copy(values, result.begin() + (4 - values.size()));
  return result;
}

} // namespace

LogicalResult TensorTable::findCompletions(tile::ProgramOp program) {
  Operation *conflicting = nullptr;
  for (auto stream : program.getOps<tile::StreamOp>()) {
    tile::StreamId id{stream.getKind(), int64_t(stream.getIndex())};
    Counts before;
    visitLastOrdinals(stream.getBody().front(), before, [&](Operation *op, int64_t ordinal) {
      for (tile::TensorOp tensor : tensorsWrittenBy(cast<tile::EngineOpInterface>(op))) {
        Completion last{{id, counterOf(*op)}, ordinal};
        auto [entry, isNew] = completions.try_emplace(tensor, last);
        if (entry->second.counter.stream != id)
          conflicting = op;
        entry->second = last;
      }
    });
  }
  if (conflicting)
    return conflicting->emitOpError(
        "writes a tensor that another stream writes too: no counter says when it is complete");
  return success();
}

LogicalResult TensorTable::addEntry(Value value, tile::TensorOp root,
                                    const std::map<tile::CounterId, int> &counters, OpBuilder &builder) {
  auto type = cast<MemRefType>(value.getType());
  bool alias = value != root.getResult();
  auto part = value.getDefiningOp<tile::AliasOp>();
  const bool isPart = part && part.getStrides(), isNamed = part && part.getName();
  std::string name = (isNamed ? *part.getName() : root.getName()).str();
  if (alias && !isNamed) {
    // For people; what it is an alias of stands in the entry.
    llvm::raw_string_ostream text(name);
    text << "@";
    llvm::interleave(type.getShape(), text, "x");
    // A model may call its own tensor so.
    const std::string wanted = name;
    for (unsigned number = 2; !taken.insert(name).second; ++number)
      name = wanted + "_" + std::to_string(number);
  }
  std::array<int64_t, 4> shape = padded<int64_t>(type.getShape(), 1);
  SmallVector<int64_t> strides = tile::rowMajorStrides(shape);
  int64_t address = *root.getAddress();
  if (isPart) {
    llvm::copy(*part.getStrides(), strides.end() - part.getStrides()->size());
    // Leading dimensions of one element are never stepped along.
    address += static_cast<int64_t>(part.getOffset()) * (type.getElementTypeBitWidth() / 8);
  }
  Builder attributes(builder.getContext());
  ArrayRef<int64_t> hostShape, hostPermutation;
  if (!alias && root.getHostShape()) {
    hostShape = *root.getHostShape();
    hostPermutation = *root.getHostPermutation();
  }
  FlatSymbolRefAttr rootName;
  if (alias)
    rootName = FlatSymbolRefAttr::get(builder.getContext(), root.getName());
  SmallVector<int64_t> identity = llvm::to_vector(llvm::seq<int64_t>(0, type.getRank()));
  if ((!alias || isNamed) && hostShape.empty()) {
    hostShape = type.getShape();
    hostPermutation = identity;
  }
  FlatSymbolRefAttr parameter;
  if (!alias && root.getParameter())
    parameter = FlatSymbolRefAttr::get(builder.getContext(), *root.getParameter());
  auto role = alias ? isair::TensorRole::Temporary : toIsa(root.getRole());
  auto elementType = static_cast<isair::ElementType>(elementTypeOf(value));
  auto op = isair::TensorOp::create(
      builder, root.getLoc(), name, role, elementType, shape, strides, address, hostShape, hostPermutation,
      rootName, parameter, root.getObservable() && !alias, 0, 0, 0, 0,
      alias ? Attribute() : Attribute(root.getInitial().value_or(ElementsAttr())));
  auto completion = completions.find(root);
  if (completion != completions.end()) {
    Narrow narrow(root);
    op.setCompleteCounter(narrow.to<uint8_t>(counters.at(completion->second.counter), "counter"));
    op.setCompleteValue(narrow.to<uint32_t>(completion->second.ordinal, "last increment"));
    if (failed(narrow.result()))
      return failure();
  }
  indices[value] = symbols.size();
  symbols.push_back(name);
  return success();
}

LogicalResult TensorTable::build(tile::ProgramOp program, const std::map<tile::CounterId, int> &counters,
                                 OpBuilder &builder) {
  if (failed(findCompletions(program)))
    return failure();
  for (auto tensor : program.getOps<tile::TensorOp>())
    taken.insert(tensor.getName());
  for (auto alias : program.getOps<tile::AliasOp>())
    if (alias.getName())
      taken.insert(*alias.getName());
  std::map<std::tuple<Operation *, std::vector<int64_t>, int64_t, std::vector<int64_t>>, size_t> shapes;
  for (Operation &op : program.getBody().front()) {
    if (!mlir::isa<tile::TensorOp, tile::AliasOp>(op))
      continue;
    Value value = op.getResult(0);
    tile::TensorOp root = rootTensor(value);
    if (!root.getAddress())
      return root.emitOpError("has no address: run tile-plan-memory first");
    auto part = dyn_cast<tile::AliasOp>(op);
    std::tuple key{root.getOperation(), cast<MemRefType>(value.getType()).getShape().vec(),
                   part ? static_cast<int64_t>(part.getOffset()) : 0,
                   part && part.getStrides() ? part.getStrides()->vec() : std::vector<int64_t>()};
    auto [entry, isNew] = shapes.try_emplace(key, symbols.size());
    if (!isNew && !(part && part.getName())) // a name is asked for
      indices[value] = entry->second;
    else if (failed(addEntry(value, root, counters, builder)))
      return failure();
  }
  return success();
}

} // namespace arsis::compiler
