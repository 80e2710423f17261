// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// load_weights, multiply, drain, load and store against plain loops on random views, and the bounds that are
// checked first.
#include "tests/simulator/isa/Reference.h"

namespace arsis::sim::test {
namespace {

constexpr int64_t kRows = 32, kColumns = 24, kAccumulatorRows = 256;
const MemorySizes kSizes = {static_cast<int64_t>(Fixture::kBytes), kAccumulatorRows, kRows, kColumns};

struct MatrixFixture : Fixture {
  explicit MatrixFixture(uint32_t seed) : Fixture(seed) {
    memories.matrix.resize(1);
    memories.matrix[0].columns = kColumns;
    memories.matrix[0].banks.resize(2);
    for (int64_t i = 0; i < kAccumulatorRows * kColumns; ++i)
      memories.matrix[0].accumulator.push_back(element());
  }
  void execute(Operation operation, BankShapes &banks) {
    bindBank(operation, banks);
    checkBounds(operation, kSizes);
    Result result;
    sample(operation, memories, 0, result);
    commit(operation, memories, 0, result);
  }
  /// Strides of accumulator rows that do not overlap.
  Box3 accumulatorStrides(const Box3 &m) {
    return chance() ? Box3{m[1] * m[2], m[2], 1} : Box3{1, m[0], m[0] * m[1]};
  }
};

TEST(Multiply, AddsProductsInAscendingK) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    MatrixFixture f(seed);
    LoadWeightsOperation load;
    load.bank = f.number(0, 1);
    load.kCount = f.counts<3>(3);
    load.nCount = f.number(1, kColumns);
    const std::array<int64_t, 4> wCount = {load.kCount[0], load.kCount[1], load.kCount[2], load.nCount};
    const ElementType type = f.type();
    const auto w = f.view<4>(wCount, type);
    load.source = {w.address, {w.stride[0], w.stride[1], w.stride[2]}, w.type};
    load.nStride = w.stride[3];

    MultiplyOperation op;
    op.bank = load.bank;
    op.mCount = f.counts<3>(5);
    op.kCount = load.kCount;
    const std::array<int64_t, 6> xCount = {op.mCount[0], op.mCount[1], op.mCount[2],
                                           op.kCount[0], op.kCount[1], op.kCount[2]};
    const auto x = f.view<6>(xCount, type);
    op.source = {x.address, {x.stride[0], x.stride[1], x.stride[2]}, x.type};
    op.kStride = {x.stride[3], x.stride[4], x.stride[5]};
    op.accumulatorStride = f.accumulatorStrides(op.mCount);
    op.accumulatorRow = f.number(0, kAccumulatorRows - product(op.mCount));
    op.accumulate = f.chance();

    const std::vector<uint8_t> spm = f.memories.scratchpad;
    std::vector<float> expected = f.memories.matrix[0].accumulator;
    forEach(op.mCount, [&](const Box3 &m) {
      for (int64_t n = 0; n < load.nCount; ++n) {
        float partial = 0;
        forEach(op.kCount, [&](const Box3 &k) {
          partial = numerics::fma(at(spm, x, {m[0], m[1], m[2], k[0], k[1], k[2]}),
                                  at(spm, w, {k[0], k[1], k[2], n}), partial);
        });
        float &acc = expected[static_cast<size_t>(
            (op.accumulatorRow + offsetAt(m, op.accumulatorStride)) * kColumns + n)];
        acc = op.accumulate ? numerics::add(acc, partial) : partial;
      }
    });
    BankShapes banks(2);
    f.execute(load, banks);
    f.execute(op, banks);
    EXPECT_EQ(f.memories.matrix[0].accumulator, expected) << "seed " << seed;
    EXPECT_EQ(f.memories.scratchpad, spm);
  }
}

TEST(Multiply, RejectsAnotherKThanTheBankHolds) {
  BankShapes banks(2);
  Operation load = LoadWeightsOperation{0, {1, 1, 8}, 4, 1, {}};
  bindBank(load, banks);
  MultiplyOperation multiply;
  multiply.kCount = {1, 1, 7};
  multiply.mCount = {1, 1, 1};
  Operation operation = multiply;
  EXPECT_THROW(bindBank(operation, banks), Error);
}

TEST(Multiply, RejectsAnotherTypeThanTheBankHolds) {
  BankShapes banks(2);
  Operation load = LoadWeightsOperation{0, {1, 1, 8}, 4, 1, {0, {}, ElementType::BF16}};
  bindBank(load, banks);
  MultiplyOperation multiply;
  multiply.kCount = {1, 1, 8};
  multiply.mCount = {1, 1, 1};
  for (ElementType type : {ElementType::F32, ElementType::F16, ElementType::BF16}) {
    multiply.source.type = type;
    Operation operation = multiply;
    if (type == ElementType::BF16)
      EXPECT_NO_THROW(bindBank(operation, banks));
    else
      EXPECT_THROW(bindBank(operation, banks), Error);
  }
}

TEST(Drain, CastsRowsIntoTheView) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    MatrixFixture f(seed);
    DrainOperation op;
    op.mCount = f.counts<3>(5);
    op.nCount = f.number(1, kColumns);
    op.accumulatorStride = f.accumulatorStrides(op.mCount);
    op.accumulatorRow = f.number(0, kAccumulatorRows - product(op.mCount));
    const std::array<int64_t, 4> count = {op.mCount[0], op.mCount[1], op.mCount[2], op.nCount};
    const auto y = f.view<4>(count, f.type());
    op.destination = {y.address, {y.stride[0], y.stride[1], y.stride[2]}, y.type};
    op.columnStride = y.stride[3];
    std::vector<uint8_t> expected = f.memories.scratchpad;
    forEach(count, [&](const std::array<int64_t, 4> &i) {
      const int64_t row = op.accumulatorRow + offsetAt(Box3{i[0], i[1], i[2]}, op.accumulatorStride);
      put(expected, y, i, f.memories.matrix[0].accumulator[static_cast<size_t>(row * kColumns + i[3])]);
    });
    BankShapes banks(2);
    f.execute(op, banks);
    EXPECT_EQ(f.memories.scratchpad, expected) << "seed " << seed;
  }
}

TEST(Dma, LoadFillsAndStoreDropsWhatIsOutside) {
  for (uint32_t seed = 0; seed < kSeeds; ++seed) {
    MatrixFixture f(seed);
    std::vector<uint8_t> dram(1 << 14);
    for (uint8_t &byte : dram)
      byte = static_cast<uint8_t>(f.number(0, 60));
    isa::Tensor tensor;
    tensor.type = f.type();
    tensor.shape = f.counts<4>(6);
    const View<Box4> inDram = f.view(tensor.shape, tensor.type);
    tensor.stride = inDram.stride;
    tensor.address = static_cast<uint64_t>(f.number(0, 500) * 4);
    const View<Box4> whole = {static_cast<int64_t>(tensor.address), tensor.stride, tensor.type};

    TransferOperation op;
    op.store = f.chance();
    op.tensor = &tensor;
    op.box = f.counts<4>(6);
    for (int64_t &coordinate : op.coordinate)
      coordinate = f.number(-3, 4);
    op.local = f.view(op.box, f.type());
    op.fill = f.element();

    std::vector<uint8_t> expectedSpm = f.memories.scratchpad, expectedDram = dram;
    forEach(op.box, [&](const Box4 &b) {
      Box4 i;
      bool inside = true;
      for (size_t d = 0; d < 4; ++d) {
        i[d] = op.coordinate[d] + b[d];
        inside &= i[d] >= 0 && i[d] < tensor.shape[d];
      }
      if (!op.store)
        put(expectedSpm, op.local, b, inside ? at(dram, whole, i) : op.fill);
      else if (inside)
        put(expectedDram, whole, i, at(f.memories.scratchpad, op.local, b));
    });
    f.memories.dram = dram.data();
    f.memories.dramBytes = dram.size();
    BankShapes banks(2);
    f.execute(op, banks);
    EXPECT_EQ(f.memories.scratchpad, expectedSpm) << "seed " << seed;
    EXPECT_EQ(dram, expectedDram) << "seed " << seed;
  }
}

TEST(Bounds, AStoreReadsOnlyWhatGoesToTheTensor) {
  isa::Tensor tensor;
  tensor.shape = {1, 1, 2, 4};
  TransferOperation op;
  op.tensor = &tensor;
  op.box = {1, 1, 1000, 4};
  op.coordinate = {0, 0, -500, 0};
  op.local.stride = {0, 0, 4, 1};
  op.local.address = -500 * 4 * 4; // rows 500 and 501 of the box are the first 32 bytes
  op.store = true;
  EXPECT_NO_THROW(checkBounds(op, kSizes));
  op.local.address -= 4;
  EXPECT_THROW(checkBounds(op, kSizes), Error);
  op.coordinate[2] = 2; // nothing is inside
  EXPECT_NO_THROW(checkBounds(op, kSizes));
  op.store = false; // a load fills what lies outside
  EXPECT_THROW(checkBounds(op, kSizes), Error);
}

TEST(Bounds, NameTheMemoryAndTheReach) {
  DrainOperation drain;
  drain.mCount = {1, 1, 4};
  drain.accumulatorStride = {0, 0, 1};
  drain.nCount = 4;
  drain.columnStride = 1;
  drain.destination.stride = {0, 0, 4};
  drain.accumulatorRow = kAccumulatorRows - 4;
  EXPECT_NO_THROW(checkBounds(drain, kSizes));
  auto message = [](const Operation &operation) -> std::string {
    try {
      checkBounds(operation, kSizes);
    } catch (const Error &error) {
      return error.what();
    }
    return "";
  };
  ++drain.accumulatorRow;
  EXPECT_NE(message(drain).find("acc reaches rows 253 to 257 of an accumulator of 256 rows"),
            std::string::npos);
  drain.accumulatorRow = 0;
  drain.destination.address = static_cast<int64_t>(Fixture::kBytes) - 60;
  EXPECT_NE(message(drain).find("destination reaches bytes"), std::string::npos);
  drain.destination.address = 2;
  EXPECT_NE(message(drain).find("is not aligned"), std::string::npos);
  drain.destination.address = 0;
  drain.nCount = kColumns + 1;
  EXPECT_NE(message(drain).find("asks for 25 columns of an array with 24"), std::string::npos);
}

} // namespace
} // namespace arsis::sim::test
