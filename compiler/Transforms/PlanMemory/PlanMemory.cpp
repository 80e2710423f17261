// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The memory planner. Time is the position of an op at the top level of the program; a loop nest is one
// moment.
#include "compiler/Transforms/PlanMemory/PlanMemory.h"

#include "compiler/Transforms/PlanMemory/Arena.h"
#include "dialects/NN/IR/Origin.h"
#include "llvm/ADT/DenseMap.h"
#include <map>

using namespace mlir;

namespace arsis::compiler {
#define GEN_PASS_DEF_PLANMEMORY
#include "compiler/Transforms/PlanMemory/PlanMemory.h.inc"

namespace {

using tile::AllocOp;
using tile::TensorOp;

class PlanMemoryPass : public impl::PlanMemoryBase<PlanMemoryPass> {
public:
  using PlanMemoryBase::PlanMemoryBase;

  void runOnOperation() override {
    numberPositions();
    if (failed(planTensors()))
      return signalPassFailure();
    // The scratchpad is memory -1, the accumulators of unit u are memory u.
    std::map<int64_t, SmallVector<AllocOp>> memories;
    getOperation().walk([&](AllocOp alloc) {
      memories[alloc.isAccumulator() ? int64_t(alloc.getUnit()) : -1].push_back(alloc);
    });
    for (auto &[memory, allocs] : memories)
      if (failed(planBuffers(allocs, memory < 0 ? scratchpadBytes : accumulatorRows,
                             memory < 0 ? kAlignmentBytes : 1)))
        return signalPassFailure();
  }

private:
  /// Numbers the ops at top level, and for each the first op of the preceding run of ops with another origin.
  void numberPositions() {
    position.clear();
    early.clear();
    Location current = UnknownLoc::get(&getContext());
    int64_t group = 0, before = 0;
    for (Operation &op : getOperation().getBody().front()) {
      int64_t index = early.size();
      position[&op] = index;
      if (op.getLoc() != current && !op.hasTrait<OpTrait::ConstantLike>()) {
        current = op.getLoc();
        before = group;
        group = index;
      }
      early.push_back(before);
    }
  }

  int64_t positionOf(Operation *op) {
    return position.lookup(getOperation().getBody().front().findAncestorOpInBlock(*op));
  }

  /// Extends [first, last] over the uses of `value`, through aliases.
  void coverUses(Value value, ArenaBuffer &buffer) {
    for (Operation *user : value.getUsers()) {
      if (auto alias = dyn_cast<tile::AliasOp>(user)) {
        coverUses(alias.getResult(), buffer);
        continue;
      }
      int64_t at = positionOf(user);
      buffer.first = buffer.first < 0 ? at : std::min(buffer.first, at);
      buffer.last = std::max(buffer.last, at);
    }
  }

  LogicalResult planTensors() {
    SmallVector<TensorOp> tensors(getOperation().getOps<TensorOp>());
    std::vector<ArenaBuffer> buffers;
    Builder builder(&getContext());
    for (TensorOp tensor : tensors) {
      ArenaBuffer buffer;
      MemRefType type = tensor.getType();
      buffer.size = type.getNumElements() * (type.getElementTypeBitWidth() / 8);
      if (tensor.getRole() == tile::TensorRole::Temporary && !tensor.getObservable()) {
        buffer.first = buffer.last = -1;
        coverUses(tensor.getResult(), buffer);
        buffer.first = std::max<int64_t>(buffer.first, 0);
        buffer.last = std::max(buffer.last, buffer.first);
        buffer.early = early[buffer.first];
      } else {
        buffer.last = early.size();
      }
      buffers.push_back(buffer);
    }
    if (auto failure = packArena(buffers, dramBytes, kAlignmentBytes))
      return tensors[failure->buffer].emitOpError()
             << "finds no room in DRAM: " << failure->missing << " bytes missing of a capacity of "
             << int64_t(dramBytes);
    for (auto [tensor, buffer] : llvm::zip_equal(tensors, buffers))
      tensor.setAddress(buffer.address);
    return success();
  }

  LogicalResult planBuffers(SmallVectorImpl<AllocOp> &allocs, int64_t capacity, int64_t alignment) {
    while (true) {
      std::vector<ArenaBuffer> buffers;
      for (AllocOp alloc : allocs) {
        ArenaBuffer buffer;
        int64_t slot = llvm::alignTo(alloc.getSlotSize(), alignment);
        buffer.size = slot * alloc.getSlots();
        buffer.first = buffer.last = positionOf(alloc);
        if (alloc->getParentOp() == getOperation())
          coverUses(alloc.getResult(), buffer);
        buffer.early = early[buffer.first];
        buffers.push_back(buffer);
      }
      std::optional<ArenaFailure> failure = packArena(buffers, capacity, alignment);
      if (!failure) {
        for (auto [alloc, buffer] : llvm::zip_equal(allocs, buffers))
          alloc.setAddress(buffer.address);
        return success();
      }
      if (!takeSlot(allocs, buffers, buffers[failure->buffer]))
        return report(allocs[failure->buffer], buffers[failure->buffer], *failure, capacity);
    }
  }

  /// Takes a slot from the largest ring that is live together with `full`.
  bool takeSlot(SmallVectorImpl<AllocOp> &allocs, ArrayRef<ArenaBuffer> buffers, const ArenaBuffer &full) {
    AllocOp largest;
    for (auto [alloc, buffer] : llvm::zip_equal(allocs, buffers)) {
      bool together = buffer.first <= full.last && full.first <= buffer.last;
      if (together && alloc.getSlots() > 1 && (!largest || alloc.getSlotSize() > largest.getSlotSize()))
        largest = alloc;
    }
    if (!largest)
      return false;
    largest.setSlots(largest.getSlots() - 1);
    ++slotsTaken;
    largest.emitRemark() << "buffer \"" << largest.getName() << "\" keeps " << largest.getSlots() << " of "
                         << largest.getSlots() + 1 << " slots: its memory is full";
    return true;
  }

  LogicalResult report(AllocOp alloc, const ArenaBuffer &buffer, const ArenaFailure &failure,
                       int64_t capacity) {
    StringRef layer = nn::getOrigin(alloc.getLoc()).first;
    bool rows = alloc.isAccumulator();
    InFlightDiagnostic diagnostic = alloc.emitOpError();
    diagnostic << "\"" << alloc.getName() << "\" of layer \"" << layer << "\" finds no room for "
               << buffer.size
               << (rows ? " rows in the accumulators of unit " + std::to_string(alloc.getUnit())
                        : std::string(" bytes in the scratchpad"))
               << ": " << failure.missing << " missing of a capacity of " << capacity;
    return diagnostic;
  }

  llvm::DenseMap<Operation *, int64_t> position;
  SmallVector<int64_t> early; // per position: where the nn op before begins
};

} // namespace
} // namespace arsis::compiler
