// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random sequential tile programs that use all engines, and are correct when executed in order.
#ifndef ARSIS_TESTS_COMPILER_TRANSFORMS_SPLITSTREAMS_RANDOMPROGRAM_H
#define ARSIS_TESTS_COMPILER_TRANSFORMS_SPLITSTREAMS_RANDOMPROGRAM_H

#include "dialects/Tile/IR/Builders.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"
#include <random>

namespace arsis::test {

/// A module with one tile.program: a few top-level nests of loops, at most three deep, with rings of one to
/// three slots. Every buffer is written as a whole before it is read. Needs a chip with two units of at least
/// 8 x 8 PEs and two load queues.
mlir::OwningOpRef<mlir::ModuleOp> makeRandomProgram(mlir::MLIRContext &context, unsigned seed);

} // namespace arsis::test

#endif // ARSIS_TESTS_COMPILER_TRANSFORMS_SPLITSTREAMS_RANDOMPROGRAM_H
