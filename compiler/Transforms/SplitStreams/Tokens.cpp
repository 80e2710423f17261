// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Derives the waits between streams from the conflicts of a sequential program.
//
// What must hold. Let op X and op Y of different streams conflict (they touch the same bytes, one of them writes), and
// let y be an instance of Y that precedes an instance x of X in the sequential program. Then x must start after y has
// completed. Instances of one stream complete in order, so it is enough that x waits for the last such y, or for any
// later instance of Y's stream that also precedes x.
//
// Counters. Number of increments of stream S that precede iteration i of a loop's body: affine in the indices of that
// loop and those around it, because every iteration holds a constant number s of increments. So
// ordinal(y) = base + sum s_l * i_l over the loops around Y.
//
// The three forms of a dependence of X on Y, with k common loops:
//  constant  Y is in an earlier item of the program's top level: ordinal with all loops at their last iteration.
//  lag 0     Y stands before X in the same body: the common indices as they are, Y's inner loops at their last.
//  lag d     d iterations of the loop at depth a-1 ago, a <= k; deeper loops of Y at their last. d = 1, a = k if Y stands
//            behind X. If the two only meet through a ring of N slots allocated under a loops, then d = N: generation
//            g - N used the slot last. The value is base + sum_{l<a} s_l i_l - d s_{a-1} + (inner loops at last).
//
// Enough. For index vectors inside the loops' ranges, lag d is exact. When i_{a-1} - d < 0 the true predecessor is in an
// earlier iteration of an outer loop; its ordinal differs by replacing d s_{a-1} with a borrow: one iteration of the
// outer loop less and n_{a-1} inner ones more, that is s_{a-2} - n_{a-1} s_{a-1} >= 0 less than the value above. So the
// affine value is at least the true one: it may wait for more, never for less.
//
// No deadlock. The value of lag d never exceeds the number of increments of S before the current iteration of loop a-1
// (base minus that number is at most s_{a-1}, d >= 1); constants and lag 0 name instances that precede x. So every wait
// is satisfied when all instances that precede x sequentially have completed, and running the program sequentially
// satisfies all of them; counters only rise, so every other order that obeys them ends too.
//
// Left out. A wait is dropped if others imply it. All arguments compose dependences of smaller sequential distance with
// the order of streams, so they are sound by induction over that distance:
//  - first user: if the textually first op F of a buffer writes it, then every other user of a generation is ordered
//    behind F; only F waits for the generation that used the slot before and for other buffers at the same addresses.
//  - lag 0 through others: x after y2 after y1 (waits, or the order of a stream).
//  - of several ops to wait for at one lag or less, those that another of them is itself ordered behind.
//  - constants: the vector clock of what a stream already knows.
//  - finally, by value: a wait that another wait of the same op, or of an op before it in its stream, dominates at
//    every iteration.
// The first four speak of instances, not of ordinals, so they are done before anybody knows which ops increment.
#include "compiler/Transforms/SplitStreams/Tokens.h"

#include "llvm/ADT/BitVector.h"
#include <algorithm>

using namespace mlir;

namespace arsis::compiler {
namespace {

struct Dependence {
  int source;
  bool constant;
  int64_t lag = 0;
  unsigned depth = 0;
};

/// Per stream, the textually last op whose final instance is known to be complete; -1 for none.
using Clock = std::vector<int>;
void join(Clock &clock, const Clock &other) {
  for (size_t s = 0; s < clock.size(); ++s)
    clock[s] = std::max(clock[s], other[s]);
}

class Deriver {
public:
  explicit Deriver(const Schedule &schedule) : schedule(schedule) {
    size_t ops = schedule.ops.size(), streams = schedule.streams.size();
    kept.resize(ops);
    tokens.ops.resize(ops);
    startClock.assign(ops, Clock(streams, -1));
    constantClock.assign(ops, Clock(streams, -1));
    streamClock.assign(streams, Clock(streams, -1));
    records.resize(schedule.storages.size());
  }

  Tokens run() {
    int ops = schedule.ops.size();
    for (begin = 0; begin < ops; begin = end) {
      for (end = begin; end < ops && schedule.ops[end].item == schedule.ops[begin].item;)
        ++end;
      handleItem();
    }
    attachWaits();
    return std::move(tokens);
  }

private:
  // ---- conflicts inside one item ----------------------------------------------------------------------------------

  /// True if an earlier op of the same generation takes the waits for what used these bytes before.
  bool hasFirstUser(int storage, int op) const {
    const Storage &s = schedule.storages[storage];
    return isa<tile::AllocOp>(s.owner) && s.firstUser != op && s.firstUserWrites;
  }

  /// The dependences of op x on op y of the same item.
  SmallVector<Dependence, 2> dependencesOf(int x, int y) const {
    SmallVector<Dependence, 2> result;
    unsigned common = schedule.commonDepth(x, y);
    bool behind = false;
    for (const Access &a : schedule.ops[x].accesses)
      for (const Access &b : schedule.ops[y].accesses) {
        const Storage &mine = schedule.storages[a.storage];
        if (!(a.writes || b.writes) || !mine.overlaps(schedule.storages[b.storage]))
          continue;
        bool same = a.storage == b.storage;
        if (y < x && (same || !hasFirstUser(a.storage, x)))
          return {Dependence{y, false, 0, common}};
        if (y < x)
          continue;
        bool inGeneration = !same || common > mine.depth;
        if (same && inGeneration && disjointAcrossIterations(schedule, x, y, a.storage, mine.depth, common))
          inGeneration = false;
        if (inGeneration && (same || !hasFirstUser(a.storage, x)))
          behind |= common > 0;
        else if (same && mine.depth > 0 && !hasFirstUser(a.storage, x))
          result.push_back({y, false, mine.slots, mine.depth});
      }
    if (behind)
      return {Dependence{y, false, 1, common}};
    return result;
  }

  // Bit y - begin of ready[x]: the instance of y that lag 0 names is complete when x starts. Of done[x]: when x is.
  llvm::BitVector &ready(int x) { return readySets[x - begin]; }
  llvm::BitVector &done(int x) { return doneSets[x - begin]; }

  void handleItem() {
    int size = end - begin;
    readySets.assign(size, llvm::BitVector(size));
    doneSets.assign(size, llvm::BitVector(size));
    std::vector<int> previous(schedule.streams.size(), -1);
    std::vector<std::vector<Dependence>> lagged(size);
    for (int x = begin; x < end; ++x) {
      int &before = previous[schedule.ops[x].stream];
      if (before >= 0)
        ready(x) |= ready(before);
      for (int y = end - 1; y >= begin; --y) {
        if (schedule.ops[x].stream == schedule.ops[y].stream)
          continue;
        for (const Dependence &dependence : dependencesOf(x, y)) {
          ++tokens.dependences;
          if (dependence.lag > 0) {
            lagged[x - begin].push_back(dependence);
          } else if (!ready(x).test(y - begin)) {
            kept[x].push_back(dependence);
            ready(x) |= done(y);
          }
        }
      }
      done(x) = ready(x);
      if (before >= 0)
        done(x) |= done(before);
      done(x).set(x - begin);
      addConstants(x, before);
      before = x;
    }
    for (int x = begin; x < end; ++x)
      keepLagged(x, lagged[x - begin]);
    for (size_t s = 0; s < previous.size(); ++s)
      if (previous[s] >= 0)
        join(streamClock[s], startClock[previous[s]]);
    for (int x = begin; x < end; ++x)
      record(x);
  }

  void keepLagged(int x, ArrayRef<Dependence> candidates) {
    for (const Dependence &candidate : candidates) {
      bool implied = llvm::any_of(candidates, [&](const Dependence &other) {
        return other.lag <= candidate.lag && other.depth == candidate.depth && other.source != candidate.source &&
               done(other.source).test(candidate.source - begin);
      });
      if (!implied)
        kept[x].push_back(candidate);
    }
  }

  // ---- conflicts with earlier items -------------------------------------------------------------------------------

  /// The last ops of every stream that touched a storage in the items so far.
  struct Record {
    bool active = false;
    Clock reads, writes;
  };

  void addConstants(int x, int before) {
    const OpNode &node = schedule.ops[x];
    Clock &known = constantClock[x], &start = startClock[x];
    known = streamClock[node.stream];
    if (before >= 0) {
      join(known, constantClock[before]);
      start = startClock[before];
    }
    for (const Dependence &dependence : kept[x]) {
      join(known, constantClock[dependence.source]);
      join(start, completionClock(dependence.source));
    }
    Clock wanted(schedule.streams.size(), -1);
    for (const Access &access : node.accesses)
      for (int storage : active) {
        if (!schedule.storages[storage].overlaps(schedule.storages[access.storage]) ||
            (storage != access.storage && hasFirstUser(access.storage, x)))
          continue;
        join(wanted, records[storage].writes);
        if (access.writes)
          join(wanted, records[storage].reads);
      }
    wanted[node.stream] = -1;
    for (size_t s = 0; s < wanted.size(); ++s) {
      if (wanted[s] < 0)
        continue;
      ++tokens.dependences;
      bool implied = wanted[s] <= known[s];
      for (size_t t = 0; t < wanted.size() && !implied; ++t)
        implied = t != s && wanted[t] >= 0 && startClock[wanted[t]][s] >= wanted[s];
      if (!implied)
        kept[x].push_back({wanted[s], true});
    }
    for (const Dependence &dependence : kept[x])
      if (dependence.constant)
        join(known, completionClock(dependence.source));
    join(start, known);
  }

  /// What is complete once the final instance of an op is.
  Clock completionClock(int op) const {
    Clock clock = startClock[op];
    clock[schedule.ops[op].stream] = std::max(clock[schedule.ops[op].stream], op);
    return clock;
  }

  void record(int x) {
    const OpNode &node = schedule.ops[x];
    for (const Access &access : node.accesses) {
      Record &entry = records[access.storage];
      if (!entry.active) {
        entry.active = true;
        entry.reads.assign(schedule.streams.size(), -1);
        entry.writes = entry.reads;
        retireBelow(access.storage);
        active.push_back(access.storage);
      }
      if (access.reads)
        entry.reads[node.stream] = std::max(entry.reads[node.stream], x);
      if (access.writes)
        entry.writes[node.stream] = std::max(entry.writes[node.stream], x);
    }
  }

  /// Forgets what lies wholly under a new buffer: whoever comes later meets the new buffer's first user.
  void retireBelow(int storage) {
    const Storage &cover = schedule.storages[storage];
    if (!isa<tile::AllocOp>(cover.owner) || !cover.firstUserWrites)
      return;
    llvm::erase_if(active, [&](int other) {
      const Storage &s = schedule.storages[other];
      return s.memory == cover.memory && cover.begin <= s.begin && s.end <= cover.end;
    });
  }

  // ---- values -----------------------------------------------------------------------------------------------------

  /// Counts increments: how many each iteration of a loop holds per stream, and the ordinal of each op at index zero.
  void countIncrements() {
    for (size_t x = 0; x < kept.size(); ++x) {
      // The last store of a tensor says when the tensor is complete.
      tokens.ops[x].increments |= isa<tile::StoreOp>(schedule.ops[x].op);
      for (const Dependence &dependence : kept[x])
        tokens.ops[dependence.source].increments = true;
    }
    size_t streams = schedule.streams.size();
    perIteration.assign(schedule.loops.size(), std::vector<int64_t>(streams, 0));
    for (auto [x, node] : llvm::enumerate(schedule.ops)) {
      if (!tokens.ops[x].increments)
        continue;
      int64_t instances = 1;
      for (int loop : llvm::reverse(node.loops)) {
        perIteration[loop][node.stream] += instances;
        instances *= schedule.loops[loop].trips;
      }
    }
    // Walking the text once counts every loop body once; leaving a loop adds its other iterations.
    ordinal.assign(schedule.ops.size(), 0);
    std::vector<int64_t> count(streams, 0);
    SmallVector<int, 6> open;
    auto close = [&](size_t depth) {
      for (; open.size() > depth; open.pop_back())
        for (size_t s = 0; s < streams; ++s)
          count[s] += (schedule.loops[open.back()].trips - 1) * perIteration[open.back()][s];
    };
    for (auto [x, node] : llvm::enumerate(schedule.ops)) {
      size_t shared = 0;
      while (shared < open.size() && shared < node.loops.size() && open[shared] == node.loops[shared])
        ++shared;
      close(shared);
      open.assign(node.loops.begin(), node.loops.end());
      ordinal[x] = count[node.stream] += tokens.ops[x].increments;
    }
  }

  tile::Linear valueOf(int x, const Dependence &dependence) const {
    const OpNode &source = schedule.ops[dependence.source];
    tile::Linear value(schedule.ops[x].loops.size(), ordinal[dependence.source]);
    for (auto [d, loop] : llvm::enumerate(source.loops)) {
      int64_t step = perIteration[loop][source.stream];
      if (dependence.constant || d >= dependence.depth)
        value.constant += step * (schedule.loops[loop].trips - 1);
      else
        value.coefficients[d] += step;
      if (!dependence.constant && dependence.lag > 0 && d + 1 == dependence.depth)
        value.constant -= step * dependence.lag;
    }
    return value;
  }

  void attachWaits() {
    countIncrements();
    // Per stream, the ops of the current item that wait.
    std::vector<std::vector<int>> earlier(schedule.streams.size());
    for (int x = 0; x < int(schedule.ops.size()); ++x) {
      const OpNode &node = schedule.ops[x];
      if (x > 0 && schedule.ops[x - 1].item != node.item)
        for (std::vector<int> &list : earlier)
          list.clear();
      OpTokens &token = tokens.ops[x];
      SmallVector<int64_t> trips = schedule.trips(x);
      for (const Dependence &dependence : kept[x]) {
        TokenWait wait{schedule.ops[dependence.source].stream, valueOf(x, dependence)};
        if (wait.value.maximum(trips) > 0 && !dominated(x, wait, earlier[node.stream]))
          token.waits.push_back(wait);
      }
      dropDominated(token.waits, trips);
      if (!token.waits.empty())
        earlier[node.stream].push_back(x);
    }
    for (auto [token, node] : llvm::zip_equal(tokens.ops, schedule.ops))
      if (token.waits.size() > 2 && !node.loops.empty())
        hoistConstants(token);
  }

  /// True if an op before x in its stream has already waited at least as long.
  bool dominated(int x, const TokenWait &wait, ArrayRef<int> earlier) const {
    SmallVector<int64_t> trips = schedule.trips(x);
    for (int other : earlier) {
      unsigned common = schedule.commonDepth(x, other);
      for (const TokenWait &passed : tokens.ops[other].waits) {
        if (passed.stream != wait.stream)
          continue;
        tile::Linear reached(trips.size(), passed.value.constant);
        for (auto [d, step] : llvm::enumerate(passed.value.coefficients)) {
          if (d < common)
            reached.coefficients[d] = step;
          else
            reached.constant += std::max<int64_t>(0, step * (schedule.loops[schedule.ops[other].loops[d]].trips - 1));
        }
        if ((reached - wait.value).minimum(trips) >= 0)
          return true;
      }
    }
    return false;
  }

  static void dropDominated(SmallVectorImpl<TokenWait> &waits, ArrayRef<int64_t> trips) {
    for (size_t i = 0; i < waits.size();) {
      bool drop = false;
      for (size_t j = 0; j < waits.size() && !drop; ++j)
        drop = j != i && waits[i].stream == waits[j].stream &&
               (waits[j].value - waits[i].value).minimum(trips) >= 0 && (!(waits[i].value == waits[j].value) || j < i);
      if (drop)
        waits.erase(waits.begin() + i);
      else
        ++i;
    }
  }

  static void hoistConstants(OpTokens &token) {
    for (size_t i = 0; i < token.waits.size() && token.waits.size() > 2;) {
      if (!token.waits[i].value.isConstant()) {
        ++i;
        continue;
      }
      token.hoisted.push_back(token.waits[i]);
      token.waits.erase(token.waits.begin() + i);
    }
  }

  const Schedule &schedule;
  Tokens tokens;
  int begin = 0, end = 0; // ops of the current item
  std::vector<std::vector<Dependence>> kept;
  std::vector<llvm::BitVector> readySets, doneSets;
  std::vector<Clock> startClock;    // per op: complete when its final instance starts
  std::vector<Clock> constantClock; // per op: complete, of earlier items, when any instance starts
  std::vector<Clock> streamClock;   // per stream: complete after the items so far
  std::vector<Record> records;      // per storage
  std::vector<int> active;          // storages with a record that counts
  std::vector<std::vector<int64_t>> perIteration;
  std::vector<int64_t> ordinal;
};

} // namespace

Tokens deriveTokens(const Schedule &schedule) { return Deriver(schedule).run(); }

} // namespace arsis::compiler
