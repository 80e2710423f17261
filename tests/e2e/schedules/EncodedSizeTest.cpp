// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Bytes of instructions as a price guesses them, from a layout, against those of the program.
#include "compiler/Schedule/EncodedSize.h"
#include "tests/e2e/schedules/Cases.h"
#include "tests/e2e/schedules/Trial.h"

#include <gtest/gtest.h>

#include <cmath>

namespace arsis::testing {
namespace {

using Sizes = std::map<std::string, std::vector<int64_t>>; // by the kind of instruction, in program order

/// Index of an action among the alternatives of a node that become instructions.
const char *const kKinds[] = {"",      "",    "load",   "store", "load_weights", "multiply",
                              "drain", "map", "reduce", "pool",  "pool_grad"};

Sizes guessed(const schedule::Layout &layout) {
  Sizes sizes;
  for (const schedule::Node &node : layout.nodes)
    if (const int64_t bytes = schedule::encodedSize(node, layout))
      sizes[kKinds[node.index()]].push_back(bytes);
  return sizes;
}

struct KindOf {
  template <class Body> const char *operator()(const Body &) const { return nullptr; } // loops, waits
  const char *operator()(const isa::Load &) const { return "load"; }
  const char *operator()(const isa::Store &) const { return "store"; }
  const char *operator()(const isa::LoadWeights &) const { return "load_weights"; }
  const char *operator()(const isa::Multiply &) const { return "multiply"; }
  const char *operator()(const isa::Drain &) const { return "drain"; }
  const char *operator()(const isa::Map &) const { return "map"; }
  const char *operator()(const isa::Reduce &) const { return "reduce"; }
  const char *operator()(const isa::Pool &) const { return "pool"; }
  const char *operator()(const isa::PoolGrad &) const { return "pool_grad"; }
};

Sizes encoded(const isa::Program &program) {
  Sizes sizes;
  for (const isa::Stream &stream : program.streams)
    for (const isa::Instruction &instruction : stream.instructions)
      if (const char *kind = std::visit(KindOf{}, instruction.body))
        sizes[kind].push_back(static_cast<int64_t>(isa::encodedSize(instruction)));
  return sizes;
}

TEST(EncodedSize, IsWithinAFewBytesOfTheProgram) {
  constexpr size_t kSchedules = 4;
  constexpr double kMean = 12.5, kWorst = 30;          // bytes
  std::map<std::string, std::array<double, 3>> errors; // by kind: instructions, sum, worst
  for (const OperationClass &classOf : operationClasses())
    for (const char *name : {"edge", "datacentre"}) {
      std::mt19937 random(3);
      const Operation operation(classOf.modules.front(), chip::Chip::load(name));
      for (const schedule::Choice &choice : operation.draw(kSchedules, random)) {
        const Sizes guess = guessed(operation.space().layout(choice)),
                    real = encoded(operation.lower(choice));
        for (const auto &[kind, sizes] : real) {
          const auto found = guess.find(kind);
          ASSERT_TRUE(found != guess.end() && found->second.size() == sizes.size())
              << classOf.name << ": " << sizes.size() << " instructions of " << kind;
          for (size_t i = 0; i < sizes.size(); ++i) {
            auto &[count, sum, worst] = errors[kind];
            const auto error = static_cast<double>(found->second[i] - sizes[i]);
            ++count;
            sum += error;
            worst = std::max(worst, std::abs(error));
          }
        }
      }
    }
  for (const auto &[kind, error] : errors) {
    const auto &[count, sum, worst] = error;
    EXPECT_LE(std::abs(sum / count), kMean) << kind;
    EXPECT_LE(worst, kWorst) << kind;
  }
}

} // namespace
} // namespace arsis::testing
