// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The search: what it picks fits, pins hold, and what cannot fit is explained.
#include "compiler/Schedule/Vector.h"
#include "compiler/Schedule/WeightGradient.h"
#include "compiler/Schedule/Window.h"
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Volume.h"
#include "tests/compiler/Schedule/Problems.h"

#include <gtest/gtest.h>

#include <map>
#include <random>

using namespace arsis;
using namespace arsis::schedule;
using namespace arsis::schedule::testing;

namespace {

/// A pooling over two axes that are alike.
WindowSpace pooling(const ChipLimits &limits, const Window &window, int64_t batch, int64_t channels,
                    bool average, bool gradient) {
  Unit unit; // the forward pass's input and output; a gradient has them the other way round
  unit.values.resize(3);
  unit.values[0].shape = unit.values[2].shape = {batch, window.input, window.input, channels};
  unit.values[1].shape = {batch, window.output, window.output, channels};
  Pooling result;
  result.batch = batch;
  result.h = result.w = window;
  result.channels = channels;
  result.average = average;
  result.gradient = gradient;
  result.input = gradient && average ? -1 : 0;
  result.outputGradient = gradient ? 1 : -1;
  result.result = gradient ? 2 : 1;
  return {limits, unit, result};
}

} // namespace

TEST(Space, EveryPassFitsTheTinyMachine) {
  for (int64_t channels : {1, 3, 20, 64, 512})
    for (int64_t kernel : {1, 3, 7})
      for (int64_t stride : {1, 2}) {
        auto of = [&](Convolution::Pass pass) { return convolution(pass, 28, kernel, stride, channels, 40); };
        Contraction forward(tiny().limits, of(Convolution::Forward)),
            gradInput(tiny().limits, of(Convolution::GradInput));
        WeightGradient gradWeight(tiny().limits, of(Convolution::GradWeight));
        for (const Space *space : std::initializer_list<const Space *>{&forward, &gradInput, &gradWeight}) {
          Infeasible why;
          std::optional<Solution> solution = solve(*space, tiny(), {}, why);
          ASSERT_TRUE(solution) << why.reason;
          EXPECT_EQ(checkFit(*space, space->evaluate(solution->best.choice)), "");
        }
      }
}

TEST(Space, FewChannelsArePackedIntoTheRows) {
  Contraction problem(edge().limits, forward(28, 5, 1, 3, 8));
  Infeasible why;
  Plan plan = problem.plan(solve(problem, edge(), {}, why)->best.choice);
  EXPECT_EQ(plan.dims, std::vector<std::string>({"c", "kh", "kw"}));
  EXPECT_EQ(plan.chunks, std::vector<int64_t>({3, 1, 5}));
}

/// What the search takes for one thing costs the same to the last cycle, byte and instruction; how many slots
/// rings have aside, of which more are slower by 3 % at most.
TEST(Space, ChoicesOfOneEssenceCostTheSame) {
  auto of = [&](Convolution::Pass pass) { return convolution(pass, 14, 3, 1, 40, 24); };
  Contraction forward(edge().limits, of(Convolution::Forward)),
      gradInput(edge().limits, of(Convolution::GradInput));
  WeightGradient gradWeight(edge().limits, of(Convolution::GradWeight));
  for (const Space *space : std::initializer_list<const Space *>{&forward, &gradInput, &gradWeight}) {
    const std::vector<Field> fields = space->fields();
    const auto isSlots = [&](size_t i) { return fields[i].name.rfind("slots.", 0) == 0; };
    struct Seen {
      Estimate estimate;
      Choice choice;
    };
    std::map<Choice, std::vector<Seen>> seen;
    std::mt19937 random(5);
    int alike = 0;
    double worst = 0; // of more slots against fewer
    for (int draw = 0; draw < 20000; ++draw) {
      Choice choice;
      for (const Field &field : fields)
        choice.push_back(field.candidates[random() % field.candidates.size()]);
      const Evaluation evaluation = space->evaluate(choice);
      if (evaluation.invalid || evaluation.loops > kMostLoops || random() % 8 != 0)
        continue;
      Seen now{estimate(space->layout(choice), edge()), choice};
      std::vector<Seen> &others = seen[space->essence(choice)];
      for (const Seen &other : others) {
        bool sameSlots = true, more = true;
        for (size_t i = 0; i < fields.size(); ++i) {
          sameSlots &= !isSlots(i) || other.choice[i] == choice[i];
          more &= !isSlots(i) || other.choice[i] >= choice[i];
        }
        if (sameSlots && other.choice != choice) {
          ++alike;
          EXPECT_EQ(other.estimate.cycles, now.estimate.cycles);
          EXPECT_EQ(other.estimate.dramBytes, now.estimate.dramBytes);
          EXPECT_EQ(other.estimate.instructions, now.estimate.instructions);
        } else if (more) {
          worst = std::max(worst, other.estimate.cycles / now.estimate.cycles);
        }
      }
      others.push_back(std::move(now));
    }
    EXPECT_GT(alike, 20);
    EXPECT_GT(worst, 0);
    EXPECT_LT(worst, 1.03);
  }
}

TEST(Space, PinsHold) {
  Contraction problem(edge().limits, forward(28, 3, 1, 16, 16));
  Infeasible why;
  std::optional<Solution> solution =
      solve(problem, edge(), {"", {}, {{"tiles.n", 1}, {"tiles.oh", 5}, {"slots.tiles", 1}}}, why);
  ASSERT_TRUE(solution) << why.reason;
  EXPECT_EQ(field(problem, *solution, "tiles.oh"), 5);
  EXPECT_EQ(field(problem, *solution, "slots.tiles"), 1);
  EXPECT_FALSE(solve(problem, edge(), {"", {}, {{"tiles.speed", 3}}}, why));
  EXPECT_EQ(why.reason,
            "the schedule has no field 'tiles.speed', expected one of tiles.n tiles.oh tiles.ow tiles.c "
            "tiles.co resident.w slots.tiles slots.accumulator chunks.c chunks.kh chunks.kw");
}

TEST(Space, NamesTheBufferAndTheMissingBytes) {
  const ChipModel little(chipWith({{"scratchpad.kib", "1"}}));
  VectorProgram program; // an operand, and columns that cannot be cut
  program.rows = 4;
  program.columns = 1000;
  program.wholeColumns = true;
  Register operand;
  operand.operand = 0;
  program.registers = {operand, Register()};
  program.registers[1].results = {1};
  VectorOperation copy;
  copy.inputs = {0};
  copy.to = 1;
  program.operations = {copy};
  Unit unit;
  unit.values.resize(2);
  VectorSpace problem(little.limits, unit, program);
  Infeasible why;
  EXPECT_FALSE(solve(problem, little, {}, why));
  EXPECT_EQ(why.reason,
            "buffer 'operand' (4032 bytes) misses 7040 bytes of the scratchpad, which has 1024 bytes");

  Contraction conv(tiny().limits, forward(28, 3, 1, 16, 16));
  why.reason.clear();
  EXPECT_FALSE(solve(conv, tiny(),
                     {"",
                      {},
                      {{"tiles.n", 1},
                       {"tiles.oh", 28},
                       {"tiles.ow", 28},
                       {"tiles.c", 8},
                       {"slots.accumulator", 1},
                       {"tiles.co", 8}}},
                     why));
  EXPECT_EQ(
      why.reason,
      "buffer 'accumulator' (784 rows) misses 16896 bytes (528 rows) of the accumulator, which has 256 rows");
}

TEST(Space, WeightGradientTilesFollowThePlan) {
  for (int64_t size : {7, 14, 28, 30}) {
    WeightGradient problem(tiny().limits, convolution(Convolution::GradWeight, size, 3, 1, 32, 32));
    Infeasible why;
    std::optional<Solution> solution = solve(problem, tiny(), {}, why);
    ASSERT_TRUE(solution) << why.reason;
    WeightGradientTiling l = problem.tiling(solution->best.choice);
    if (l.order.counts[l.w] > 1) {
      EXPECT_LE(l.tileH, l.chunkH);
    }
    if (l.order.counts[l.h] > 1) {
      EXPECT_LE(l.tileN, l.chunkN);
    }
    EXPECT_LE(l.chunkN * l.chunkH * l.chunkW, tiny().limits.rows);
  }
}

TEST(Space, PoolGradientOwnsWholeStrides) {
  Window window{112, 56, 3, 2, 1, 1};
  WindowSpace problem = pooling(tiny().limits, window, 2, 64, false, true);
  Infeasible why;
  std::optional<Solution> solution = solve(problem, tiny(), {}, why);
  ASSERT_TRUE(solution) << why.reason;
  int64_t h = field(problem, *solution, "tiles.ih");
  EXPECT_TRUE(h % 2 == 0 || h >= 112);
}

TEST(Space, SizesBeyondEveryMemorySaturate) {
  const int64_t huge = int64_t(1) << 31;
  Buffer buffer{"tile", {huge, huge, huge, 3}, 2};
  EXPECT_EQ(buffer.elements(), arsis::isa::kSaturated);
  EXPECT_EQ(buffer.size(), arsis::isa::kSaturated);
}

// 128 x 128 positions of 256 x 256 windows on 129 channels are more than the 2^31 that an instruction may
// visit.
TEST(Space, APoolVisitsNoMoreThanOneInstructionMay) {
  const ChipModel large(chipWith({{"scratchpad.kib", "1048576"}}));
  Window window{256, 129, 128, 1, 1, 0};
  for (bool gradient : {false, true}) {
    WindowSpace problem = pooling(large.limits, window, 1, 129, true, gradient);
    Infeasible why;
    std::optional<Solution> solution = solve(problem, large, {}, why);
    ASSERT_TRUE(solution) << why.reason;
    WindowTiling l = problem.tiling(solution->best.choice);
    EXPECT_LE((gradient ? l.gradient : l.output).elements() * 128 * 128, arsis::isa::kLargestWork);
  }
}

/// Every beat of the DMA writes elements of different rows: as few as possible share a bank.
TEST(TurnedPitch, PutsNeighbouringRowsIntoDifferentBanks) {
  for (const char *name : {"tiny", "edge", "datacentre"}) {
    const ChipModel model(chip::Chip::load(name));
    const timing::Banks &banks = model.dma.banks;
    for (int64_t elementBytes : {2, 4})
      for (int64_t extent = 1; extent < 300; ++extent) {
        const int64_t pitch = model.limits.turnedPitch(extent, elementBytes);
        ASSERT_GE(pitch, extent);
        ASSERT_LE(2 * pitch, 3 * extent);
        const auto worst = [&](int64_t step) {
          return banks.use(banks.banks, step * elementBytes, elementBytes).cycles;
        };
        ASSERT_LE(worst(pitch), worst(extent)) << name << ", " << extent << " of " << elementBytes << " B";
        if (pitch != extent)
          ASSERT_EQ(worst(pitch), 1) << name << ", " << extent << " of " << elementBytes << " B";
      }
  }
}

/// 25,088 pixels are 196 chunks of 128 at least; on 16 rows and 4 banks a chunk does not leave its line.
TEST(WeightGradientSpace, ChunksFillTheArrayWithoutFillingTheBanks) {
  Convolution gradient = convolution(Convolution::GradWeight, 14, 3, 1, 256, 256);
  gradient.planDims = {"n", "oh", "ow"};
  gradient.shape.batch = 128;
  gradient.streamed.type = gradient.stationary.type = numerics::ElementType::BF16;
  const auto chunkOn = [&](const char *name) {
    const WeightGradient space(readChipLimits(chip::Chip::load(name)), gradient);
    std::array<int64_t, 3> chunk{};
    for (const Field &field : space.fields())
      for (size_t i = 0; i < 3; ++i)
        if (field.name == "chunks." + gradient.planDims[i])
          chunk[i] = field.candidates.front();
    return chunk;
  };
  const auto [n, h, w] = chunkOn("datacentre");
  EXPECT_LE(n * h * w, 128);
  EXPECT_LE(ceilDiv(128, n) * ceilDiv(14, h) * ceilDiv(14, w), 210);
  EXPECT_EQ(chunkOn("edge"), (std::array<int64_t, 3>{1, 1, 14}));
}

/// The weights of 3x3 taps for a whole large array are more than the scratchpad holds; shorter chunks fit.
TEST(Search, ALargeArrayBesideASmallScratchpadTakesShorterChunks) {
  const ChipModel model(chipWith({{"matrix.rows", "128"}, {"matrix.cols", "64"}}));
  for (Convolution::Pass pass : {Convolution::Forward, Convolution::GradInput}) {
    const Contraction space(model.limits, convolution(pass, 8, 3, 1, 256, 256));
    const auto chunkOf = [&](const Choice &choice) {
      const std::vector<Field> fields = space.fields();
      for (size_t i = 0; i < fields.size(); ++i)
        if (fields[i].name == "chunks.c")
          return choice[i];
      return int64_t(0);
    };
    Infeasible why;
    const std::optional<Solution> solution = solve(space, model, {}, why);
    ASSERT_TRUE(solution) << why.reason;
    EXPECT_LT(chunkOf(solution->best.choice), 128);
    Pins pins;
    pins.numbers["chunks.c"] = 128;
    EXPECT_FALSE(solve(space, model, pins, why));
    EXPECT_NE(why.reason.find("'weights'"), std::string::npos) << why.reason;
  }
}
