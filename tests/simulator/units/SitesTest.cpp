// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What is worked out once for all instances that agree against what is worked out for each: random loop nests
// with ragged edges, operands that begin anywhere in a word and streams that wait for each other give the
// same record in every number.
#include "tests/MessageOf.h"
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

#include <random>

namespace arsis::sim::test {
namespace {

/// Programs for `tiny`: 64 KiB of scratchpad, 256 rows of accumulator, an array of 8 x 8.
class Programs {
public:
  explicit Programs(uint32_t seed) : random(seed) {}

  isa::Program make() {
    isa::Program program;
    program.dramBytes = 1 << 16;
    isa::Tensor tensor;
    tensor.name = "x";
    tensor.role = isa::TensorRole::State;
    tensor.shape = {1, 1, 64, 64};
    tensor.stride = {4096, 4096, 64, 1};
    program.tensors.push_back(tensor);
    for (int i = 0; i < 3; ++i)
      program.locations.push_back({"layer" + std::to_string(i), "fwd", "op"});
    const isa::StreamKind kinds[] = {isa::StreamKind::Load, isa::StreamKind::Matrix, isa::StreamKind::Drain,
                                     isa::StreamKind::Vector, isa::StreamKind::Store};
    for (size_t s = 0; s < std::size(kinds); ++s) {
      program.streams.push_back({kinds[s], 0, {}});
      program.counterStream.push_back(static_cast<uint8_t>(s));
      stream = s;
      completed.push_back(0);
      for (int64_t nest = number(1, 3); nest > 0; --nest)
        addNest(program.streams.back());
    }
    return program;
  }

private:
  int64_t number(int64_t least, int64_t most) {
    return least + static_cast<int64_t>(random() % static_cast<uint32_t>(most - least + 1));
  }
  bool chance(int percent) { return number(1, 100) <= percent; }

  void addNest(isa::Stream &to) {
    loops.clear();
    for (int64_t depth = number(1, 3); depth > 0; --depth) {
      loops.push_back(number(1, 6));
      isa::Instruction loop;
      loop.body = isa::Loop{static_cast<uint32_t>(loops.back())};
      to.instructions.push_back(loop);
    }
    for (int64_t i = number(1, 3); i > 0; --i)
      addInstructions(to);
    for (size_t d = 0; d < loops.size(); ++d) {
      isa::Instruction end;
      end.body = isa::EndLoop{};
      to.instructions.push_back(end);
    }
  }

  int64_t instances() const {
    int64_t count = 1;
    for (int64_t loop : loops)
      count *= loop;
    return count;
  }
  /// 0 for the first instance, one more for each.
  isa::Affine ordinal() const {
    isa::Affine value;
    int64_t stride = 1;
    for (size_t d = loops.size(); d-- > 0; stride *= loops[d])
      isa::addTerm(value.terms, static_cast<uint8_t>(d), stride);
    return value;
  }
  isa::Extent extent(int64_t tile) {
    if (chance(60))
      return tile;
    isa::Affine left(number(0, 2 * tile));
    isa::addTerm(left.terms, static_cast<uint8_t>(number(0, static_cast<int64_t>(loops.size()) - 1)),
                 number(-tile, tile));
    return {tile, left};
  }
  /// Bytes below 32 KiB.
  isa::Address address() {
    isa::Address value(4 * number(0, 1000));
    for (size_t d = 0; d < loops.size(); ++d)
      if (chance(70))
        isa::addTerm(value.strides, static_cast<uint8_t>(d),
                     chance(50) ? 64 * number(-2, 8) : 4 * number(0, 60));
    for (const isa::Term &term : value.strides)
      value.base -= std::min<int64_t>(0, term.stride * loops[term.loop]);
    if (chance(30)) {
      value.slots = static_cast<uint32_t>(number(2, 3));
      value.slotSize = 4 * number(1, 500);
      value.slot = ordinal();
    }
    return value;
  }
  int32_t stride() { return static_cast<int32_t>(chance(60) ? number(0, 4) : number(0, 40)); }

  void addInstructions(isa::Stream &to) {
    switch (to.kind) {
    case isa::StreamKind::Load:
      return add(to, transfer<isa::Load>());
    case isa::StreamKind::Store:
      return add(to, transfer<isa::Store>());
    case isa::StreamKind::Matrix: {
      isa::LoadWeights load;
      load.bank = ordinal();
      load.source = address();
      load.kCount = {1, 1, extent(8)};
      load.kStride = {0, 0, stride()};
      load.nCount = number(1, 8);
      load.nStride = stride();
      isa::Multiply multiply;
      multiply.bank = load.bank;
      multiply.source = address();
      multiply.kCount = load.kCount;
      multiply.kStride = {0, 0, stride()};
      multiply.mCount = {1, extent(3), extent(9)};
      multiply.mStride = {0, stride(), stride()};
      multiply.acc = number(0, 100);
      multiply.accStride = {0, 9, 1};
      multiply.accumulate = chance(50) ? ordinal() : isa::Affine(number(0, 1));
      add(to, load);
      return add(to, multiply);
    }
    case isa::StreamKind::Drain: {
      isa::Drain drain;
      drain.acc = number(0, 100);
      drain.mCount = {1, extent(3), extent(9)};
      drain.accStride = {0, 9, 1};
      drain.nCount = extent(8);
      drain.destination = address();
      drain.destinationStride = {0, stride(), stride()};
      drain.columnStride = stride();
      return add(to, drain);
    }
    default:
      return addVector(to);
    }
  }
  void addVector(isa::Stream &to) {
    const std::array<isa::Extent, 4> box{1, extent(2), extent(3), extent(11)};
    const auto strides = [&] { return std::array<int32_t, 4>{0, stride(), stride(), stride()}; };
    if (chance(50)) {
      isa::Map map;
      map.function = static_cast<isa::VectorFunction>(number(0, 3));
      map.count = box;
      map.destination = address();
      map.destinationStride = strides();
      map.a = address();
      map.aStride = strides();
      map.b = address();
      map.bStride = strides();
      map.c = address();
      map.cStride = strides();
      return add(to, map);
    }
    isa::Reduce reduce;
    reduce.count = box;
    reduce.reduceMask = static_cast<uint8_t>(number(1, 15));
    reduce.destination = address();
    reduce.destinationStride = strides();
    reduce.a = address();
    reduce.aStride = strides();
    reduce.accumulate = chance(50) ? ordinal() : isa::Affine(number(0, 1));
    add(to, reduce);
  }
  template <class Transfer> Transfer transfer() {
    Transfer body;
    for (size_t d = 2; d < 4; ++d) {
      body.coordinate[d] = isa::Affine(number(-4, 40));
      isa::addTerm(body.coordinate[d].terms, 0, number(0, 8));
      body.box[d] = extent(9);
    }
    body.local = address();
    body.localStride = {0, 0, 9, 1};
    return body;
  }

  template <class Body> void add(isa::Stream &to, const Body &body) {
    isa::Instruction instruction;
    instruction.body = body;
    instruction.location = static_cast<uint32_t>(number(0, 2));
    if (stream > 0 && chance(60)) { // for a stream before this one, so that nobody waits in a circle
      const auto other = static_cast<uint8_t>(number(0, static_cast<int64_t>(stream) - 1));
      isa::Affine value = ordinal();
      value.base = std::min<int64_t>(number(0, 20), completed[other] - instances());
      instruction.waits[0] = {other, value};
      instruction.waitCount = 1;
    }
    instruction.increment = static_cast<uint8_t>(stream);
    completed[stream] += instances();
    to.instructions.push_back(instruction);
  }

  std::mt19937 random;
  std::vector<int64_t> loops;
  std::vector<int64_t> completed; // instances of each stream
  size_t stream = 0;
};

std::string textOf(const RunRecord &record) {
  std::ostringstream text;
  text.precision(17);
  text << record.totalCycles << ' ' << record.totalNanoseconds << '\n';
  const auto put = [&](const auto &values) {
    for (const auto &value : values)
      text << value << ' ';
    text << '\n';
  };
  for (const UnitRecord &unit : record.units) {
    text << unit.name << ' ' << unit.instructions << ' ' << unit.account.busy() << ' ' << unit.account.idle();
    for (size_t c = 0; c < kCauseCount; ++c)
      text << ' ' << unit.account.stalled(static_cast<Cause>(c));
    text << '\n';
    for (const EventCounts &row : unit.events.rows)
      put(row.count);
    put(unit.events.busyCycles);
    for (const auto &row : unit.events.stalledCycles)
      put(row);
    put(unit.events.dramTime);
  }
  put(record.layers.cycles);
  put(record.layers.first);
  put(record.layers.last);
  for (const Statistic &statistic : record.statistics.entries())
    text << statistic.name << ' ' << statistic.value << '\n';
  if (record.tracer) {
    for (const TraceEntry &entry : record.tracer->instructions)
      text << entry.unit << ' ' << entry.position << ' ' << entry.begin << ' ' << entry.end << '\n';
    for (const Tracer::Window &window : record.tracer->windows)
      put(window);
  }
  return text.str();
}

TEST(Sites, WorkedOutOnceOrEachTimeEveryNumberIsTheSame) {
  const chip::Chip chip = chipWith({}), sixPasses = chipWith({{"matrix.fp32_passes", 6}});
  uint64_t instances = 0;
  for (uint32_t seed = 0; seed < 120; ++seed) {
    const isa::Program program = Programs(seed).make();
    const chip::Chip &on = seed % 3 == 0 ? sixPasses : chip;
    const std::optional<uint64_t> latencies = seed % 5 == 0 ? std::optional<uint64_t>(seed) : std::nullopt;
    const std::optional<TraceOptions> trace =
        seed % 2 == 0 ? std::optional(TraceOptions{TraceDetail::Instructions}) : std::nullopt;
    const auto run = [&](bool each) {
      return runTimed(program, on, memorySizes(on), nullptr, latencies, trace, false, each);
    };
    const RunRecord once = run(false);
    for (const UnitRecord &unit : once.units)
      instances += unit.instructions;
    ASSERT_EQ(textOf(once), textOf(run(true))) << "seed " << seed;
  }
  EXPECT_GT(instances, 10000u);
}

/// An instance at fault is found where it is, however many sound ones of the same instruction came before.
TEST(Sites, TheFirstInstanceThatLeavesTheScratchpadIsRefused) {
  isa::Program program;
  program.streams.push_back({isa::StreamKind::Vector, 0, {}});
  isa::Map map;
  map.count = {1, 1, 1, 16};
  map.destinationStride = map.aStride = {0, 0, 0, 1};
  map.destination = isa::Address(0);
  isa::addTerm(map.destination.strides, 0, 6400);
  for (const isa::Body &body : {isa::Body(isa::Loop{12}), isa::Body(map), isa::Body(isa::EndLoop{})}) {
    isa::Instruction instruction;
    instruction.body = body;
    program.streams[0].instructions.push_back(instruction);
  }
  const chip::Chip chip = chipWith({});
  for (const bool each : {false, true})
    EXPECT_EQ(
        messageOf([&] {
          runTimed(program, chip, memorySizes(chip), nullptr, std::nullopt, std::nullopt, false, each);
        }),
        "vector 0, instruction 1 (map): destination reaches bytes 70400 to 70464 of a scratchpad of 65536 "
        "bytes");
}

} // namespace
} // namespace arsis::sim::test
