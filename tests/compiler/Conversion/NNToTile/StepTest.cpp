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
