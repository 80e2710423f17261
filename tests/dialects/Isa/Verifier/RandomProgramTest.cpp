// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Random small programs against a brute-force checker: reachability over all instances, one set of bytes per
// access. The verdicts on races and deadlocks must agree on every program.
#include "tests/dialects/Isa/Verifier/Programs.h"

#include "dialects/Isa/Encoding/Cursor.h"

#include <random>
#include <set>

namespace arsis::isa::test {
namespace {

/// A random map; loads and stores take their views from one too.
struct Generator {
  std::mt19937 random;
  int64_t area = 0; // first element of the scratchpad that views start at
  int64_t pick(int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  }

  Instruction map(unsigned counters) {
    Map body;
    body.function = pick(0, 2) ? VectorFunction::Relu : VectorFunction::Fill;
    body.count = {Extent(1), Extent(1), Extent(pick(1, 3)), Extent(pick(1, 3))};
    auto view = [&](Address &address, std::array<int32_t, 4> &stride, int64_t from) {
      address.base = 4 * (area + from + pick(0, 40));
      if (pick(0, 1))
        addTerm(address.strides, 0, 4 * pick(0, 8));
      if (pick(0, 2) == 0) {
        address.slots = 2;
        address.slotSize = 4 * pick(1, 20);
        addTerm(address.slot.terms, 0, 1);
      }
      stride = {0, 0, int32_t(pick(1, 6)), int32_t(pick(1, 3))};
    };
    view(body.destination, body.destinationStride, 0);
    view(body.a, body.aStride, 100);
    if (pick(0, 1))
      std::swap(body.destination.base, body.a.base);
    Instruction instruction;
    instruction.body = body;
    for (; counters && instruction.waitCount < 2 && pick(0, 2); ++instruction.waitCount) {
      Wait &wait = instruction.waits[instruction.waitCount];
      wait.counter = uint8_t(pick(0, counters - 1));
      wait.value.base = pick(-2, 3);
      addTerm(wait.value.terms, 0, pick(0, 1));
    }
    return instruction;
  }
};

/// Two load queues that write the scratchpad, a store queue that reads it and a vector unit that does both.
/// In every second program each stream has an area of its own, so that many are free of races.
Program randomProgram(uint32_t seed) {
  Generator g{std::mt19937(seed)};
  Program program;
  Tensor tensor;
  tensor.name = "x";
  tensor.role = TensorRole::Parameter;
  tensor.shape = {1, 1, 64, 1};
  tensor.stride = {64, 64, 1, 1};
  program.tensors.push_back(tensor);
  program.dramBytes = 256;
  constexpr StreamKind kinds[] = {StreamKind::Load, StreamKind::Store, StreamKind::Vector, StreamKind::Load};
  for (uint8_t s = 0; s < 4; ++s) {
    Stream stream;
    stream.kind = kinds[s];
    stream.index = s == 3;
    program.counterStream.push_back(s);
    if (s == 0) { // define the whole scratchpad area first, so that undefined reads stay out of this test
      for (int64_t k = 0; k < 16; ++k) {
        Load fill;
        fill.coordinate[2] = 1000; // all out of range: fills
        fill.box = {Extent(1), Extent(1), Extent(64), Extent(1)};
        fill.local.base = k * 256;
        fill.localStride = {0, 0, 1, 1};
        Instruction instruction;
        instruction.body = fill;
        if (k == 15)
          instruction.increment = 0;
        stream.instructions.push_back(instruction);
      }
    } else {
      Instruction wait;
      wait.body = WaitOnly();
      wait.waitCount = 1;
      wait.waits[0].value.base = 1;
      stream.instructions.push_back(wait);
    }
    g.area = seed % 2 ? 200 * s : 0;
    Loop loop;
    loop.count = uint32_t(g.pick(1, 3));
    stream.instructions.push_back({});
    stream.instructions.back().body = loop;
    for (int64_t n = g.pick(1, 3); n > 0; --n) {
      Instruction instruction = g.map(4);
      const Map shape = std::get<Map>(instruction.body);
      if (stream.kind == StreamKind::Load) {
        Load body;
        body.coordinate[2] = 1000;
        body.box = shape.count;
        body.local = shape.destination;
        body.localStride = shape.destinationStride;
        instruction.body = body;
      } else if (stream.kind == StreamKind::Store) {
        Store body;
        body.box = {Extent(1), Extent(1), shape.count[2], Extent(1)};
        body.local = shape.a;
        body.localStride = shape.aStride;
        instruction.body = body;
      }
      for (unsigned i = 0; i < instruction.waitCount; ++i)
        instruction.waits[i].value.base += instruction.waits[i].counter == 0;
      if (g.pick(0, 3))
        instruction.increment = s;
      stream.instructions.push_back(instruction);
    }
    stream.instructions.push_back({});
    stream.instructions.back().body = EndLoop();
    program.streams.push_back(stream);
  }
  return program;
}

/// One instance with its bytes, the slow way.
struct Instance {
  size_t stream;
  std::vector<std::pair<uint8_t, int64_t>> waits;
  std::optional<uint8_t> increment;
  std::set<int64_t> reads, writes; // scratchpad
};

std::set<int64_t> bytesOf(const Address &address, const std::array<Extent, 4> &count,
                          const std::array<int32_t, 4> &stride, const int64_t *index) {
  std::set<int64_t> bytes;
  for (int64_t i = 0; i < count[2].evaluate(index); ++i)
    for (int64_t j = 0; j < count[3].evaluate(index); ++j)
      for (int64_t b = 0; b < 4; ++b)
        bytes.insert(address.evaluate(index) + (i * stride[2] + j * stride[3]) * 4 + b);
  return bytes;
}

enum class Expected { Accepted, Race, Deadlock };

Expected bruteForce(const Program &program) {
  std::vector<Instance> all;
  std::vector<std::vector<size_t>> ofStream(program.streams.size()), increments(program.counterStream.size());
  for (size_t s = 0; s < program.streams.size(); ++s)
    for (InstructionCursor cursor(program.streams[s]); !cursor.done(); cursor.advance()) {
      const Instruction &instruction = cursor.instruction();
      Instance instance{s, {}, instruction.increment, {}, {}};
      for (unsigned i = 0; i < instruction.waitCount; ++i)
        instance.waits.push_back(
            {instruction.waits[i].counter, instruction.waits[i].value.evaluate(cursor.index())});
      if (auto *map = std::get_if<Map>(&instruction.body)) {
        instance.writes = bytesOf(map->destination, map->count, map->destinationStride, cursor.index());
        if (map->function == VectorFunction::Relu)
          instance.reads = bytesOf(map->a, map->count, map->aStride, cursor.index());
      } else if (auto *load = std::get_if<Load>(&instruction.body)) {
        instance.writes = bytesOf(load->local, load->box, load->localStride, cursor.index());
      } else if (auto *store = std::get_if<Store>(&instruction.body)) {
        instance.reads = bytesOf(store->local, store->box, store->localStride, cursor.index());
      }
      if (instruction.increment)
        increments[*instruction.increment].push_back(all.size());
      ofStream[s].push_back(all.size());
      all.push_back(instance);
    }
  // An instance depends on its predecessor in the stream and on the instance that performs each awaited
  // increment.
  std::vector<std::set<size_t>> before(all.size());
  std::vector<bool> done(all.size());
  std::vector<size_t> next(program.streams.size());
  for (bool progress = true; progress;) {
    progress = false;
    for (size_t s = 0; s < next.size(); ++s) {
      if (next[s] == ofStream[s].size())
        continue;
      size_t at = ofStream[s][next[s]];
      std::vector<size_t> needs;
      bool possible = true;
      for (auto [counter, value] : all[at].waits) {
        if (value <= 0)
          continue;
        possible &=
            size_t(value) <= increments[counter].size() && done[increments[counter][size_t(value) - 1]];
        if (possible)
          needs.push_back(increments[counter][size_t(value) - 1]);
      }
      if (!possible)
        continue;
      if (next[s])
        needs.push_back(ofStream[s][next[s] - 1]);
      for (size_t need : needs) {
        before[at].insert(need);
        before[at].insert(before[need].begin(), before[need].end());
      }
      done[at] = progress = true;
      ++next[s];
    }
  }
  auto touch = [](const std::set<int64_t> &a, const std::set<int64_t> &b) {
    for (int64_t byte : a)
      if (b.count(byte))
        return true;
    return false;
  };
  for (size_t a = 0; a < all.size(); ++a)
    for (size_t b = a + 1; b < all.size(); ++b)
      if (done[a] && done[b] && all[a].stream != all[b].stream && !before[a].count(b) &&
          !before[b].count(a) &&
          (touch(all[a].writes, all[b].writes) || touch(all[a].writes, all[b].reads) ||
           touch(all[a].reads, all[b].writes)))
        return Expected::Race;
  return std::find(done.begin(), done.end(), false) == done.end() ? Expected::Accepted : Expected::Deadlock;
}

TEST(RandomPrograms, VerdictsAgreeWithBruteForce) {
  chip::Chip chip = chip::Chip::load("tiny").withOverride("dma.load_queues", 2);
  std::map<Expected, int> seen;
  for (uint32_t seed = 0; seed < 3000; ++seed) {
    Program program = randomProgram(seed);
    Expected expected = bruteForce(program);
    VerificationResult result = verify(program, chip);
    bool race = false, deadlock = false;
    for (const Diagnostic &diagnostic : result.diagnostics) {
      race |= diagnostic.kind == Diagnostic::Race;
      deadlock |= diagnostic.kind == Diagnostic::Deadlock;
      ASSERT_TRUE(diagnostic.kind == Diagnostic::Race || diagnostic.kind == Diagnostic::Deadlock ||
                  diagnostic.kind == Diagnostic::Operand) // a fill may overlap its own operand
          << "seed " << seed << ": " << diagnostic.message;
    }
    ASSERT_EQ(race, expected == Expected::Race) << "seed " << seed;
    if (expected != Expected::Race) {
      ASSERT_EQ(deadlock, expected == Expected::Deadlock) << "seed " << seed;
    }
    ASSERT_EQ(result.accepted, verify(unrollLoops(program), chip).accepted) << "seed " << seed;
    ++seen[expected];
  }
  for (Expected kind : {Expected::Accepted, Expected::Race, Expected::Deadlock})
    EXPECT_GT(seen[kind], 50) << "kind " << int(kind);
}

} // namespace
} // namespace arsis::isa::test
