// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A verdict that is recorded in a program is believed as long as nothing that it covers has changed, the
// verifier is the same, and the chip offers what it asks for.
#include "dialects/Isa/Verifier/Record.h"
#include "tests/MessageOf.h"
#include "tests/dialects/Isa/Verifier/Programs.h"

#include <functional>

namespace arsis::isa::test {
namespace {

constexpr const char *kWait = "after(c0 >= 1) ";

/// Load, relu, store; the relu waits for the load or does not.
Program pipeline(const std::string &wait = kWait) {
  return assemble(head() + "placement spm buffer 0 512 slots 1 layer conv1\nrequires scratchpad.kib >= 1\n" +
                      "stream load 0\n" + load() + "stream vector 0\n" + relu(wait + "increment(c1)") +
                      "stream store 0\n" + store("after(c1 >= 1)"),
                  "test.s");
}

Program proven() {
  Program program = pipeline();
  VerificationResult result = verify(program, chip::Chip::load("tiny"));
  EXPECT_TRUE(result.accepted);
  recordVerdict(program, result);
  return program;
}

Program throughFile(const Program &program) {
  std::vector<uint8_t> bytes = encodeProgram(program);
  return decodeProgram(bytes.data(), bytes.size());
}

TEST(Record, IsBelievedAfterAWayThroughTheFile) {
  Program program = throughFile(proven());
  ASSERT_TRUE(program.verdict);
  EXPECT_EQ(whyUnproven(program, chip::Chip::load("tiny")), "");
  EXPECT_TRUE(prove(program, chip::Chip::load("tiny")).recorded);
}

TEST(Record, ListsWhatTheProgramNeedsOfAChip) {
  const Program program = proven();
  std::string asked;
  for (const Requirement &r : program.verdict->capacities)
    asked += r.key + (r.relation == Requirement::Equal ? " == " : " >= ") + std::to_string(r.value) + "\n";
  EXPECT_EQ(asked, "matrix.rows == 8\nmatrix.cols == 8\nmatrix.weight_banks == 2\nscratchpad.kib >= 1\n"
                   "dma.load_queues >= 1\ndma.store_queues >= 1\ndram.capacity_mib >= 1\n");
}

TEST(Record, IsNoPartOfEqualityNorOfTheAssembly) {
  Program program = proven();
  EXPECT_TRUE(program == pipeline());
  Program again = assemble(disassemble(program), "again.s");
  EXPECT_FALSE(again.verdict);
  Proof proof = prove(again, chip::Chip::load("tiny"));
  EXPECT_FALSE(proof.recorded);
  EXPECT_EQ(proof.why, "the program carries no verdict");
}

TEST(Record, AnEditedProgramIsVerifiedAndRejectedIfItRaces) {
  Program program = proven();
  program.streams[1] = pipeline("").streams[1]; // without the wait
  program = throughFile(program);
  const chip::Chip chip = chip::Chip::load("tiny");
  EXPECT_EQ(whyUnproven(program, chip), "the program has changed since its verdict");
  EXPECT_NE(messageOf([&] {
              prove(program, chip);
            }).find("the verifier rejects the program on chip tiny: [race] map at position 0 of vector 0"),
            std::string::npos);
}

TEST(Record, AnEditedProgramThatIsSoundIsVerifiedAndRuns) {
  Program program = proven();
  std::get<Load>(program.streams[0].instructions[0].body).fill = 1;
  Proof proof = prove(program, chip::Chip::load("tiny"));
  EXPECT_FALSE(proof.recorded);
  EXPECT_EQ(proof.why, "the program has changed since its verdict");
}

struct Change {
  const char *what;
  std::function<void(Program &)> apply;
  bool covered;
};

TEST(Record, CoversEverythingThatDecidesAVerdictAndNothingElse) {
  const Change changes[] = {
      {"a wait", [](Program &p) { p.streams[1].instructions[0].waitCount = 0; }, true},
      {"an increment", [](Program &p) { p.streams[0].instructions[0].increment.reset(); }, true},
      {"a stream", [](Program &p) { p.streams.pop_back(); }, true},
      {"the DRAM", [](Program &p) { p.dramBytes += 4; }, true},
      {"a counter", [](Program &p) { p.counterStream.push_back(0); }, true},
      {"an address", [](Program &p) { p.tensors[0].address = 256; }, true},
      {"a shape", [](Program &p) { p.tensors[0].shape[2] = 7; }, true},
      {"a stride", [](Program &p) { p.tensors[0].stride[2] = 4; }, true},
      {"a role", [](Program &p) { p.tensors[0].role = TensorRole::Temporary; }, true},
      {"an element type", [](Program &p) { p.tensors[0].type = ElementType::F16; }, true},
      {"when it is complete", [](Program &p) { p.tensors[1].completeValue = 1; }, true},
      {"an instruction's location", [](Program &p) { p.streams[0].instructions[0].location = 1; }, true},
      {"a layer", [](Program &p) { p.locations[0].layer = "conv2"; }, true},
      {"a requirement", [](Program &p) { p.requirements[0].value = 2; }, true},
      {"the memory plan", [](Program &p) { p.placements[0].end = 256; }, true},
      {"an initial value's presence", [](Program &p) { p.initials.pop_back(); }, true},
      {"an initial value", [](Program &p) { p.initials[0].value = Splat{1}; }, false},
      {"where an initial value is",
       [](Program &p) {
         p.initials[0].value = FileRange{0, 8};
       },
       false},
      {"a file",
       [](Program &p) {
         p.files.push_back({"w", 264, {}});
       },
       false},
      {"an option", [](Program &p) { p.options["chip"] = "edge"; }, false},
      {"the nn module", [](Program &p) { p.nnModule = "module {}"; }, false},
      {"what is not observable", [](Program &p) { p.notObservable.push_back("x"); }, false},
  };
  for (const Change &change : changes) {
    Program program = pipeline();
    program.initials.push_back({0, Splat{}});
    const uint64_t before = verdictHash(program);
    change.apply(program);
    EXPECT_EQ(verdictHash(program) != before, change.covered) << change.what;
  }
}

TEST(Record, OfAnotherVerifierIsNotBelieved) {
  Program program = proven();
  ++program.verdict->verifierVersion;
  EXPECT_EQ(whyUnproven(program, chip::Chip::load("tiny")),
            "the verdict is of version " + std::to_string(kVerifierVersion + 1) +
                " of the verifier, this is version " + std::to_string(kVerifierVersion));
}

TEST(Record, HoldsOnALargerChipAndNotOnASmallerOne) {
  Program program = proven();
  const chip::Chip tiny = chip::Chip::load("tiny");
  EXPECT_TRUE(
      prove(program, tiny.withOverrides({{"scratchpad.kib", "128"}, {"dma.load_queues", "2"}})).recorded);
  const chip::Chip narrow = tiny.withOverrides({{"matrix.cols", "4"}});
  EXPECT_EQ(whyUnproven(program, narrow), "the verdict asks for matrix.cols == 8, found 4 on chip tiny");
  EXPECT_FALSE(prove(program, narrow).recorded); // verified for this chip, and accepted

  program.requirements[0].value = 100; // of the scratchpad
  recordVerdict(program, verify(program, tiny.withOverrides({{"scratchpad.kib", "128"}})));
  EXPECT_EQ(whyUnproven(program, tiny), "the verdict asks for scratchpad.kib >= 100, found 64 on chip tiny");
  EXPECT_NE(messageOf([&] {
              prove(program, tiny);
            }).find("[chip] the program requires scratchpad.kib >= 100, found 64"),
            std::string::npos);
}

} // namespace
} // namespace arsis::isa::test
