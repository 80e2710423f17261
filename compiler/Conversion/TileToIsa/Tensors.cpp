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

using isa::kSaturated; // counts beyond it are all alike: more than any counter holds
using isa::saturatingProduct;

/// Increments of one execution of a block, at most kSaturated.
int64_t countIncrements(Block &block) {
  int64_t count = 0;
  for (Operation &op : block) {
    if (auto loop = dyn_cast<scf::ForOp>(op))
      count += saturatingProduct(*tripCount(loop), countIncrements(*loop.getBody()));
    count = std::min(count + increments(op), kSaturated);
  }
  return count;
}

/// Calls `found` with the ordinal of the last instance of every op that increments. `before`: increments
/// before the last execution of the block.
void visitLastOrdinals(Block &block, int64_t before, llvm::function_ref<void(Operation *, int64_t)> found) {
  for (Operation &op : block) {
    if (auto loop = dyn_cast<scf::ForOp>(op)) {
      int64_t inner = countIncrements(*loop.getBody());
      visitLastOrdinals(*loop.getBody(),
                        std::min(before + saturatingProduct(*tripCount(loop) - 1, inner), kSaturated), found);
      before = std::min(before + saturatingProduct(*tripCount(loop), inner), kSaturated);
    } else if (increments(op)) {
      found(&op, ++before);
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
    visitLastOrdinals(stream.getBody().front(), 0, [&](Operation *op, int64_t ordinal) {
      for (tile::TensorOp tensor : tensorsWrittenBy(cast<tile::EngineOpInterface>(op))) {
        auto [entry, isNew] = completions.try_emplace(tensor, Completion{id, ordinal});
        if (entry->second.stream != id)
          conflicting = op;
        entry->second.ordinal = std::max(entry->second.ordinal, ordinal);
      }
    });
  }
  if (conflicting)
    return conflicting->emitOpError(
        "writes a tensor that another stream writes too: no counter says when it is complete");
  return success();
}

LogicalResult TensorTable::addEntry(Value value, tile::TensorOp root,
                                    const std::map<tile::StreamId, int> &counters, OpBuilder &builder) {
  auto type = cast<MemRefType>(value.getType());
  bool alias = value != root.getResult();
  std::string name = root.getName().str();
  if (alias) {
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
  if (!alias && hostShape.empty()) {
    hostShape = type.getShape();
    hostPermutation = identity;
  }
  FlatSymbolRefAttr parameter;
  if (!alias && root.getParameter())
    parameter = FlatSymbolRefAttr::get(builder.getContext(), *root.getParameter());
  auto role = alias ? isair::TensorRole::Temporary : toIsa(root.getRole());
  auto elementType = static_cast<isair::ElementType>(elementTypeOf(value));
  auto op = isair::TensorOp::create(
      builder, root.getLoc(), name, role, elementType, shape, strides, *root.getAddress(), hostShape,
      hostPermutation, rootName, parameter, root.getObservable() && !alias, 0, 0, 0, 0,
      alias ? Attribute() : Attribute(root.getInitial().value_or(ElementsAttr())));
  auto completion = completions.find(root);
  if (completion != completions.end()) {
    Narrow narrow(root);
    op.setCompleteCounter(narrow.to<uint8_t>(counters.at(completion->second.stream), "counter"));
    op.setCompleteValue(narrow.to<uint32_t>(completion->second.ordinal, "last increment"));
    if (failed(narrow.result()))
      return failure();
  }
  indices[value] = symbols.size();
  symbols.push_back(name);
  return success();
}

LogicalResult TensorTable::build(tile::ProgramOp program, const std::map<tile::StreamId, int> &counters,
                                 OpBuilder &builder) {
  if (failed(findCompletions(program)))
    return failure();
  for (auto tensor : program.getOps<tile::TensorOp>())
    taken.insert(tensor.getName());
  std::map<std::pair<Operation *, std::vector<int64_t>>, size_t> shapes;
  for (Operation &op : program.getBody().front()) {
    if (!mlir::isa<tile::TensorOp, tile::AliasOp>(op))
      continue;
    Value value = op.getResult(0);
    tile::TensorOp root = rootTensor(value);
    if (!root.getAddress())
      return root.emitOpError("has no address: run tile-plan-memory first");
    std::pair<Operation *, std::vector<int64_t>> key{root,
                                                     cast<MemRefType>(value.getType()).getShape().vec()};
    auto [entry, isNew] = shapes.try_emplace(key, symbols.size());
    if (!isNew)
      indices[value] = entry->second;
    else if (failed(addEntry(value, root, counters, builder)))
      return failure();
  }
  return success();
}

} // namespace arsis::compiler
