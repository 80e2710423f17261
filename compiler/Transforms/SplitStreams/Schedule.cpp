// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads a planned tile program into arrays.
#include "compiler/Transforms/SplitStreams/Schedule.h"

#include "compiler/Schedule/Strides.h"
#include "compiler/Transforms/PlanMemory/PlanMemory.h"
#include "compiler/Transforms/SplitStreams/Disjoint.h"
#include <map>
#include <set>

using namespace mlir;

namespace arsis::compiler {

bool Storage::isApart(const Storage &other) const {
  return owner == other.owner && part && other.part && areApart(*part, *other.part);
}

unsigned Schedule::commonDepth(int a, int b) const {
  const auto &left = ops[a].loops, &right = ops[b].loops;
  unsigned depth = 0;
  while (depth < left.size() && depth < right.size() && left[depth] == right[depth])
    ++depth;
  return depth;
}

SmallVector<int64_t> Schedule::trips(int op) const {
  SmallVector<int64_t> result;
  for (int loop : ops[op].loops)
    result.push_back(loops[loop].trips);
  return result;
}

namespace {

constexpr int kDram = 0, kScratchpad = 1, kFirstAccumulators = 2;

class Reader {
public:
  explicit Reader(tile::ProgramOp program) : program(program) {}

  LogicalResult read() {
    std::set<tile::StreamId> streams;
    program.walk([&](tile::EngineOpInterface op) { streams.insert(op.getStreamId()); });
    schedule.streams.assign(streams.begin(), streams.end());
    int item = 0;
    for (Operation &top : program.getBody().front())
      if (failed(readOp(&top, item++)))
        return failure();
    return success();
  }

  Schedule schedule;

private:
  LogicalResult readOp(Operation *op, int item) {
    if (auto engine = dyn_cast<tile::EngineOpInterface>(op))
      return readEngineOp(engine, item);
    if (isa<tile::StreamOp>(op))
      return op->emitOpError("is already there: the program has been split before");
    if (isa<tile::TensorOp, tile::AliasOp, tile::AllocOp, scf::YieldOp>(op) ||
        op->hasTrait<OpTrait::ConstantLike>())
      return success();
    auto loop = dyn_cast<scf::ForOp>(op);
    if (!loop)
      return op->emitOpError("is not expected in a tile program");
    std::optional<int64_t> trips = tripCount(loop);
    if (!trips || loop.getNumRegionIterArgs() != 0)
      return op->emitOpError(
          "needs constant bounds from 0 in steps of 1, at least one iteration, and no results");
    path.push_back(schedule.loops.size());
    schedule.loops.push_back({loop, *trips});
    for (Operation &inner : *loop.getBody())
      if (failed(readOp(&inner, item)))
        return failure();
    path.pop_back();
    return success();
  }

  LogicalResult readEngineOp(tile::EngineOpInterface op, int item) {
    OpNode node;
    node.op = op;
    node.item = item;
    node.stream = llvm::lower_bound(schedule.streams, op.getStreamId()) - schedule.streams.begin();
    node.loops.assign(path.begin(), path.end());
    for (const Touch &touch : touchesOf(op)) {
      FailureOr<int> storage = storageOf(touch.buffer);
      if (failed(storage))
        return failure();
      Storage &entry = schedule.storages[*storage];
      if (entry.firstUser < 0)
        entry.firstUser = schedule.ops.size();
      if (entry.firstUser == int(schedule.ops.size()))
        entry.firstUserWrites |= touch.writes;
      node.accesses.push_back({*storage, touch.reads, touch.writes});
    }
    schedule.ops.push_back(node);
    return success();
  }

  /// Nothing if an alias has all elements of its tensor.
  static std::optional<TensorPart> partOf(Value buffer) {
    auto alias = buffer.getDefiningOp<tile::AliasOp>();
    if (!alias || !alias.getStrides())
      return std::nullopt;
    TensorPart part{static_cast<int64_t>(alias.getOffset()), {}};
    for (auto [extent, stride] :
         schedule::mergedDimensions(alias.getType().getShape().vec(), alias.getStrides()->vec()))
      part.dimensions.push_back({stride, extent});
    return part;
  }

  FailureOr<int> storageOf(Value buffer) {
    if (auto known = schedule.storageOf.find(buffer); known != schedule.storageOf.end())
      return known->second;
    Operation *owner = buffer.getDefiningOp<tile::AllocOp>();
    if (!owner)
      owner = rootTensor(buffer);
    const std::optional<TensorPart> part = partOf(buffer);
    auto [found, inserted] = storages.try_emplace({owner, part}, schedule.storages.size());
    schedule.storageOf[buffer] = found->second;
    if (!inserted)
      return found->second;
    Storage storage;
    storage.owner = owner;
    storage.part = part;
    std::optional<uint64_t> address;
    int64_t size;
    if (auto alloc = dyn_cast<tile::AllocOp>(owner)) {
      address = alloc.getAddress();
      storage.memory = alloc.isAccumulator() ? kFirstAccumulators + int(alloc.getUnit()) : kScratchpad;
      storage.slots = alloc.getSlots();
      size = llvm::alignTo(alloc.getSlotSize(), alloc.isAccumulator() ? 1 : kAlignmentBytes) * storage.slots;
      storage.depth = 0;
      for (Operation *up = alloc->getParentOp(); up != program; up = up->getParentOp())
        ++storage.depth;
    } else {
      auto tensor = cast<tile::TensorOp>(owner);
      address = tensor.getAddress();
      storage.memory = kDram;
      storage.slots = 1;
      storage.depth = 0;
      size = tensor.getType().getNumElements() * (tensor.getType().getElementTypeBitWidth() / 8);
    }
    if (!address)
      return owner->emitOpError("has no address: run tile-plan-memory first");
    storage.begin = *address;
    storage.end = *address + size;
    if (part) {
      const int64_t bytes = cast<MemRefType>(buffer.getType()).getElementTypeBitWidth() / 8;
      int64_t last = 0;
      for (auto [stride, extent] : part->dimensions)
        last += stride * (extent - 1);
      storage.begin += part->offset * bytes;
      storage.end = storage.begin + (last + 1) * bytes;
    }
    schedule.storages.push_back(storage);
    return found->second;
  }

  tile::ProgramOp program;
  SmallVector<int> path;
  std::map<std::pair<Operation *, std::optional<TensorPart>>, int> storages;
};

} // namespace

FailureOr<Schedule> readSchedule(tile::ProgramOp program) {
  Reader reader(program);
  if (failed(reader.read()))
    return failure();
  return std::move(reader.schedule);
}

} // namespace arsis::compiler
