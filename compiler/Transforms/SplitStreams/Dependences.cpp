// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Derives the waits between streams from the conflicts of a sequential program.
//
// What must hold. Let op X and op Y of different streams conflict (they touch the same bytes, one of them
// writes), and let y be an instance of Y that precedes an instance x of X in the sequential program. Then x
// must start after y has completed. Instances of one stream complete in order, so it is enough that x waits
// for the last such y, or for any later instance of Y's stream that also precedes x.
//
// Counters. A stream has several; each op increments one of them, always the same. Number of increments of a
// counter that precede iteration i of a loop's body: affine in the indices of that loop and those around it,
// because every iteration holds a constant number s of increments. So, in the counter of Y,
// ordinal(y) = base + sum s_l * i_l over the loops around Y.
//
// The three forms of a dependence of X on Y, with k common loops:
//
// constant: Y is in an earlier item of the program's top level. The instance with all loops at their last.
//
// lag 0: Y stands before X in the same body. The common indices as they are, Y's inner loops at their last.
//
// lag d: d iterations of the loop at depth a-1 ago, a <= k, deeper loops of Y at their last. If Y stands
// behind X: d = 1, a = k. If the two meet only through a ring of N slots allocated under a loops: d = N, for
// generation g - N used the slot last. The value is base + sum_{l<a} s_l i_l - d s_{a-1} + (deeper loops at
// their last).
//
// Enough. For index vectors inside the loops' ranges, lag d is exact. When i_{a-1} - d < 0 the true
// predecessor is in an earlier iteration of an outer loop; its ordinal differs by replacing d s_{a-1} with a
// borrow: one iteration of the outer loop less and n_{a-1} inner ones more, that is s_{a-2} - n_{a-1} s_{a-1}
// >= 0 less than the value above. So the affine value is at least the true one: it may wait for more, never
// for less. More is whatever Y's counter counted in front of the loop. That is why loops that follow each
// other take turns at the counters of their stream (Tokens.cpp): with one counter the first tiles of a ring
// waited for the end of what their stream did just before.
//
// No deadlock. The value of lag d never exceeds the number of increments of Y's counter before the current
// iteration of loop a-1 (base minus that number is at most s_{a-1}, d >= 1); constants and lag 0 name
// instances that precede x. So every wait is satisfied when all instances that precede x sequentially have
// completed, and running the program sequentially satisfies all of them; counters only rise, so every other
// order that obeys them ends too.
//
// Left out. A wait is dropped if others imply it. All arguments compose dependences of smaller sequential
// distance with the order of streams, so they are sound by induction over that distance:
//
// Apart: two ops of different streams that write different places of a buffer, whatever the iterations, do
// not conflict there (the columns, or rows, of one result tile that several arrays drain). The first user of
// a buffer still waits for those that used the slot before and are apart from it, for others trust it to.
//
// First user: if the textually first op F of a buffer writes it, then every other user of a generation that
// is not apart from F is ordered behind F. Of these only F waits for the generation that used the slot
// before, and for other buffers at these addresses; none of them is touched between F and the others, because
// buffers that live together never overlap.
//
// Lag 0 through others: x after y2 after y1, by waits or by the order of a stream.
//
// Lag d: of several ops to wait for at lag d or less, those that another of them is itself ordered behind.
//
// Constants: the vector clock of what a stream already knows.
//
// By value, in Tokens.cpp: a wait that another wait of the same op, or of an op before it in its stream,
// dominates at every iteration.
//
// The first four speak of instances, not of ordinals, so they are done before anybody knows which ops
// increment.
#include "compiler/Transforms/SplitStreams/Dependences.h"

#include "compiler/Transforms/SplitStreams/Disjoint.h"

#include "llvm/ADT/BitVector.h"
#include <algorithm>
#include <map>
#include <tuple>

using namespace mlir;

namespace arsis::compiler {
namespace {

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
    dependences.kept.resize(ops);
    startClock.assign(ops, Clock(streams, -1));
    constantClock.assign(ops, Clock(streams, -1));
    streamClock.assign(streams, Clock(streams, -1));
    records.resize(schedule.storages.size());
  }

  Dependences run() {
    int ops = schedule.ops.size();
    for (begin = 0; begin < ops; begin = end) {
      for (end = begin; end < ops && schedule.ops[end].item == schedule.ops[begin].item;)
        ++end;
      handleItem();
    }
    return std::move(dependences);
  }

private:
  // Conflicts inside one item.

  /// True if an earlier op of the same generation takes the waits for what used these bytes before.
  bool hasFirstUser(int storage, int op) {
    const Storage &s = schedule.storages[storage];
    return isa<tile::AllocOp>(s.owner) && s.firstUser != op && s.firstUserWrites &&
           !neverMeet(s.firstUser, op, storage);
  }

  /// True if two ops of different streams write different places of a buffer.
  bool neverMeet(int a, int b, int storage) {
    if (schedule.ops[a].stream == schedule.ops[b].stream ||
        !isa<tile::AllocOp>(schedule.storages[storage].owner) || !writes(a, storage) || !writes(b, storage))
      return false;
    auto [known, isNew] = apart.try_emplace({std::min(a, b), std::max(a, b), storage}, false);
    if (isNew)
      known->second = disjointAlways(schedule, a, b, storage);
    return known->second;
  }
  bool writes(int op, int storage) const {
    return llvm::any_of(schedule.ops[op].accesses,
                        [&](const Access &access) { return access.storage == storage && access.writes; });
  }

  /// The dependences of op x on op y of the same item.
  SmallVector<Dependence, 2> dependencesOf(int x, int y) {
    SmallVector<Dependence, 2> result;
    unsigned common = 0;
    bool behind = false;
    for (const Access &a : schedule.ops[x].accesses)
      for (const Access &b : schedule.ops[y].accesses) {
        const Storage &mine = schedule.storages[a.storage];
        if (!(a.writes || b.writes) || !mine.overlaps(schedule.storages[b.storage]))
          continue;
        common = schedule.commonDepth(x, y); // of few pairs
        bool same = a.storage == b.storage;
        const bool apart = same && neverMeet(x, y, a.storage);
        if (y < x && !apart && (same || !hasFirstUser(a.storage, x)))
          return {Dependence{y, false, 0, common}};
        if (y < x)
          continue;
        bool inGeneration = !same || common > mine.depth;
        if (same && inGeneration &&
            (apart || disjointAcrossIterations(schedule, x, y, a.storage, mine.depth, common)))
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

  // Bit y - begin of ready[x]: the instance of y that lag 0 names is complete when x starts. Of done[x]: when
  // x is.
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
          if (dependence.lag > 0) {
            lagged[x - begin].push_back(dependence);
          } else if (!ready(x).test(y - begin)) {
            dependences.kept[x].push_back(dependence);
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
        return other.lag <= candidate.lag && other.depth == candidate.depth &&
               other.source != candidate.source && done(other.source).test(candidate.source - begin);
      });
      if (!implied)
        dependences.kept[x].push_back(candidate);
    }
  }

  // Conflicts with earlier items.

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
    for (const Dependence &dependence : dependences.kept[x]) {
      join(known, constantClock[dependence.source]);
      int &others = known[schedule.ops[dependence.source].stream]; // of earlier items: its stream is in order
      others = std::max(others, begin - 1);
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
      bool implied = wanted[s] <= known[s];
      for (size_t t = 0; t < wanted.size() && !implied; ++t)
        implied = t != s && wanted[t] >= 0 && startClock[wanted[t]][s] >= wanted[s];
      if (!implied)
        dependences.kept[x].push_back({wanted[s], true});
    }
    for (const Dependence &dependence : dependences.kept[x])
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

  const Schedule &schedule;
  Dependences dependences;
  int begin = 0, end = 0; // ops of the current item
  std::vector<llvm::BitVector> readySets, doneSets;
  std::vector<Clock> startClock;    // per op: complete when its final instance starts
  std::vector<Clock> constantClock; // per op: complete, of earlier items, when any instance starts
  std::vector<Clock> streamClock;   // per stream: complete after the items so far
  std::vector<Record> records;      // per storage
  std::vector<int> active;          // storages with a record that counts
  std::map<std::tuple<int, int, int>, bool> apart; // pairs of ops and a storage
};

} // namespace

Dependences findDependences(const Schedule &schedule) { return Deriver(schedule).run(); }

} // namespace arsis::compiler
