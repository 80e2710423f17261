// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is refused of a strategy from outside: one mistake in a good layout, and the words that name it.
#include "compiler/Schedule/Outside.h"
#include "compiler/Schedule/LayoutBuilder.h"
#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/Encoding/Externals.h"

#include <gtest/gtest.h>

#include <functional>

using namespace arsis;
using namespace arsis::schedule;

namespace {

constexpr int64_t kElements = 20, kTile = 8; // the last tile is ragged

/// Copies a row.
class Forward final : public isa::ExternalInstruction {
public:
  Forward()
      : ExternalInstruction({0xa0,
                             "forward",
                             "the elements of a row",
                             isa::StreamKind::Vector,
                             0,
                             {{"count", isa::Extent()}, {"to", isa::Address()}, {"from", isa::Address()}}}) {}
  std::string check(const isa::External &body) const override {
    return std::get<isa::Extent>(body.fields[0]).tile > 100 ? "count is more than 100" : "";
  }
  isa::ExternalWork workOf(const isa::External &body, const isa::Evaluation &at) const override {
    const int64_t count = at(std::get<isa::Extent>(body.fields[0]));
    auto operand = [&](const char *name, size_t field) {
      return isa::ExternalOperand{name,
                                  at(std::get<isa::Address>(body.fields[field])),
                                  numerics::ElementType::F32,
                                  {1, 1, 1, count},
                                  {0, 0, 0, 1}};
    };
    isa::ExternalWork work;
    work.result = operand("to", 1);
    work.operands = {operand("from", 2)};
    return work;
  }
  void compute(const isa::External &, const isa::ExternalWork &work, const float *const *operands,
               float *result) const override {
    std::copy_n(operands[0], work.result.count[3], result);
  }
};

const isa::ExternalInstruction &forwarding() {
  static const isa::ExternalInstruction *registered = [] {
    isa::externalInstructions().add(std::make_unique<Forward>(), "test");
    return isa::externalInstructions().find("forward");
  }();
  return *registered;
}

Unit makeUnit() {
  Unit unit;
  unit.name = "test.forward";
  Value value;
  value.shape = {kElements};
  unit.values = {value, value};
  unit.values[1].kind = Value::Kind::Result;
  return unit;
}

/// Nodes: 0 the loop, 1 and 3 buffers, 2 load, 4 the instruction, 5 store.
Layout makeLayout() {
  Layout layout;
  LayoutBuilder b(layout);
  constexpr auto kType = numerics::ElementType::F32;
  const int x = b.tensor(0, {kElements}, kType), y = b.tensor(1, {kElements}, kType);
  Buffer buffer;
  buffer.shape[3] = kTile;
  b.loop(3, [&](const Affine &i) {
    const Extent count = b.extent(kTile, kElements, i * kTile);
    buffer.name = "x";
    const View from = b.whole(b.alloc(buffer));
    b.load(x, {0, 0, 0, i * kTile}, {1, 1, 1, count}, from);
    buffer.name = "y";
    const View to = b.whole(b.alloc(buffer));
    External copy(forwarding());
    b.add(copy.extent(count).address(to).address(from));
    b.store(to, y, {0, 0, 0, i * kTile}, {1, 1, 1, count});
  });
  return layout;
}

struct Mistake {
  const char *name;
  std::function<void(Layout &)> make;
  const char *words;
};

Affine ofLoop(size_t depth, int64_t step) {
  Affine affine;
  affine.step[depth] = step;
  return affine;
}
template <class Action> Action &at(Layout &layout, size_t node) {
  return std::get<Action>(layout.nodes[node]);
}
isa::Address &addressOf(Layout &layout) {
  return std::get<isa::Address>(at<External>(layout, 4).body.fields[2]);
}

const Mistake kMistakes[] = {
    {"Tensor", [](Layout &l) { l.tensors[0].value = 2; }, "a tensor is value 2 of a unit that has 2"},
    {"Shape", [](Layout &l) { l.tensors[0].shape = {19}; }, "has 19 elements, expected at most 4 and the 20"},
    {"Slots", [](Layout &l) { l.buffers[0].slots = 0; }, "buffer 'x' has a size, slots or a unit"},
    {"Memory", [](Layout &l) { l.buffers[0].slots = 1 << 20; }, "which its evaluation denies"},
    {"Count", [](Layout &l) { at<Loop>(l, 0).count = 1; }, "a loop of 1 iterations"},
    {"End", [](Layout &l) { at<Loop>(l, 0).end = 9; }, "ends at node 9"},
    {"Life",
     [](Layout &l) {
       at<Loop>(l, 0).end = 5;
       at<Store>(l, 5).at[3] = 0;
       at<Store>(l, 5).box[3] = kTile;
     },
     "uses buffer 1, which is not allocated there"},
    {"Twice", [](Layout &l) { at<Alloc>(l, 3).buffer = 0; },
     "buffer 0 is allocated and not declared, or twice"},
    {"Buffer", [](Layout &l) { at<Load>(l, 2).to.buffer = -1; }, "uses buffer -1"},
    {"Reach", [](Layout &l) { at<Load>(l, 2).to.offset = 1; }, "buffer 'x' is used at element 8 of 8"},
    {"Before", [](Layout &l) { at<Store>(l, 5).from.strides[3] = -1; },
     "buffer 'y' is used at element -7 of 8"},
    {"Loop", [](Layout &l) { at<Load>(l, 2).at[3] = ofLoop(1, 8); }, "speaks about loop 1 inside of 1"},
    {"Transfer", [](Layout &l) { at<Load>(l, 2).tensor = 2; }, "a transfer uses tensor 2 of 2"},
    {"Accumulator", [](Layout &l) { l.buffers[1].accumulator = true; }, "buffer 'y' is an accumulator"},
    {"Target", [](Layout &l) { at<Store>(l, 5).tensor = 0; }, "a store goes to value 0, which is no result"},
    {"Result", [](Layout &l) { l.nodes[5] = at<Load>(l, 2); }, "a result of the unit is never stored"},
    {"Between", [](Layout &l) { addressOf(l).base = -2; }, "operand 'from' of 'forward' begins between"},
    {"Type", [](Layout &l) { l.buffers[0].type = numerics::ElementType::I32; },
     "buffer 'x' has another type than operand 'from' of 'forward'"},
    {"Fields", [](Layout &l) { at<External>(l, 4).body.fields.pop_back(); }, "its fields are not those"},
    {"Addresses", [](Layout &l) { at<External>(l, 4).buffers.pop_back(); }, "its fields are not those"},
    {"Check", [](Layout &l) { at<External>(l, 4).body.fields[0] = isa::Extent(101); },
     "count is more than 100"},
    {"Operand", [](Layout &l) { addressOf(l).base = 4; }, "buffer 'x' is used at element 8 of 8"},
    {"Moving", [](Layout &l) { isa::addTerm(addressOf(l).strides, 0, 4); },
     "buffer 'x' is used at element 9 of 8"},
    {"Index", [](Layout &l) { isa::addTerm(addressOf(l).strides, 3, 4); },
     "an instruction speaks about loop 3 inside of 1"},
};

class Mistakes : public testing::TestWithParam<Mistake> {};

TEST(Outside, AGoodLayoutIsNotRefused) { EXPECT_EQ(faultOf(makeLayout(), makeUnit(), ChipLimits()), ""); }

TEST_P(Mistakes, AreNamed) {
  Layout layout = makeLayout();
  GetParam().make(layout);
  const std::string fault = faultOf(layout, makeUnit(), ChipLimits());
  EXPECT_NE(fault.find(GetParam().words), std::string::npos) << fault;
}
INSTANTIATE_TEST_SUITE_P(Outside, Mistakes, testing::ValuesIn(kMistakes),
                         [](const auto &info) { return std::string(info.param.name); });

/// A space with one field.
class OneField final : public Space {
public:
  OneField(Field field) : Space(ChipLimits()), field(std::move(field)) {
    strategy = "one";
    outside = {"test", makeUnit()};
  }
  std::vector<Field> fields() const override { return {field}; }
  Evaluation evaluate(const Choice &) const override { return {}; }
  Layout layout(const Choice &) const override {
    Layout layout = makeLayout();
    at<Load>(layout, 2).tensor = 7;
    return layout;
  }

private:
  const Field field;
};

TEST(Outside, FieldsNeedNamesAndValues) {
  EXPECT_NO_THROW(checkFields(OneField({"tiles.a", {1}, {}})));
  EXPECT_NO_THROW(checkFields(OneField({"loops", {0}, {{"a"}}})));
  for (const Field &wrong :
       {Field{"tiles", {1}, {}}, Field{"tiles.", {1}, {}}, Field{"tiles.a", {}, {}}, Field{"loops", {0}, {}},
        Field{"tiles.a", {0}, {{"a"}}}, Field{"loops", {0, 1}, {{"a"}}}, Field{"loops", {-1}, {{"a"}}}})
    EXPECT_THROW(checkFields(OneField(wrong)), Error) << wrong.name;
}

TEST(Outside, TheErrorNamesStrategyAndLibrary) {
  try {
    layoutOf(OneField({"tiles.a", {1}, {}}), {1});
    FAIL();
  } catch (const Error &error) {
    EXPECT_STREQ(error.what(),
                 "strategy 'one' of library 'test' returns a layout that is impossible: a transfer "
                 "uses tensor 7 of 2");
  }
}

} // namespace
