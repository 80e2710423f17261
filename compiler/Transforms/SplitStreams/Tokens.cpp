// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From dependences to counter values: which ops increment, the ordinal of each instance, and the waits; a
// wait that another one dominates at every iteration is dropped, constants of crowded ops move in front of
// their nest.
#include "compiler/Transforms/SplitStreams/Tokens.h"

#include "compiler/Transforms/SplitStreams/Dependences.h"
#include <algorithm>

using namespace mlir;

namespace arsis::compiler {
namespace {

constexpr int kCountersPerStream = 2;
constexpr int kNone = -2, kOutside = -1; // instead of a loop

class Counting {
public:
  Counting(const Schedule &schedule, const Dependences &dependences)
      : schedule(schedule), dependences(dependences) {
    tokens.ops.resize(schedule.ops.size());
  }

  Tokens run() {
    countIncrements();
    attachWaits();
    return std::move(tokens);
  }

private:
  /// Counts increments: how many each iteration of a loop holds per stream, and the ordinal of each op at
  /// index zero.
  void countIncrements() {
    for (size_t x = 0; x < dependences.kept.size(); ++x) {
      // The last op that writes a tensor says when the tensor is complete.
      tokens.ops[x].increments |= !tensorsWrittenBy(schedule.ops[x].op).empty();
      for (const Dependence &dependence : dependences.kept[x])
        tokens.ops[dependence.source].increments = true;
    }
    assignCounters();
    size_t counters = schedule.streams.size() * kCountersPerStream;
    perIteration.assign(schedule.loops.size(), std::vector<int64_t>(counters, 0));
    for (auto [x, node] : llvm::enumerate(schedule.ops)) {
      if (!tokens.ops[x].increments)
        continue;
      int64_t instances = 1;
      for (int loop : llvm::reverse(node.loops)) {
        perIteration[loop][counterOf(x)] += instances;
        instances *= schedule.loops[loop].trips;
      }
    }
    // Walking the text once counts every loop body once; leaving a loop adds its other iterations.
    ordinal.assign(schedule.ops.size(), 0);
    std::vector<int64_t> count(counters, 0);
    SmallVector<int, 6> open;
    auto close = [&](size_t depth) {
      for (; open.size() > depth; open.pop_back())
        for (size_t c = 0; c < counters; ++c)
          count[c] += (schedule.loops[open.back()].trips - 1) * perIteration[open.back()][c];
    };
    for (auto [x, node] : llvm::enumerate(schedule.ops)) {
      size_t shared = 0;
      while (shared < open.size() && shared < node.loops.size() && open[shared] == node.loops[shared])
        ++shared;
      close(shared);
      open.assign(node.loops.begin(), node.loops.end());
      ordinal[x] = count[counterOf(x)] += tokens.ops[x].increments;
    }
  }

  /// Loops that follow each other in a stream take turns at its counters, and so do the ops between them.
  void assignCounters() {
    std::vector<int> loop(schedule.streams.size(), kNone), turn(schedule.streams.size(), 0);
    for (auto [x, node] : llvm::enumerate(schedule.ops)) {
      if (!tokens.ops[x].increments)
        continue;
      int inner = node.loops.empty() ? kOutside : node.loops.back();
      if (loop[node.stream] != kNone && loop[node.stream] != inner)
        turn[node.stream] = (turn[node.stream] + 1) % kCountersPerStream;
      loop[node.stream] = inner;
      tokens.ops[x].counter = turn[node.stream];
    }
  }
  size_t counterOf(size_t op) const {
    return schedule.ops[op].stream * kCountersPerStream + tokens.ops[op].counter;
  }
  static bool sameCounter(const TokenWait &a, const TokenWait &b) {
    return a.stream == b.stream && a.counter == b.counter;
  }

  tile::Linear valueOf(int x, const Dependence &dependence) const {
    const OpNode &source = schedule.ops[dependence.source];
    tile::Linear value(schedule.ops[x].loops.size(), ordinal[dependence.source]);
    for (auto [d, loop] : llvm::enumerate(source.loops)) {
      int64_t step = perIteration[loop][counterOf(dependence.source)];
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
    // Per stream, the ops of the current item that wait.
    std::vector<std::vector<int>> earlier(schedule.streams.size());
    for (int x = 0; x < int(schedule.ops.size()); ++x) {
      const OpNode &node = schedule.ops[x];
      if (x > 0 && schedule.ops[x - 1].item != node.item)
        for (std::vector<int> &list : earlier)
          list.clear();
      OpTokens &token = tokens.ops[x];
      SmallVector<int64_t> trips = schedule.trips(x);
      for (const Dependence &dependence : dependences.kept[x]) {
        TokenWait wait{schedule.ops[dependence.source].stream, tokens.ops[dependence.source].counter,
                       valueOf(x, dependence)};
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
    for (int other : llvm::reverse(earlier)) { // the last have waited for most
      unsigned common = schedule.commonDepth(x, other);
      for (const TokenWait &passed : tokens.ops[other].waits) {
        if (!sameCounter(passed, wait))
          continue;
        ArrayRef<int64_t> steps = passed.value.coefficients;
        int64_t constant = passed.value.constant;
        for (size_t d = common; d < steps.size(); ++d)
          constant +=
              std::max<int64_t>(0, steps[d] * (schedule.loops[schedule.ops[other].loops[d]].trips - 1));
        if (constant < wait.value.constant) // most: at the first iteration it has not
          continue;
        tile::Linear reached(trips.size(), constant);
        llvm::copy(steps.take_front(common), reached.coefficients.begin());
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
        drop = j != i && sameCounter(waits[i], waits[j]) &&
               (waits[j].value - waits[i].value).minimum(trips) >= 0 &&
               (!(waits[i].value == waits[j].value) || j < i);
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
  const Dependences &dependences;
  Tokens tokens;
  std::vector<std::vector<int64_t>> perIteration; // per loop and counter: increments of one iteration
  std::vector<int64_t> ordinal;                   // per op: of its first instance
};

} // namespace

Tokens deriveTokens(const Schedule &schedule) {
  Dependences dependences = findDependences(schedule);
  return Counting(schedule, dependences).run();
}

} // namespace arsis::compiler
