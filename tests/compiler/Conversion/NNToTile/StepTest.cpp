// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// State across a step: what is written in place, and what must not be.
#include "tests/compiler/Conversion/NNToTile/TileTesting.h"

#include <gtest/gtest.h>

using namespace arsis::testing;

namespace {

const ArraySize kTiny{8, 8, 1, 64, 8};

std::string sgd(const std::string &momentum, const std::string &decay) {
  bool velocity = momentum != "0.0";
  std::string t = "tensor<3x3x7x11xf32>";
  return "func.func @forward(%w: " + t + " {nn.name = \"w\"}, %g: " + t +
         " {nn.name = \"g\"}, %r: tensor<f32> {nn.name = \"r\"}" +
         (velocity ? ", %v: " + t + " {nn.name = \"v\"}" : "") + ") -> (" + t +
         " {nn.name = \"w\", nn.donates = 0 : i64}" +
         (velocity ? ", " + t + " {nn.name = \"v\", nn.donates = 3 : i64}" : "") + ") {\n  %0" +
         (velocity ? ":2" : "") + " = nn.sgd %w, %g, %r" + (velocity ? ", %v" : "") + " momentum " +
         momentum + " weight_decay " + decay + " : (" + t + ", " + t + ", tensor<f32>" +
         (velocity ? ", " + t : "") + ") -> " + (velocity ? "(" + t + ", " + t + ")" : t) + "\n  return " +
         (velocity ? "%0#0, %0#1 : " + t + ", " + t : "%0 : " + t) + "\n}\n";
}

} // namespace

TEST(StepLowering, OptimizerUpdatesInPlace) {
  for (const char *momentum : {"0.0", "0.9"})
    for (const char *decay : {"0.0", "0.01"})
      ASSERT_EQ(compareWithOracle(sgd(momentum, decay), chipWith(kTiny)), "") << momentum << " " << decay;
}

TEST(StepLowering, OldValueReadAfterTheUpdateForcesACopy) {
  EXPECT_EQ(compareWithOracle(R"mlir(
    func.func @forward(%w: tensor<40xf32> {nn.name = "w"}, %g: tensor<40xf32> {nn.name = "g"})
        -> (tensor<40xf32> {nn.name = "w", nn.donates = 0 : i64}, tensor<40xf32> {nn.name = "old"}) {
      %0 = nn.add %w, %g : tensor<40xf32>
      %1 = nn.relu %w : tensor<40xf32>
      return %0, %1 : tensor<40xf32>, tensor<40xf32>
    })mlir",
                              chipWith(kTiny)),
            "");
}

TEST(StepLowering, OneValueUnderSeveralNames) {
  EXPECT_EQ(compareWithOracle(R"mlir(
    func.func @forward(%x: tensor<4x10xf32> {nn.name = "x"})
        -> (tensor<4x10xf32> {nn.name = "a"}, tensor<40xf32> {nn.name = "b"}, tensor<4x10xf32> {nn.name = "c"}) {
      %0 = nn.relu %x : tensor<4x10xf32>
      %1 = nn.reshape %0 : (tensor<4x10xf32>) -> tensor<40xf32>
      return %0, %1, %x : tensor<4x10xf32>, tensor<40xf32>, tensor<4x10xf32>
    })mlir",
                              chipWith(kTiny)),
            "");
}

TEST(StepLowering, InputGradientReadsTheWeightBeforeItsUpdate) {
  EXPECT_EQ(compareWithOracle(R"mlir(
    func.func @forward(%x: tensor<6x9xf32> {nn.name = "x"}, %w: tensor<9x4xf32> {nn.name = "w"}, %r: tensor<f32> {nn.name = "r"})
        -> (tensor<6x9xf32> {nn.name = "gx"}, tensor<9x4xf32> {nn.name = "w", nn.donates = 1 : i64}) {
      %y = nn.matmul %x, %w : (tensor<6x9xf32>, tensor<9x4xf32>) -> tensor<6x4xf32>
      %gw = nn.matmul %x, %y {transpose_a = true} : (tensor<6x9xf32>, tensor<6x4xf32>) -> tensor<9x4xf32>
      %new = nn.sgd %w, %gw, %r momentum 0.0 weight_decay 0.0 : (tensor<9x4xf32>, tensor<9x4xf32>, tensor<f32>) -> tensor<9x4xf32>
      %gx = nn.matmul %y, %w {transpose_b = true} : (tensor<6x4xf32>, tensor<9x4xf32>) -> tensor<6x9xf32>
      return %gx, %new : tensor<6x9xf32>, tensor<9x4xf32>
    })mlir",
                              chipWith(kTiny)),
            "");
}

TEST(StepLowering, AKeptValueThatIsAParameterIsTheOldOne) {
  EXPECT_EQ(compareWithOracle(R"mlir(
    func.func @forward(%x: tensor<2x6xf32> {nn.name = "x"}, %w: tensor<24xf32> {nn.name = "w"}, %r: tensor<f32> {nn.name = "r"})
        -> (tensor<24xf32> {nn.name = "w", nn.donates = 1 : i64}, tensor<6x4xf32> {nn.name = "act:r"}) {
      %v = nn.reshape %w : (tensor<24xf32>) -> tensor<6x4xf32>
      %y = nn.matmul %x, %v : (tensor<2x6xf32>, tensor<6x4xf32>) -> tensor<2x4xf32>
      %gv = nn.matmul %x, %y {transpose_a = true} : (tensor<2x6xf32>, tensor<2x4xf32>) -> tensor<6x4xf32>
      %gw = nn.reshape %gv : (tensor<6x4xf32>) -> tensor<24xf32>
      %new = nn.sgd %w, %gw, %r momentum 0.0 weight_decay 0.0 : (tensor<24xf32>, tensor<24xf32>, tensor<f32>) -> tensor<24xf32>
      return %new, %v : tensor<24xf32>, tensor<6x4xf32>
    })mlir",
                              chipWith(kTiny)),
            "");
}

TEST(StepLowering, StateMovesAsIfAllAtOnce) {
  // A shift register (c <- b <- a <- new), and the same with the results in the other order.
  for (const char *order : {"%n, %a, %b", "%b, %a, %n"}) {
    std::string numbers[] = {"0", "1", "2"};
    if (order[1] == 'b')
      std::swap(numbers[0], numbers[2]);
    std::string t = "tensor<40xf32>";
    auto donates = [&](const std::string &number, const char *name) {
      return t + " {nn.name = \"" + name + "\", nn.donates = " + number + " : i64}";
    };
    const char *names[] = {"a", "b", "c"};
    std::string module = "func.func @forward(%a: " + t + " {nn.name = \"a\"}, %b: " + t +
                         " {nn.name = \"b\"}, %c: " + t + " {nn.name = \"c\"}) -> (" +
                         donates(numbers[0], names[std::stoi(numbers[0])]) + ", " + donates("1", "b") + ", " +
                         donates(numbers[2], names[std::stoi(numbers[2])]) +
                         ") {\n  %n = nn.add %a, %c : " + t + "\n  return " + order + " : " + t + ", " + t +
                         ", " + t + "\n}\n";
    EXPECT_EQ(compareWithOracle(module, chipWith(kTiny)), "") << module;
  }
}

TEST(StepLowering, StateThatChangesPlacesGoesThroughATemporary) {
  std::string t = "tensor<40xf32>", flat = "tensor<4x10xf32>";
  auto module = [&](const char *returned) {
    return "func.func @forward(%a: " + t + " {nn.name = \"a\"}, %b: " + t + " {nn.name = \"b\"}, %c: " + t +
           " {nn.name = \"c\"}) -> (" + t + " {nn.name = \"a\", nn.donates = 0 : i64}, " + t +
           " {nn.name = \"b\", nn.donates = 1 : i64}, " + t + " {nn.name = \"c\", nn.donates = 2 : i64}, " +
           flat + " {nn.name = \"old\"}) {\n  %v = nn.reshape %a : (" + t + ") -> " + flat + "\n  return " +
           returned + ", %v : " + t + ", " + t + ", " + t + ", " + flat + "\n}\n";
  };
  for (const char *returned :
       {"%b, %a, %c", "%b, %c, %a", "%c, %a, %b", "%c, %b, %a", "%b, %a, %a", "%a, %a, %a"})
    EXPECT_EQ(compareWithOracle(module(returned), chipWith(kTiny)), "") << returned;
}
