// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reads a planned tile program into arrays, and decides when two accesses of a nest can never meet.
#include "compiler/Transforms/SplitStreams/Schedule.h"

#include "compiler/Transforms/PlanMemory/PlanMemory.h"
#include "llvm/ADT/DenseMap.h"
#include <set>

using namespace mlir;

namespace arsis::compiler {

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

  FailureOr<int> storageOf(Value buffer) {
    Operation *owner = buffer.getDefiningOp<tile::AllocOp>();
    if (!owner)
      owner = rootTensor(buffer);
    auto [found, inserted] = storages.try_emplace(owner, schedule.storages.size());
    if (!inserted)
      return found->second;
    Storage storage;
    storage.owner = owner;
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
    schedule.storages.push_back(storage);
    return found->second;
  }

  tile::ProgramOp program;
  SmallVector<int> path;
  llvm::DenseMap<Operation *, int> storages;
};

/// `linear` over the op's indices, rewritten over the loops around the op.
tile::Linear overLoops(const Schedule &schedule, const OpNode &node, const tile::Linear &linear) {
  tile::Linear result(node.loops.size(), linear.constant);
  tile::EngineOpInterface op = node.op;
  for (auto [depth, loop] : llvm::enumerate(node.loops)) {
    scf::ForOp loopOp = schedule.loops[loop].op;
    for (auto [i, index] : llvm::enumerate(op.getIndices()))
      if (loopOp.getInductionVar() == index)
        result.coefficients[depth] += linear.coefficients[i];
  }
  return result;
}

/// A stretch [low, high] of one axis at iteration zero of the common loops, moving by `steps` per iteration.
struct Moving {
  int64_t low, high;
  SmallVector<int64_t> steps;
};

/// The stretches that an access covers on every axis of its buffer, inner loops included.
SmallVector<Moving> stretches(const Schedule &schedule, const OpNode &node, const Footprint &footprint,
                              unsigned depth) {
  SmallVector<Moving> result;
  for (auto [axis, position] : llvm::enumerate(footprint.position)) {
    tile::Linear moving = overLoops(schedule, node, position);
    Moving stretch{moving.constant, moving.constant, {}};
    for (auto [d, step] : llvm::enumerate(moving.coefficients)) {
      if (d < depth)
        stretch.steps.push_back(step);
      else
        (step < 0 ? stretch.low : stretch.high) += step * (schedule.loops[node.loops[d]].trips - 1);
    }
    for (auto [d, dim] : llvm::enumerate(footprint.dims))
      if (!footprint.isDram() || d == axis)
        (dim.stride < 0 ? stretch.low : stretch.high) += dim.stride * (dim.tile - 1);
    result.push_back(stretch);
  }
  return result;
}

} // namespace

FailureOr<Schedule> readSchedule(tile::ProgramOp program) {
  Reader reader(program);
  if (failed(reader.read()))
    return failure();
  return std::move(reader.schedule);
}

// On one axis, the loops that move along it enumerate stretches like the digits of a number: sorted by step,
// each step must cover everything the smaller ones span. Then different digits are different places, and if
// every common loop is a digit of some axis, different iterations never meet.
bool disjointAcrossIterations(const Schedule &schedule, int a, int b, int storage, unsigned from,
                              unsigned depth) {
  SmallVector<SmallVector<Moving>> all;
  Type type;
  for (int op : {a, b}) {
    tile::EngineOpInterface engine = schedule.ops[op].op;
    for (const Footprint &footprint : engine.getFootprints()) {
      Operation *owner = footprint.isDram() ? rootTensor(footprint.buffer) : footprint.buffer.getDefiningOp();
      if (owner != schedule.storages[storage].owner)
        continue;
      if (type && footprint.buffer.getType() != type)
        return false; // the same bytes under another shape
      type = footprint.buffer.getType();
      all.push_back(stretches(schedule, schedule.ops[op], footprint, depth));
    }
  }
  SmallVector<bool> separated(depth, false);
  for (unsigned axis = 0; axis < all[0].size(); ++axis) {
    Moving joint = all[0][axis];
    bool parallel = true;
    for (const auto &access : all) {
      parallel &= access[axis].steps == joint.steps;
      joint.low = std::min(joint.low, access[axis].low);
      joint.high = std::max(joint.high, access[axis].high);
    }
    SmallVector<std::pair<int64_t, unsigned>> digits;
    for (unsigned d = 0; d < depth; ++d)
      if (joint.steps[d] != 0)
        digits.push_back({std::abs(joint.steps[d]), d});
    llvm::sort(digits);
    int64_t span = joint.high - joint.low + 1;
    for (auto [step, d] : digits) {
      parallel &= step >= span;
      span += step * (schedule.loops[schedule.ops[a].loops[d]].trips - 1);
    }
    if (parallel)
      for (auto [step, d] : digits)
        separated[d] = true;
  }
  for (unsigned d = from; d < depth; ++d)
    if (!separated[d] && schedule.loops[schedule.ops[a].loops[d]].trips > 1)
      return false;
  return true;
}

} // namespace arsis::compiler
