// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The memory checker. It believes only accesses: a buffer is alive from the first top-level op that touches
// it to the last. One sweep over the program keeps, per memory, a map from begin address to owner; a buffer
// that enters must fit between its neighbours. Then every access is bounded.
#include "compiler/Transforms/PlanMemory/PlanMemory.h"

#include "compiler/Analysis/Footprint.h"
#include "llvm/ADT/MapVector.h"
#include <map>

using namespace mlir;

namespace arsis::compiler {
#define GEN_PASS_DEF_CHECKMEMORY
#include "compiler/Transforms/PlanMemory/PlanMemory.h.inc"

namespace {

using tile::AllocOp;
using tile::TensorOp;

/// A stretch of one memory that belongs to a buffer for a while.
struct Owned {
  Operation *owner;
  std::string memory;
  int64_t begin, end;
  int64_t firstTouch = -1, lastTouch = -1;
};

class CheckMemoryPass : public impl::CheckMemoryBase<CheckMemoryPass> {
public:
  void runOnOperation() override {
    if (failed(checkLoops()) || failed(collect()) || failed(sweep()) || failed(checkAccesses()))
      signalPassFailure();
  }

private:
  LogicalResult checkLoops() {
    WalkResult result = getOperation().walk([](scf::ForOp loop) {
      if (tripCount(loop))
        return WalkResult::advance();
      loop.emitOpError("needs constant bounds from 0 in steps of 1 and at least one iteration");
      return WalkResult::interrupt();
    });
    return failure(result.wasInterrupted());
  }

  LogicalResult collect() {
    owned.clear();
    bool complete = true;
    int64_t moment = 0;
    for (Operation &top : getOperation().getBody().front()) {
      top.walk([&](tile::EngineOpInterface op) {
        for (const Touch &touch : touchesOf(op)) {
          Owned *entry = entryOf(touch.buffer);
          if (!entry) {
            complete = false;
            continue;
          }
          if (entry->firstTouch < 0)
            entry->firstTouch = moment;
          entry->lastTouch = moment;
        }
      });
      ++moment;
    }
    // What the outside can name lives always.
    for (auto &entry : owned)
      if (auto tensor = dyn_cast<TensorOp>(entry.first))
        if (tensor.getRole() != tile::TensorRole::Temporary || tensor.getObservable()) {
          entry.second.firstTouch = 0;
          entry.second.lastTouch = moment;
        }
    return success(complete);
  }

  Owned *entryOf(Value buffer) {
    if (auto alloc = buffer.getDefiningOp<AllocOp>()) {
      int64_t alignment = alloc.isAccumulator() ? 1 : kAlignmentBytes;
      std::string memory = alloc.isAccumulator() ? "acc" + std::to_string(alloc.getUnit()) : "spm";
      return entry(alloc, alloc.getAddress(), memory, alignment,
                   llvm::alignTo(alloc.getSlotSize(), alignment) * alloc.getSlots());
    }
    TensorOp tensor = rootTensor(buffer);
    MemRefType type = tensor.getType();
    return entry(tensor, tensor.getAddress(), "dram", kAlignmentBytes,
                 type.getNumElements() * (type.getElementTypeBitWidth() / 8));
  }

  Owned *entry(Operation *op, std::optional<uint64_t> address, StringRef memory, int64_t alignment,
               int64_t size) {
    auto *found = owned.find(op);
    if (found != owned.end())
      return &found->second;
    if (!address) {
      op->emitOpError("has no address");
      return nullptr;
    }
    if (*address % alignment != 0) {
      op->emitOpError() << "has address " << *address << ", expected a multiple of " << alignment;
      return nullptr;
    }
    Owned value{op, memory.str(), int64_t(*address), int64_t(*address) + size};
    return &owned.insert({op, value}).first->second;
  }

  LogicalResult sweep() {
    std::multimap<int64_t, const Owned *> enter, leave;
    for (auto &entry : owned) {
      enter.emplace(entry.second.firstTouch, &entry.second);
      leave.emplace(entry.second.lastTouch + 1, &entry.second);
    }
    std::map<std::pair<std::string, int64_t>, const Owned *> present;
    auto gone = leave.begin();
    for (auto [moment, entering] : enter) {
      for (; gone != leave.end() && gone->first <= moment; ++gone)
        present.erase({gone->second->memory, gone->second->begin});
      auto next = present.lower_bound({entering->memory, entering->begin});
      if (next != present.end() && next->second->memory == entering->memory &&
          next->second->begin < entering->end)
        return clash(*entering, *next->second);
      if (next != present.begin()) {
        const Owned &previous = *std::prev(next)->second;
        if (previous.memory == entering->memory && previous.end > entering->begin)
          return clash(*entering, previous);
      }
      present[{entering->memory, entering->begin}] = entering;
    }
    return success();
  }

  static LogicalResult clash(const Owned &a, const Owned &b) {
    InFlightDiagnostic diagnostic = a.owner->emitOpError();
    diagnostic << "shares " << a.memory << " addresses " << std::max(a.begin, b.begin) << " to "
               << std::min(a.end, b.end) << " with another live buffer";
    diagnostic.attachNote(b.owner->getLoc()) << "the other buffer";
    return diagnostic;
  }

  LogicalResult checkAccesses() {
    WalkResult result = getOperation().walk([&](tile::EngineOpInterface op) {
      SmallVector<int64_t> trips = tripCountsOf(op);
      for (const Footprint &footprint : op.getFootprints()) {
        if (footprint.isDram())
          continue; // out of range is legal there
        auto [low, high] = offsetRange(footprint, trips);
        auto alloc = footprint.buffer.getDefiningOp<AllocOp>();
        int64_t size = alloc.isAccumulator() ? alloc.getSlotSize() : alloc.getBufferType().getNumElements();
        if (low < 0 || high >= size) {
          op->emitOpError() << "touches elements " << low << " to " << high << " of \"" << alloc.getName()
                            << "\", which has " << size;
          return WalkResult::interrupt();
        }
      }
      return WalkResult::advance();
    });
    return failure(result.wasInterrupted());
  }

  llvm::MapVector<Operation *, Owned> owned;
};

} // namespace
} // namespace arsis::compiler
