// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Window counts against a definition that enumerates windows, and the origin of locations.

#include "dialects/NN/IR/Shapes.h"

#include "dialects/NN/IR/Origin.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/MLIRContext.h"

#include <gtest/gtest.h>

namespace arsis::nn {
namespace {

// Counts the windows one after another: in floor mode a window must end inside the padded input, in ceil mode
// it may hang over the end (but not by a whole stride or more) if it starts before the trailing pad.
int64_t enumerateWindows(int64_t input, int64_t before, int64_t after, int64_t kernel, int64_t stride,
                         int64_t dilation, bool ceilMode) {
  int64_t count = 0, extent = dilatedKernel(kernel, dilation), padded = input + before + after;
  for (int64_t start = 0;; start += stride) {
    bool fits = start + extent <= padded;
    bool hangsOver = ceilMode && start + extent < padded + stride && start < input + before;
    if (!fits && !hangsOver)
      return count;
    ++count;
  }
}

TEST(Shapes, CountsTheWindowsThatEnumerationFinds) {
  for (int64_t input = 1; input <= 9; ++input)
    for (int64_t kernel = 1; kernel <= 4; ++kernel)
      for (int64_t stride = 1; stride <= 4; ++stride)
        for (int64_t dilation = 1; dilation <= 2; ++dilation)
          for (int64_t before = 0; before < kernel; ++before)
            for (int64_t after = 0; after < kernel; ++after)
              for (bool ceilMode : {false, true})
                ASSERT_EQ(windowCount(input, before, after, kernel, stride, dilation, ceilMode),
                          enumerateWindows(input, before, after, kernel, stride, dilation, ceilMode))
                    << "input " << input << " kernel " << kernel << " stride " << stride << " dilation "
                    << dilation << " pads " << before << ", " << after << " ceil " << ceilMode;
}

TEST(Shapes, KnownLayers) {
  using Shape = llvm::SmallVector<int64_t, 4>;
  EXPECT_EQ(conv2dShape({32, 224, 224, 3}, {7, 7, 3, 64}, {2, 2}, {3, 3, 3, 3}, {1, 1}),
            (Shape{32, 112, 112, 64}));
  EXPECT_EQ(poolShape({32, 112, 112, 64}, {3, 3}, {2, 2}, {1, 1, 1, 1}, {1, 1}, false),
            (Shape{32, 56, 56, 64}));
  EXPECT_EQ(poolShape({1, 13, 13, 8}, {3, 3}, {2, 2}, {0, 0, 0, 0}, {1, 1}, true), (Shape{1, 6, 6, 8}));
  EXPECT_EQ(poolShape({1, 54, 54, 8}, {3, 3}, {2, 2}, {0, 0, 0, 0}, {1, 1}, true), (Shape{1, 27, 27, 8}));
}

TEST(Origin, SurvivesFusionAndChangesPhase) {
  mlir::MLIRContext context;
  mlir::Location loc = makeOrigin(&context, "conv1", phase::kForward);
  EXPECT_EQ(getOrigin(loc), std::make_pair(llvm::StringRef("conv1"), llvm::StringRef("fwd")));
  EXPECT_EQ(getOrigin(withPhase(loc, phase::kUpdate)),
            std::make_pair(llvm::StringRef("conv1"), llvm::StringRef("update")));
  mlir::Location other = makeOrigin(&context, "relu1", phase::kForward);
  EXPECT_EQ(getOrigin(mlir::FusedLoc::get(&context, {loc, other})).first, "conv1");
}

TEST(Origin, IsEmptyWithoutALayer) {
  mlir::MLIRContext context;
  mlir::Location loc = mlir::FileLineColLoc::get(&context, "model.mlir", 3, 5);
  EXPECT_TRUE(getOrigin(loc).first.empty());
  EXPECT_EQ(getOrigin(withPhase(loc, phase::kLoss)),
            std::make_pair(llvm::StringRef("unnamed"), llvm::StringRef("loss")));
}

} // namespace
} // namespace arsis::nn
