// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A sequential tile program as arrays: loops, engine ops in textual order, and what each op touches by
// address.
#ifndef ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_SCHEDULE_H
#define ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_SCHEDULE_H

#include "compiler/Analysis/Footprint.h"
#include "llvm/ADT/DenseMap.h"
#include <optional>
#include <tuple>
#include <vector>

namespace arsis::compiler {

struct LoopNode {
  mlir::scf::ForOp op;
  int64_t trips;
};

/// Elements of a tensor with gaps between them: where the first lies, and stride and extent of the
/// dimensions.
struct TensorPart {
  int64_t offset;
  std::vector<std::pair<int64_t, int64_t>> dimensions;

  bool operator<(const TensorPart &other) const {
    return std::tie(offset, dimensions) < std::tie(other.offset, other.dimensions);
  }
};

/// A planned stretch of one memory.
struct Storage {
  mlir::Operation *owner; // tile.alloc or tile.tensor
  int memory;             // DRAM, scratchpad, or accumulators of a unit
  int64_t begin, end;
  int64_t slots;
  unsigned depth;     // loops around the alloc; 0 for tensors
  int firstUser = -1; // textually first op that touches it
  bool firstUserWrites = false;
  std::optional<TensorPart> part; // of a tensor; nothing: all of it

  bool overlaps(const Storage &other) const {
    return memory == other.memory && begin < other.end && other.begin < end && !isApart(other);
  }

private:
  /// Whether both are parts of one tensor that have no element in common.
  bool isApart(const Storage &other) const;
};

struct Access {
  int storage;
  bool reads, writes;
};

struct OpNode {
  tile::EngineOpInterface op;
  int stream;                      // index into Schedule::streams
  int item;                        // top-level op of the program it is in
  llvm::SmallVector<int, 6> loops; // enclosing loops, outermost first
  llvm::SmallVector<Access, 4> accesses;
};

struct Schedule {
  std::vector<tile::StreamId> streams; // sorted
  std::vector<LoopNode> loops;
  std::vector<Storage> storages;
  std::vector<OpNode> ops;                    // textual order
  llvm::DenseMap<mlir::Value, int> storageOf; // of buffers, tensors and aliases

  /// Number of loops around both ops.
  unsigned commonDepth(int a, int b) const;
  /// Trip counts of the loops around an op, outermost first.
  llvm::SmallVector<int64_t> trips(int op) const;
};

/// Reads a planned program; reports what it cannot handle (loops without constant bounds, missing addresses).
mlir::FailureOr<Schedule> readSchedule(tile::ProgramOp program);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_SCHEDULE_H
