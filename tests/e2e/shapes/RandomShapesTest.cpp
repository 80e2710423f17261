// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Convolutions of random shape through the whole of Arsis in one process: compiled, proven, run on the
// machine and held to the oracle bit for bit, forward and both gradients; those in groups under schedules
// that hold the strategy and how many groups are packed. Shapes are drawn from a fixed seed; those that have
// no output by the rule of ONNX must be refused, and nothing else may be.
#include "compiler/Pipelines/Compile.h"
#include "compiler/Pipelines/Diagnostics.h"
#include "tests/e2e/shapes/Shapes.h"

#include "mlir/Parser/Parser.h"

#include <gtest/gtest.h>

namespace arsis::testing {
namespace {

constexpr int kShards = 10, kCasesPerShard = 500, kPoolingsPerShard = 100, kGroupedPerShard = 100;

/// A function of all three passes.
std::string moduleOf(const Case &c) {
  // An output of nothing has no tensor; then the type is wrong and the shape rule is what must say so.
  std::string x = type({c.batch, c.h.input, c.w.input, c.groups * c.channels}),
              w = type({c.h.kernel, c.w.kernel, c.channels, c.groups * c.outputs}),
              y = type({c.batch, std::max(1, c.h.output()), std::max(1, c.w.output()), c.groups * c.outputs});
  auto window = [&](int pass) {
    const std::string &schedule = c.schedules[pass];
    return c.window() + " {groups = " + std::to_string(c.groups) +
           (schedule.empty() ? "" : ", schedule = #nn.schedule<" + schedule + ">") + "} : (";
  };
  return "func.func @forward(" + argument("x", x) + ", " + argument("w", w) + ", " + argument("gy", y) +
         ") -> (" + result("y", y) + ", " + result("gx", x) + ", " + result("gw", w) +
         ") {\n  %y = nn.conv2d %x, %w" + window(0) + x + ", " + w + ") -> " + y +
         "\n  %gx = nn.conv2d_grad_input %gy, %w" + window(1) + y + ", " + w + ") -> " + x +
         "\n  %gw = nn.conv2d_grad_weight %x, %gy" + window(2) + x + ", " + y + ") -> " + w +
         "\n  return %y, %gx, %gw : " + y + ", " + x + ", " + w + "\n}\n";
}

/// Both poolings with their gradients. `ceil`: an output that hangs over the end counts.
std::string poolingOf(const Case &c, bool ceil, bool includePad) {
  auto extent = [&](const Axis &a) {
    bool more = ceil && a.room() % a.stride && a.output() * a.stride < a.input + a.before;
    return a.output() + more;
  };
  std::string x = type({c.batch, c.h.input, c.w.input, c.channels}),
              y = type({c.batch, extent(c.h), extent(c.w), c.channels});
  std::string window = " kernel [" + list({c.h.kernel, c.w.kernel}, ", ") + "]" + c.window();
  std::string average = window + (includePad ? " {count_include_pad = true}" : "");
  return "func.func @forward(" + argument("x", x) + ", " + argument("gy", y) + ") -> (" + result("max", y) +
         ", " + result("gmax", x) + ", " + result("avg", y) + ", " + result("gavg", x) +
         ") {\n  %0 = nn.max_pool %x" + window + " : (" + x + ") -> " + y +
         "\n  %1 = nn.max_pool_grad %x, %gy" + window + " : (" + x + ", " + y + ") -> " + x +
         "\n  %2 = nn.avg_pool %x" + average + " : (" + x + ") -> " + y + "\n  %3 = nn.avg_pool_grad %gy" +
         average + " : (" + y + ") -> " + x + "\n  return %0, %1, %2, %3 : " + y + ", " + x + ", " + y +
         ", " + x + "\n}\n";
}

constexpr std::array kPrecisions = {"fp32", "bf16", "fp16"};

/// What the nn verifier says to a shape; empty if it takes it.
std::string refusal(mlir::MLIRContext &context, const std::string &text) {
  compiler::DiagnosticLog log(context);
  mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  return log.errors();
}

class RandomShapes : public ::testing::TestWithParam<int> {};

TEST_P(RandomShapes, ThreePassesAgreeWithTheOracle) {
  std::unique_ptr<mlir::MLIRContext> context = compiler::makeContext();
  Draw draw(1000 + GetParam());
  for (int done = 0; done < kCasesPerShard;) {
    Case c = draw.shape();
    std::string text = moduleOf(c);
    if (!c.hasOutput()) {
      ASSERT_NE(refusal(*context, text).find("(conv_c5)"), std::string::npos) << text;
      continue;
    }
    const NamedChip &chip = chips()[done % chips().size()];
    const char *precision = kPrecisions[size_t(done) / chips().size() % kPrecisions.size()];
    ASSERT_NO_THROW(ASSERT_EQ(run(*context, text, chip, precision, draw), "")
                    << chip.units << " arrays of " << chip.path << " in " << precision << "\n"
                    << text)
        << text;
    ++done;
  }
}

/// Holds a strategy of each pass, or a pack of groups and a tile of some packs; or nothing.
void holdGroups(Case &c, const chip::Chip &chip, Draw &draw) {
  const int rows = int(chip.integer("matrix.rows")), columns = int(chip.integer("matrix.cols")),
            accumulatorRows = int(chip.integer("matrix.accumulator_rows"));
  const std::array<int, 3> summed = {c.channels, c.outputs, 1}, beside = {c.outputs, c.channels, c.outputs};
  for (size_t pass = 0; pass < 3; ++pass) {
    const int most = std::min({c.groups, rows / summed[pass], columns / beside[pass]});
    switch (draw.between(0, 3)) {
    case 0:
      c.schedules[pass] = "";
      break;
    case 1:
      c.schedules[pass] = c.channels == 1 ? "\"depthwise\"" : "tiles = {g = 1}";
      break;
    default:
      const int pack = draw.between(1, std::max(1, most)), tile = pack * draw.between(1, 3);
      c.schedules[pass] = std::string("\"") + (pass == 2 ? "pixel" : "weight") + "_stationary\"";
      const bool fits = pass < 2 || c.w.kernel * c.channels * tile <= accumulatorRows; // of one kernel row
      if (tile > 1 && most >= 1 && fits)
        c.schedules[pass] +=
            ", pack = {g = " + std::to_string(pack) + "}, tiles = {g = " + std::to_string(tile) + "}";
    }
  }
}

TEST_P(RandomShapes, GroupsAgreeWithTheOracle) {
  std::unique_ptr<mlir::MLIRContext> context = compiler::makeContext();
  Draw draw(3000 + GetParam());
  for (int done = 0; done < kGroupedPerShard;) {
    Case c = draw.groups();
    if (!c.hasOutput())
      continue;
    const NamedChip &chip = chips()[done % chips().size()];
    const char *precision = kPrecisions[size_t(done) / chips().size() % kPrecisions.size()];
    holdGroups(c, chip.chip, draw);
    const std::string text = moduleOf(c);
    ASSERT_NO_THROW(ASSERT_EQ(run(*context, text, chip, precision, draw), "")
                    << chip.units << " arrays of " << chip.path << " in " << precision << "\n"
                    << text)
        << text;
    ++done;
  }
}

/// A depthwise convolution of 3x3 that sums up its result, which it stores too, in one type.
std::string summing(int batch, int size, int groups, int multiplier, const std::string &element,
                    const std::string &strategy) {
  const std::string x = type({batch, size, size, groups}, element),
                    w = type({3, 3, 1, groups * multiplier}, element),
                    y = type({batch, size, size, groups * multiplier}, element),
                    s = type({groups * multiplier});
  return "func.func @forward(" + argument("x", x) + ", " + argument("w", w) + ") -> (" + result("y", y) +
         ", " + result("s", s) + ") {\n  %y, %s = nn.unit(%x, %w) {schedule = #nn.schedule<\"" + strategy +
         "\">} : (" + x + ", " + w + ") -> (" + y + ", " + s + ") {\n  ^bb0(%a: " + x + ", %b: " + w +
         "):\n    %0 = nn.conv2d %a, %b strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] {groups = " +
         std::to_string(groups) + "} : (" + x + ", " + w + ") -> " + y + "\n    %1 = nn.channel_sum %0 : (" +
         y + ") -> " + s + "\n    nn.yield %0, %1 : " + y + ", " + s + "\n  }\n  return %y, %s : " + y +
         ", " + s + "\n}\n";
}

/// The sum is of the values as they are stored.
TEST(SumsOfDepthwise, AgreeWithTheOracle) {
  std::unique_ptr<mlir::MLIRContext> context = compiler::makeContext();
  Draw draw(4000);
  for (const char *element : {"f32", "bf16", "f16"})
    for (const char *strategy : {"depthwise", "weight_stationary"})
      for (const NamedChip &chip : chips())
        for (int multiplier : {1, 2}) {
          const std::string text =
              summing(2, draw.between(1, 4) * 2, draw.between(2, 20), multiplier, element, strategy);
          ASSERT_NO_THROW(ASSERT_EQ(run(*context, text, chip, "fp32", draw), "") << chip.path << "\n"
                                                                                 << text)
              << text;
        }
}

TEST_P(RandomShapes, PoolingsAgreeWithTheOracle) {
  std::unique_ptr<mlir::MLIRContext> context = compiler::makeContext();
  Draw draw(2000 + GetParam());
  for (int done = 0; done < kPoolingsPerShard;) {
    Case c = draw.shape();
    for (Axis *axis : {&c.h, &c.w}) { // pads are shorter than the window
      axis->before = std::min(axis->before, axis->dilation * (axis->kernel - 1));
      axis->after = std::min(axis->after, axis->dilation * (axis->kernel - 1));
    }
    if (!c.hasOutput())
      continue;
    std::string text = poolingOf(c, draw.between(0, 1), draw.between(0, 1));
    const NamedChip &chip = chips()[done % chips().size()];
    const char *precision = kPrecisions[size_t(done) / chips().size() % kPrecisions.size()];
    ASSERT_NO_THROW(ASSERT_EQ(run(*context, text, chip, precision, draw), "")
                    << chip.units << " arrays of " << chip.path << " in " << precision << "\n"
                    << text)
        << text;
    ++done;
  }
}

INSTANTIATE_TEST_SUITE_P(Shards, RandomShapes, ::testing::Range(0, kShards));

} // namespace
} // namespace arsis::testing
