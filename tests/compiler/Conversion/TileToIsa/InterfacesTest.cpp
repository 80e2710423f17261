// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Every engine op of the tile dialect says what it touches and what instruction it is: the interfaces are
// there, and the footprints agree with the declared effects.
#include "compiler/Analysis/Footprint.h"
#include "compiler/Conversion/TileToIsa/InstructionInterface.h"
#include "dialects/Tile/IR/Builders.h"
#include "dialects/Tile/IR/Tile.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace arsis;

namespace {

struct Context : MLIRContext {
  Context() {
    DialectRegistry registry;
    registry.insert<tile::TileDialect, scf::SCFDialect, arith::ArithDialect>();
    compiler::registerInstructionModels(registry);
    appendDialectRegistry(registry);
    loadAllAvailableDialects();
  }
};

TEST(EngineOps, AllHaveAnInstruction) {
  Context context;
  unsigned engines = 0;
  for (RegisteredOperationName name : context.getRegisteredOperations())
    if (name.hasInterface<tile::EngineOpInterface>()) {
      ++engines;
      EXPECT_TRUE(name.hasInterface<compiler::InstructionOpInterface>()) << name.getStringRef().str();
    }
  EXPECT_EQ(engines, 10u);
}

/// One of each engine op, around a loop.
OwningOpRef<ModuleOp> oneOfEach(Context &context) {
  OwningOpRef<ModuleOp> module = ModuleOp::create(UnknownLoc::get(&context));
  OpBuilder builder(&context);
  builder.setInsertionPointToEnd(module->getBody());
  auto program = tile::ProgramOp::create(builder, builder.getUnknownLoc(), "p", DictionaryAttr());
  builder.createBlock(&program.getBody());
  tile::TileBuilder b(builder, builder.getUnknownLoc());
  Type f32 = builder.getF32Type();
  Value dram = b.tensor("x", tile::TensorRole::State, {1, 8, 8, 4}, f32).getResult();
  Value a = b.alloc("a", {1, 8, 8, 4}, f32, 2), c = b.alloc("c", {1, 8, 8, 4}, f32);
  Value acc = b.accumulators("acc", 16, 8, 0);
  AffineExpr zero = b.constant(0);
  tile::View whole = tile::View::whole(a), other = tile::View::whole(c);
  b.loop(4, [&](AffineExpr i) {
    SmallVector<AffineExpr> at{zero, i * 2, zero, zero};
    b.load(dram, at, {1, {2, b.constant(7) - i * 2}, 8, 4}, whole);
    b.loadWeights(0, zero, whole, {1, 2, 4}, 4, 1);
    b.multiply(0, zero, whole, {1, 1, 1}, {1, 2, 4}, {1, 2, 4}, {acc, i, {0, 4, 1}}, zero);
    b.drain(0, {acc, i, {0, 4, 1}}, {1, 2, 4}, 4, {c, zero, {0, 32, 4}}, 1);
    b.map(tile::VectorFunction::Relu, {1, 8, 8, 4}, other, {whole});
    b.reduce(tile::ReduceFunction::Sum, {1, 8, 8, 4}, {3}, other, whole, zero);
    b.pool(tile::ReduceFunction::Max, {1, 4, 4, 4}, {2, 2}, {32, 4}, {c, zero, {256, 64, 8, 1}}, whole);
    b.poolGrad(tile::ReduceFunction::Max, {1, 4, 4, 4}, {2, 2}, {32, 4}, {c, zero, {256, 64, 8, 1}}, whole,
               whole);
    b.store(other, dram, at, {1, 2, 8, 4});
  });
  return module;
}

TEST(EngineOps, FootprintsAreTheDeclaredEffects) {
  Context context;
  OwningOpRef<ModuleOp> module = oneOfEach(context);
  std::set<std::string> seen;
  module->walk([&](tile::EngineOpInterface op) {
    const std::string name = op->getName().getStringRef().str();
    seen.insert(name);
    std::map<void *, std::pair<bool, bool>> touched, declared;
    for (const tile::Footprint &footprint : op.getFootprints()) {
      auto &[reads, writes] = touched[footprint.buffer.getAsOpaquePointer()];
      reads |= footprint.reads;
      writes |= footprint.writes;
      for (const tile::Linear &linear : footprint.position)
        EXPECT_EQ(linear.coefficients.size(), op.getIndices().size()) << name;
    }
    for (const compiler::Touch &touch : compiler::touchesOf(op))
      declared[touch.buffer.getAsOpaquePointer()] = {touch.reads, touch.writes};
    EXPECT_EQ(touched, declared) << name;
  });
  EXPECT_EQ(seen.size(), 9u);
}

TEST(EngineOps, OnlyAStoreWritesATensor) {
  Context context;
  OwningOpRef<ModuleOp> module = oneOfEach(context);
  module->walk([&](tile::EngineOpInterface op) {
    EXPECT_EQ(compiler::tensorsWrittenBy(op).size(), op->getName().getStringRef() == "tile.store" ? 1u : 0u);
  });
}

} // namespace
