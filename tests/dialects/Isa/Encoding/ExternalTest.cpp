// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The registry of instructions from outside: the rules of a description, and what bounds an instance.
#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/Externals.h"
#include "tests/dialects/Isa/Encoding/RandomProgram.h"

#include <gtest/gtest.h>

#include <functional>

using namespace arsis;
using namespace arsis::isa;

namespace {

ExternalDescription sound() {
  return {0x90, "twist", "", StreamKind::Vector, 0, {{"count", Extent(4)}, {"a", Address(16)}}};
}

class Twist final : public ExternalInstruction {
public:
  explicit Twist(ExternalDescription description, ExternalWork theWork = {})
      : ExternalInstruction(std::move(description)), work(std::move(theWork)) {}
  ExternalWork workOf(const External &, const Evaluation &) const override { return work; }
  void compute(const External &, const ExternalWork &, const float *const *, float *) const override {}
  ExternalWork work;
};

std::string errorOf(const std::function<void()> &run) {
  try {
    run();
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

std::string errorOfAdding(const std::function<void(ExternalDescription &)> &change) {
  ExternalInstructions registry;
  ExternalDescription description = sound();
  change(description);
  return errorOf([&] { registry.add(std::make_unique<Twist>(description), "lib"); });
}

TEST(External, RulesOfADescription) {
  EXPECT_EQ(errorOfAdding([](ExternalDescription &) {}), "no error");
  for (unsigned opcode : {0u, 0x30u, 0x7fu})
    EXPECT_NE(errorOfAdding([&](ExternalDescription &d) {
                d.opcode = uint8_t(opcode);
              }).find("expected 0x80 or more"),
              std::string::npos);
  for (const char *mnemonic : {"", "Twist", "a b", "tensor", "increment", "2d"})
    EXPECT_NE(
        errorOfAdding([&](ExternalDescription &d) { d.mnemonic = mnemonic; }).find("expected a mnemonic"),
        std::string::npos)
        << mnemonic;
  EXPECT_EQ(errorOfAdding([](ExternalDescription &d) { d.mnemonic = "pool_grad"; }),
            "library lib, instruction 'pool_grad': the mnemonic is one of the instruction set's");
  EXPECT_EQ(errorOfAdding([](ExternalDescription &d) { d.stream = StreamKind::Matrix; }),
            "library lib, instruction 'twist': stream is matrix, expected vector, the only one that executes "
            "instructions from outside");
  for (const char *name : {"", "a", "1st", "x y"})
    EXPECT_NE(
        errorOfAdding([&](ExternalDescription &d) { d.fields[0].name = name; }).find("no name of its own"),
        std::string::npos)
        << name;
}

TEST(External, OneOpcodeAndOneMnemonicEach) {
  ExternalInstructions registry;
  EXPECT_TRUE(registry.empty());
  registry.add(std::make_unique<Twist>(sound()), "one");
  ExternalDescription other = sound();
  other.mnemonic = "other";
  EXPECT_EQ(errorOf([&] { registry.add(std::make_unique<Twist>(other), "two"); }),
            "library two, instruction 'other': opcode 0x90 is taken by 'twist' of library one");
  other.opcode = 0xff;
  registry.add(std::make_unique<Twist>(other), "two");
  EXPECT_EQ(registry.find(uint8_t(0xff)), registry.find(std::string_view("other")));
  EXPECT_EQ(registry.find(uint8_t(0x90))->library, "one");
  for (unsigned opcode = 0; opcode < 256; ++opcode)
    EXPECT_EQ(registry.find(uint8_t(opcode)) != nullptr, opcode == 0x90 || opcode == 0xff);
  EXPECT_EQ(registry.find(std::string_view("third")), nullptr);
}

TEST(External, ASignatureIsOfAllThatTheBytesDependOn) {
  std::vector<ExternalDescription> all(6, sound());
  all[1].opcode = 0x91;
  all[2].mnemonic = "twister";
  all[3].revision = 1;
  all[4].fields[1].initial = Extent(4);
  all[5].fields[1].name = "b";
  for (size_t i = 0; i < all.size(); ++i)
    for (size_t j = 0; j < i; ++j)
      EXPECT_NE(signatureOf(all[i]), signatureOf(all[j])) << i << " and " << j;
  ExternalDescription same = sound();
  same.summary = "prose";
  EXPECT_EQ(signatureOf(same), signatureOf(sound()));
}

TEST(External, ABodyBeginsWithInitialValuesAndIsComparedToTheBit) {
  ExternalDescription description = sound();
  description.fields.push_back({"scale", 0.0f});
  const Twist twist(description);
  const External body = makeExternal(twist);
  EXPECT_EQ(std::get<Extent>(body.fields[0]), Extent(4));
  EXPECT_EQ(std::get<Address>(body.fields[1]), Address(16));
  External other = body;
  EXPECT_TRUE(other == body);
  other.fields[2] = -0.0f;
  EXPECT_FALSE(other == body);
}

TEST(External, WorkStaysWithinLimits) {
  auto errorOfWork = [](const std::function<void(ExternalWork &)> &change) {
    ExternalWork work;
    work.result.name = "r";
    work.operands.push_back({});
    work.operands[0].name = "a";
    change(work);
    Twist twist(sound(), work);
    twist.library = "lib";
    return errorOf([&] { workOf(makeExternal(twist), Evaluation()); });
  };
  const std::string who = "instruction 'twist' of library lib: ";
  EXPECT_EQ(errorOfWork([](ExternalWork &) {}), "no error");
  EXPECT_EQ(errorOfWork([](ExternalWork &w) { w.operands[0].count[2] = 0; }), "no error");
  EXPECT_EQ(errorOfWork([](ExternalWork &w) { w.operands[0].count[2] = -1; }),
            who + "a has a count of -1, expected 0 or more");
  EXPECT_EQ(errorOfWork([](ExternalWork &w) { w.operands[0].window[1] = -5; }),
            who + "a has a count of -5, expected 0 or more");
  EXPECT_EQ(errorOfWork([](ExternalWork &w) { w.operands[0].count = {1, 1 << 12, 1 << 12, 1}; }), "no error");
  EXPECT_EQ(errorOfWork([](ExternalWork &w) {
              w.operands[0].count = {3, 1 << 12, 1 << 12, 1};
            }),
            who + "a has 50331648 elements, expected at most 16777216");
  EXPECT_EQ(errorOfWork([](ExternalWork &w) {
              w.operands[0].count = {INT64_MAX, INT64_MAX, 2, 2};
            }).substr(0, 44),
            (who + "a has 1152921504606846976").substr(0, 44));
  EXPECT_EQ(errorOfWork([](ExternalWork &w) {
              w.result.window = {1, 2};
            }),
            who + "the result has a window, expected none");
  EXPECT_EQ(errorOfWork([](ExternalWork &w) { w.times = 0; }),
            who + "an element costs 0 times that of a function, expected 1 to 1024");
}

TEST(External, WhichOperandIsTheResult) {
  ExternalWork work;
  work.result = {"r", 64, ElementType::F32, {2, 1, 3, 4}, {12, 7, 4, 1}};
  ExternalOperand operand = work.result;
  operand.stride[1] = 99; // of a dimension of one element
  EXPECT_TRUE(isResult(operand, work));
  EXPECT_FALSE(isEmpty(work));
  for (int change = 0; change < 4; ++change) {
    ExternalOperand other = operand;
    other.address += change == 0 ? 4 : 0;
    other.stride[2] += change == 1;
    other.type = change == 2 ? ElementType::BF16 : other.type;
    other.count[0] += change == 3;
    EXPECT_FALSE(isResult(other, work)) << change;
  }
  work.result.count[3] = 0;
  EXPECT_TRUE(isEmpty(work));
}

/// A field of every kind there is.
template <size_t... kinds> ExternalDescription everyKind(std::index_sequence<kinds...>) {
  return {0xa0, "every_kind",
          "",   StreamKind::Vector,
          0,    {{"f" + std::to_string(kinds), FieldValue(std::in_place_index<kinds>)}...}};
}

TEST(External, EveryKindOfFieldRoundTrips) {
  constexpr size_t kKinds = std::variant_size_v<FieldValue>;
  externalInstructions().add(std::make_unique<Twist>(everyKind(std::make_index_sequence<kKinds>())), "lib");
  for (uint64_t seed = 0; seed < 30; ++seed) {
    test::RandomProgram random(seed);
    Program program = random.make(5);
    for (Stream &stream : program.streams)
      if (stream.kind == StreamKind::Vector) {
        Instruction instruction;
        instruction.body = *makeBody("every_kind");
        test::RandomProgram::Fill fill{random, 0, program.tensors.size()};
        std::visit([&](auto &body) { body.visitFields(fill); }, instruction.body);
        instruction.waitCount = 1;
        stream.instructions.push_back(std::move(instruction));
      }
    validateProgram(program);
    const std::vector<uint8_t> bytes = encodeProgram(program);
    EXPECT_TRUE(decodeProgram(bytes.data(), bytes.size()) == program) << seed;
    EXPECT_TRUE(assemble(disassemble(program), "random.s") == program) << seed;
    EXPECT_NE(dumpProgram(program).find("every_kind"), std::string::npos);
    EXPECT_EQ(countInstances(unrollLoops(program)), countInstances(program));
  }
}

} // namespace
