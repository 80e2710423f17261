// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One run over a layout. All of its state that time moves is one array of numbers, so that two iterations of
// a loop are compared, and a period is added many times, without knowing what the numbers mean (those of the
// DRAM's controller excepted, Controller.h). Rings and
// weight banks are kept in the order of their use, oldest last, so that an iteration finds them as the one
// before did. Private to Price.cpp (loops, streams and dependences) and PriceEngines.cpp (operations).
#ifndef ARSIS_COMPILER_SCHEDULE_RUN_H
#define ARSIS_COMPILER_SCHEDULE_RUN_H

#include "compiler/Schedule/Controller.h"
#include "compiler/Schedule/LoopSizes.h"
#include "compiler/Schedule/Past.h"
#include "compiler/Schedule/Price.h"

#include <limits>

namespace arsis::schedule {

/// Serves one layout after the other: what it allocates is used again.
class Run {
public:
  Estimate operator()(const Layout &layout, const ChipModel &model, double atMost);

private:
  static constexpr int kAnyStream = -1;

  /// Numbers of a stream: when the next instruction is decoded, when the last kPrefetchDepth were issued
  /// (newest first), when the last one completes.
  static constexpr size_t kIssued = timing::Frontend::kPrefetchDepth;
  struct StreamAt {
    size_t decoded, issued, completes;
  };
  enum StreamNumber { LoadStream, StoreStream, VectorStream, FirstMatrixStream };
  static int matrixStream(int64_t unit) { return FirstMatrixStream + 2 * static_cast<int>(unit); }
  static int drainStream(int64_t unit) { return matrixStream(unit) + 1; }
  /// Drains of different arrays write different places of a tile.
  static bool isDrain(int stream) {
    return stream >= FirstMatrixStream && (stream - FirstMatrixStream) % 2 == 1;
  }

  /// Behind the engines' busy cycles: cycles of the DRAM; batches of stores that are no whole ones; bytes,
  /// multiply-accumulates, elements of vector operations, instructions.
  enum Counter { DramWork = kEngines, PartialBatches, Bytes, Products, Elements, Instructions, Counters };
  /// A use of the current slot of a ring.
  struct Use {
    int buffer;
    bool writes;
    bool apart = false; // from all uses since the allocation
  };
  struct NodeState {
    double decode = 0;            // cycles of an instruction
    std::array<int64_t, 8> key{}; // sizes and alignment of the last instance
    bool known = false;
    double cycles = 0; // of it
    timing::Transfer transfer;
    double opens = 0;            // the chance that the first row of a load is closed
    double pieces = 1, trip = 0; // in which it is sent; of a request
  };
  struct Places { // elements of a buffer, first to last
    int64_t first = std::numeric_limits<int64_t>::min(), last = std::numeric_limits<int64_t>::max();
    bool meet(const Places &other) const { return first <= other.last && other.first <= last; }
    bool cover(const Places &other) const { return first <= other.first && other.last <= last; }
  };
  struct VectorOperand {
    const View *view;
    std::array<int64_t, 4> count;
    bool reads, writes;
    std::array<int64_t, 2> window = {1, 1}, windowStrides = {0, 0};
  };

  void prepare();
  void prepareTurns();
  void clear();
  Estimate estimate();

  size_t reserve(size_t count) {
    x.resize(x.size() + count, 0.0);
    return x.size() - count;
  }
  /// Iterations, then what there is must do; the same where stores are parts of batches.
  static constexpr int64_t kPatience = 12, kLeastAlike = 4, kMostAlike = 48;
  /// More slots differ in nothing that the units could use.
  static constexpr int64_t kMostSlots = 6;
  static constexpr size_t kPerSlot = 2; // last write, last read
  static int64_t slotsOf(const Buffer &buffer) { return std::min<int64_t>(buffer.slots, kMostSlots); }

  void runLoop(size_t at, size_t depth);
  void body(size_t begin, size_t end, size_t depth);
  void skip(double periods, const double *now, const double *before);
  bool ofController(size_t k) const { return k >= dram && k < dram + Controller::kNumbers; }
  Controller controller() { return {x.data() + dram, flight, mp->dma}; }
  bool isPeriodic(const Past &past, int64_t cycle) const;
  bool samePace(const double *now, const double *then, const double *before, double within) const;
  int64_t spanOf(const Past &past, int64_t cycle, int64_t alike, double partialBatches) const;

  double &slot(int buffer, bool writes) { return x[rings[buffer] + (writes ? 0 : 1)]; }
  double &writtenElsewhere(int buffer) { return x[elsewhere + static_cast<size_t>(buffer)]; }
  double ready(int stream, const NodeState &node, std::initializer_list<Use> uses);
  void finish(int stream, double started, double completes, std::initializer_list<Use> uses);
  void mark(int stream, Use use, double completes);
  void count(Engine engine, double cycles) { x[counters + static_cast<size_t>(engine)] += cycles; }

  template <class Compute> void recall(NodeState &node, const std::array<int64_t, 8> &key, Compute compute) {
    int64_t differs = 0; // a comparison of arrays would be a call
    for (size_t k = 0; k < key.size(); ++k)
      differs |= node.key[k] ^ key[k];
    if (node.known && differs == 0)
      return;
    node.key = key;
    node.known = true;
    compute();
  }

  template <size_t rank> std::array<int64_t, rank> sizes(const std::array<Extent, rank> &box) const {
    std::array<int64_t, rank> result;
    for (size_t d = 0; d < rank; ++d)
      result[d] = box[d].at(index, depthNow);
    return result;
  }
  template <size_t rank> static int64_t volume(const std::array<int64_t, rank> &box) {
    int64_t product = 1;
    for (int64_t size : box)
      product *= size;
    return product;
  }
  /// With strides in bytes.
  template <size_t rank>
  static timing::Axes axes(const std::array<int64_t, rank> &counts, const std::array<int64_t, rank> &strides,
                           int64_t elementBytes) {
    timing::Axes result;
    for (size_t d = 0; d < rank; ++d)
      result[result.size() - rank + d] = {counts[d], strides[d] * elementBytes};
    return result;
  }
  /// Where in a word of the scratchpad the first element lies; buffers are taken to begin at a word.
  template <class View> int64_t startOf(const View &view) const {
    return view.offset.at(index, depthNow) * bytesIn(view.buffer) % mp->dma.banks.widthBytes;
  }
  int64_t bytesIn(int buffer) const { return lp->buffers[buffer].elementBytes(); }

  void execute(const Loop &, NodeState &) {}
  void execute(const Alloc &alloc, NodeState &);
  void execute(const Load &load, NodeState &node);
  void execute(const Store &store, NodeState &node);
  void execute(const LoadWeights &load, NodeState &node);
  void execute(const Multiply &multiply, NodeState &node);
  void execute(const Drain &drain, NodeState &node);
  void execute(const Map &map, NodeState &node);
  void execute(const Reduce &reduce, NodeState &node);
  void execute(const Pool &pool, NodeState &node);
  void execute(const PoolGrad &grad, NodeState &node);
  void execute(const External &external, NodeState &node);

  void transferTime(const View &local, const std::array<int64_t, 4> &box, const std::array<Affine, 4> &at,
                    int tensor, bool store, NodeState &node);
  void move(int stream, const NodeState &node, std::initializer_list<Use> uses, Engine engine,
            double rowsClosed);
  /// The last store may be in the DRAM's queue later, now that loads came before its last pieces.
  void delayStore();
  double load(const timing::Transfer &t, double begin, double moving, double pieces, double trip,
              double rowsClosed, double opens);

  void vector(NodeState &node, const std::array<VectorOperand, 4> &operands, size_t count, double perElement,
              int64_t results);
  Places placesOf(const VectorOperand &operand) const;
  double prepareVector(const NodeState &node, const std::array<VectorOperand, 4> &operands, size_t count);
  void finishVector(double issued, double completes, const std::array<VectorOperand, 4> &operands,
                    size_t count);

  const Layout *lp = nullptr;
  const ChipModel *mp = nullptr;
  int64_t banks = 1, units = 1;
  double limit = 0; // cycles
  bool tooLong = false;
  int64_t steps = 0;
  Indices index{};
  size_t depthNow = 0;   // loops around the operation
  std::vector<double> x; // all that time moves
  std::vector<StreamAt> streams;
  size_t queue[2];                       // next request, last data
  size_t table;                          // of the queue of loads
  double halfRefresh = 0, shortTrip = 0; // cycles; of a request of one burst
  size_t dram, vectorFree, counters;
  size_t elsewhere; // of each buffer: when the vector unit's writes before the last are there
  // Of each unit; matrix: load port, feed, sums of column 0, then (loaded, free) of each bank.
  std::vector<size_t> matrix, drainFree;
  static constexpr size_t kPorts = 3;
  std::vector<size_t> rings;         // of each buffer: kPerSlot numbers of each slot, the current one first
  std::vector<int> writers, readers; // streams of the current slot
  std::vector<bool> touched;         // since the allocation
  std::vector<Places> written;       // by the last write to the current slot
  std::vector<NodeState> nodes;
  std::vector<int64_t> columns;       // of the weights that each unit loaded last
  std::vector<int64_t> turns;         // of loops: iterations after which rings are where they were
  std::array<Past, kDeepest> history; // by depth
  LoopSizes sizesOf;
  std::vector<Shape4> shapes, strides; // of tensors
  OpenRows rows;
  InFlight flight;
  std::vector<int64_t> allocated; // of each buffer: how often
  struct {
    int buffer = -1;       // none yet
    int64_t allocated = 0; // when it was stored
  } lastStore;
};

} // namespace arsis::schedule

#endif
