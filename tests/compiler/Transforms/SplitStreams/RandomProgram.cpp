// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The generator of random tile programs. All buffers have the same shape, so any op can take any of them.
#include "tests/compiler/Transforms/SplitStreams/RandomProgram.h"

using namespace mlir;
using namespace arsis::tile;

namespace arsis::test {
namespace {

constexpr int64_t kRows = 8, kCols = 8, kTensorRows = 48;

class Generator {
public:
  Generator(OpBuilder &builder, unsigned seed) : random(seed), b(builder, builder.getUnknownLoc()) {}

  void generate() {
    for (int i = pick(1, 3); i > 0; --i)
      tensors.push_back(
          b.tensor("t" + std::to_string(tensors.size()), TensorRole::State, {kTensorRows, kCols}, f32()));
    // One tensor under a second shape.
    tensors.push_back(b.alias(tensors[0], {kTensorRows / 2, 2, kCols}));
    for (int i = pick(1, 4); i > 0; --i)
      body(0);
  }

private:
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }
  Type f32() { return b.builder.getF32Type(); }

  template <class T> T any(ArrayRef<T> values) { return values[pick(0, values.size() - 1)]; }

  /// Some ops and loops. What it allocates is gone at its end.
  void body(int depth) {
    size_t visible = buffers.size(), visibleSums = sums.size();
    for (int i = pick(2, 4); i > 0; --i) {
      if (depth < 3 && pick(0, 2) == 0) {
        b.loop(pick(1, 4), [&](AffineExpr index) {
          indices.push_back(index);
          body(depth + 1);
          indices.pop_back();
        });
      } else {
        op();
      }
    }
    if (depth > 0) {
      buffers.resize(visible);
      sums.resize(visibleSums);
    }
  }

  void op() {
    switch (pick(0, 8)) {
    case 0:
    case 1:
      return load(fresh());
    case 2:
      return load(some());
    case 3:
      return store(some());
    case 4: {
      Value source = some();
      return map(VectorFunction::Relu, fresh(), {source});
    }
    case 5: {
      Value left = some(), right = some();
      return map(VectorFunction::Add, some(), {left, right});
    }
    case 6: {
      Value source = some(), to = some();
      if (to != source)
        b.reduce(ReduceFunction::Sum, box(), {2}, View::whole(to), View::whole(source),
                 b.constant(pick(0, 1)));
      return;
    }
    case 7:
      return product();
    default:
      return drain();
    }
  }

  std::vector<Extent> box() { return {1, 1, kRows, kCols}; }

  Value fresh() {
    buffers.push_back(b.alloc("b" + std::to_string(names++), {1, 1, kRows, kCols}, f32(), pick(1, 3)));
    return buffers.back();
  }

  /// A buffer that holds values.
  Value some() {
    if (buffers.empty())
      load(fresh());
    return any<Value>(buffers);
  }

  AffineExpr position(int64_t limit) {
    AffineExpr result = b.constant(pick(-4, limit - 1));
    for (AffineExpr index : indices)
      result = result + index * int64_t(pick(0, 2) * 4);
    return result;
  }

  std::vector<AffineExpr> coordinates(Value tensor) {
    bool flat = cast<MemRefType>(tensor.getType()).getRank() == 2;
    AffineExpr zero = b.constant(0);
    return flat ? std::vector<AffineExpr>{zero, zero, position(kTensorRows), zero}
                : std::vector<AffineExpr>{zero, position(kTensorRows / 2), zero, zero};
  }

  std::vector<Extent> tensorBox(Value tensor) {
    bool flat = cast<MemRefType>(tensor.getType()).getRank() == 2;
    return flat ? box() : std::vector<Extent>{1, kRows / 2, 2, kCols};
  }

  View tensorView(Value buffer, Value tensor) {
    bool flat = cast<MemRefType>(tensor.getType()).getRank() == 2;
    if (flat)
      return View::whole(buffer);
    return View{buffer, {}, {0, 2 * kCols, kCols, 1}};
  }

  void load(Value to) {
    Value tensor = any<Value>(tensors);
    b.load(tensor, coordinates(tensor), tensorBox(tensor), tensorView(to, tensor), 0, pick(0, 1));
  }

  void store(Value from) {
    Value tensor = any<Value>(tensors);
    b.store(tensorView(from, tensor), tensor, coordinates(tensor), tensorBox(tensor));
  }

  void map(VectorFunction function, Value to, std::vector<Value> from) {
    std::vector<View> views;
    for (Value value : from)
      views.push_back(View::whole(value));
    b.map(function, box(), View::whole(to), views);
  }

  void product() {
    Value weights = some(), rows = some();
    bool accumulate = !sums.empty() && pick(0, 1);
    if (!accumulate)
      sums.push_back(b.accumulators("s" + std::to_string(names++), kRows, kCols, pick(0, 1), pick(1, 2)));
    Value target = accumulate ? any<Value>(sums) : sums.back();
    int64_t unit = unitOf(target);
    AffineExpr bank = b.constant(pick(0, 1));
    b.loadWeights(unit, bank, View{weights, {}, {0, 0, kCols}}, {1, 1, kCols}, kCols, 1);
    b.multiply(unit, bank, View{rows, {}, {0, 0, kCols}}, {0, 0, 1}, {1, 1, kRows}, {1, 1, kCols},
               View{target, {}, {0, 0, 1}}, b.constant(accumulate));
  }

  void drain() {
    if (sums.empty())
      product();
    Value from = any<Value>(sums);
    Value to = pick(0, 1) ? fresh() : some();
    b.drain(unitOf(from), View{from, {}, {0, 0, 1}}, {1, 1, kRows}, kCols, View{to, {}, {0, 0, kCols}}, 1);
  }

  static int64_t unitOf(Value accumulators) { return accumulators.getDefiningOp<AllocOp>().getUnit(); }

  std::mt19937 random;
  TileBuilder b;
  std::vector<Value> tensors, buffers, sums;
  std::vector<AffineExpr> indices;
  int names = 0;
};

} // namespace

OwningOpRef<ModuleOp> makeRandomProgram(MLIRContext &context, unsigned seed) {
  context.loadDialect<TileDialect, scf::SCFDialect, arith::ArithDialect>();
  OpBuilder builder(&context);
  OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
  builder.setInsertionPointToEnd(module->getBody());
  auto program = ProgramOp::create(builder, builder.getUnknownLoc(), "random", nullptr);
  builder.createBlock(&program.getBody());
  Generator(builder, seed).generate();
  return module;
}

} // namespace arsis::test
