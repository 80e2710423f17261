// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Declares the pass tile-split-streams.
#ifndef ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_SPLITSTREAMS_H
#define ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_SPLITSTREAMS_H

#include "dialects/Tile/IR/Tile.h"
#include "mlir/Pass/Pass.h"

namespace arsis::compiler {
#define GEN_PASS_DECL
#include "compiler/Transforms/SplitStreams/SplitStreams.h.inc"
#define GEN_PASS_REGISTRATION
#include "compiler/Transforms/SplitStreams/SplitStreams.h.inc"
} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_SPLITSTREAMS_H
