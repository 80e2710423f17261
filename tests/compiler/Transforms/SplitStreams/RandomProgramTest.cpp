// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random programs go through the whole way from tile IR to a binary; the binary verifier, which knows nothing
// of tile IR, must find no race and no deadlock. And the waits are not there for show: without them it finds
// races.
#include "tests/compiler/Transforms/SplitStreams/RandomProgram.h"

#include "arch_configs/reader/Options.h"
#include "compiler/Pipelines/Pipeline.h"
#include "compiler/Target/Translate.h"
#include "dialects/Isa/Verifier/Verifier.h"
#include "mlir/IR/Verifier.h"
#include <gtest/gtest.h>

using namespace mlir;
using namespace arsis;

namespace {

chip::Chip testChip() {
  return chip::Chip::load("tiny").withOverride("matrix.units", "2").withOverride("dma.load_queues", "2");
}

FailureOr<isa::Program> compile(MLIRContext &context, unsigned seed, const chip::Chip &chip) {
  OwningOpRef<ModuleOp> module = test::makeRandomProgram(context, seed);
  PassManager passes(&context);
  compiler::addTileToIsaPasses(passes, chip.name, chip::overridesOf(chip));
  if (failed(passes.run(*module)))
    return failure();
  return compiler::translateToProgram(*module);
}

std::string text(const isa::VerificationResult &result) {
  std::string all;
  for (const isa::Diagnostic &diagnostic : result.diagnostics)
    all += diagnostic.message + "\n";
  return all;
}

class RandomPrograms : public testing::TestWithParam<unsigned> {};

} // namespace

TEST_P(RandomPrograms, AreAccepted) {
  chip::Chip chip = testChip();
  unsigned removed = 0, missed = 0;
  for (unsigned seed = GetParam(); seed < GetParam() + 50; ++seed) {
    MLIRContext context(MLIRContext::Threading::DISABLED);
    FailureOr<isa::Program> program = compile(context, seed, chip);
    ASSERT_TRUE(succeeded(program)) << "seed " << seed;
    isa::validateProgram(*program);
    isa::VerificationResult result = isa::verify(*program, chip);
    ASSERT_TRUE(result.accepted) << "seed " << seed << "\n" << text(result) << isa::disassemble(*program);

    bool waited = false;
    for (isa::Stream &stream : program->streams)
      for (isa::Instruction &instruction : stream.instructions) {
        waited |= instruction.waitCount > 0;
        instruction.waitCount = 0;
      }
    if (!waited)
      continue;
    ++removed;
    missed += isa::verify(*program, chip).accepted;
  }
  EXPECT_EQ(missed, 0u) << "of " << removed << " programs that need no waits at all";
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomPrograms, testing::Values(0u, 1000u, 2000u, 3000u));

TEST(Translate, RoundTripsRandomPrograms) {
  chip::Chip chip = testChip();
  for (unsigned seed = 0; seed < 20; ++seed) {
    MLIRContext context(MLIRContext::Threading::DISABLED);
    FailureOr<isa::Program> program = compile(context, seed, chip);
    ASSERT_TRUE(succeeded(program));
    OwningOpRef<ModuleOp> module = compiler::translateFromProgram(context, *program);
    ASSERT_TRUE(succeeded(mlir::verify(*module)));
    FailureOr<isa::Program> again = compiler::translateToProgram(*module);
    ASSERT_TRUE(succeeded(again));
    EXPECT_TRUE(*again == *program) << "seed " << seed;
    EXPECT_EQ(isa::encodeProgram(*again), isa::encodeProgram(*program));
  }
}
