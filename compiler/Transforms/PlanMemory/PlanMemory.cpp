// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The memory planner. Time is the position of an op at the top level of the program; a loop nest is one
// moment.
#include "compiler/Transforms/PlanMemory/PlanMemory.h"

#include "compiler/Analysis/Reported.h"
#include "compiler/Record/Record.h"
#include "compiler/Transforms/PlanMemory/Arena.h"
#include "dialects/NN/IR/Origin.h"
#include "llvm/ADT/DenseMap.h"
#include <map>
#include <numeric>

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
    if (failed(readCapacities()) || failed(planTensors()))
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
  LogicalResult readCapacities() {
    if (chip.empty())
      return success();
    std::optional<chip::Chip> described = readChip(getOperation(), getArgument(), chip, set);
    if (!described)
      return failure();
    constexpr int64_t kKibi = 1024;
    scratchpadBytes = described->integer("scratchpad.kib") * kKibi;
    accumulatorRows = described->integer("matrix.accumulator_rows");
    dramBytes = described->integer("dram.capacity_mib") * kKibi * kKibi;
    dramRowBytes = described->integer("dram.channels") * described->integer("dram.row_bytes");
    return recordChip(getOperation(), *described, ChipUse::Further);
  }

  /// Numbers the ops at top level, and for each the first op of the group before: a group is a loop nest, or
  /// what shares buffers that live at top level, which is what one nn op becomes. Nothing here looks at
  /// locations: they do not decide where buffers lie.
  void numberPositions() {
    position.clear();
    early.clear();
    Block &body = getOperation().getBody().front();
    for (Operation &op : body)
      position[&op] = position.size();
    int64_t group = 0, before = 0, lastUse = -1;
    for (Operation &op : body) {
      int64_t index = early.size();
      if (!isa<TensorOp, tile::AliasOp>(op) && !op.hasTrait<OpTrait::ConstantLike>() && index > lastUse) {
        before = group;
        group = index;
      }
      if (auto alloc = dyn_cast<AllocOp>(op))
        for (Operation *user : alloc->getUsers())
          lastUse = std::max(lastUse, positionOf(user));
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
    // What is a row and more begins at one, as the estimates take it; where that takes too much, nothing
    // does.
    const int64_t row = std::lcm<int64_t>(dramRowBytes, kAlignmentBytes);
    for (ArenaBuffer &buffer : buffers)
      buffer.alignment = buffer.size >= row ? row : kAlignmentBytes;
    auto failure = packArena(buffers, dramBytes);
    if (failure) {
      for (ArenaBuffer &buffer : buffers)
        buffer.alignment = kAlignmentBytes;
      failure = packArena(buffers, dramBytes);
    }
    if (failure)
      return ofKind(ErrorKind::Infeasible, tensors[failure->buffer].emitOpError())
             << "finds no room in DRAM: " << failure->missing << " bytes missing of a capacity of "
             << int64_t(dramBytes);
    for (auto [tensor, buffer] : llvm::zip_equal(tensors, buffers))
      tensor.setAddress(buffer.address);
    return success();
  }

  LogicalResult planBuffers(SmallVectorImpl<AllocOp> &allocs, int64_t capacity, int64_t alignment) {
    llvm::DenseMap<AllocOp, int64_t> wanted;
    for (AllocOp alloc : allocs) {
      int64_t slot = std::max<int64_t>(llvm::alignTo(alloc.getSlotSize(), alignment), 1);
      if (capacity / slot < 1)
        return report(alloc, slot, slot - capacity, capacity);
      wanted[alloc] = alloc.getSlots();
      alloc.setSlots(std::min<int64_t>(alloc.getSlots(), capacity / slot)); // more never fit, however we pack
    }
    while (true) {
      std::vector<ArenaBuffer> buffers;
      for (AllocOp alloc : allocs) {
        ArenaBuffer buffer;
        int64_t slot = llvm::alignTo(alloc.getSlotSize(), alignment);
        buffer.alignment = alignment;
        buffer.size = slot * alloc.getSlots();
        buffer.first = buffer.last = positionOf(alloc);
        if (alloc->getParentOp() == getOperation())
          coverUses(alloc.getResult(), buffer);
        buffer.early = early[buffer.first];
        buffers.push_back(buffer);
      }
      std::optional<ArenaFailure> failure = packArena(buffers, capacity);
      if (!failure) {
        for (auto [alloc, buffer] : llvm::zip_equal(allocs, buffers))
          alloc.setAddress(buffer.address);
        remarkOnSlots(allocs, wanted);
        return success();
      }
      if (!takeSlots(allocs, buffers, buffers[failure->buffer], failure->missing, alignment))
        return report(allocs[failure->buffer], buffers[failure->buffer].size, failure->missing, capacity);
    }
  }

  /// Takes slots from the largest ring that is live together with `full`: one, or as many as are missing, but
  /// no more than half of them at once, so that a ring of any number of slots shrinks in few steps.
  bool takeSlots(SmallVectorImpl<AllocOp> &allocs, ArrayRef<ArenaBuffer> buffers, const ArenaBuffer &full,
                 int64_t missing, int64_t alignment) {
    AllocOp largest;
    for (auto [alloc, buffer] : llvm::zip_equal(allocs, buffers)) {
      bool together = buffer.first <= full.last && full.first <= buffer.last;
      if (together && alloc.getSlots() > 1 && (!largest || alloc.getSlotSize() > largest.getSlotSize()))
        largest = alloc;
    }
    if (!largest)
      return false;
    int64_t slots = largest.getSlots();
    int64_t wanted = llvm::divideCeil(missing, llvm::alignTo(largest.getSlotSize(), alignment));
    largest.setSlots(slots - std::clamp<int64_t>(wanted, 1, std::max<int64_t>(slots / 2, 1)));
    return true;
  }

  void remarkOnSlots(ArrayRef<AllocOp> allocs, const llvm::DenseMap<AllocOp, int64_t> &wanted) {
    for (AllocOp alloc : allocs) {
      int64_t before = wanted.lookup(alloc), now = alloc.getSlots();
      if (now == before)
        continue;
      alloc.emitRemark() << "buffer \"" << alloc.getName() << "\" keeps " << now << " of " << before
                         << " slots: its memory is full";
    }
  }

  LogicalResult report(AllocOp alloc, int64_t size, int64_t missing, int64_t capacity) {
    StringRef layer = nn::getOrigin(alloc.getLoc()).first;
    bool rows = alloc.isAccumulator();
    InFlightDiagnostic diagnostic = ofKind(ErrorKind::Infeasible, alloc.emitOpError());
    diagnostic << "\"" << alloc.getName() << "\" of layer \"" << layer << "\" finds no room for " << size
               << (rows ? " rows in the accumulators of unit " + std::to_string(alloc.getUnit())
                        : std::string(" bytes in the scratchpad"))
               << ": " << missing << " missing of a capacity of " << capacity;
    return diagnostic;
  }

  llvm::DenseMap<Operation *, int64_t> position;
  SmallVector<int64_t> early; // per position: where the nn op before begins
};

} // namespace
} // namespace arsis::compiler
