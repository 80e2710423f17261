// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Operations on random values: by their kernels, and what they must agree with.
#ifndef ARSIS_TESTS_DIALECTS_NN_STRUCTURETESTING_H
#define ARSIS_TESTS_DIALECTS_NN_STRUCTURETESTING_H

#include "runtime/common/HostTensor.h"
#include "tests/dialects/NN/StructureCases.h"
#include "tests/dialects/NN/StructureEvaluator.h"

namespace arsis::nn::testing {

std::vector<Shape> shapesOf(mlir::TypeRange types);
Structure structureOf(mlir::Operation *op);
/// The contradiction in a structure of `op`; empty if there is none.
std::string faultOf(mlir::Operation *op, const Structure &structure);
std::string print(mlir::Operation *op);

/// Normal: some so small that products underflow. Ties: a few values, signed zeros among them. Special: also
/// infinities and a NaN that is not the canonical one.
enum class Fill { Normal, Ties, Special };
std::vector<Elements> operandsOf(mlir::Operation *op, Fill fill, std::mt19937 &engine);

/// The results of the operation's kernel; none if it fails.
std::vector<ref::HostTensor> reference(mlir::Operation *op, const std::vector<Elements> &operands);
/// Empty if all bits agree, else the first difference.
std::string difference(const std::vector<Elements> &found, const std::vector<ref::HostTensor> &expected);

/// Gives the operation a plan with these chunks.
void setPlan(ReductionOpInterface op, const std::vector<int64_t> &chunks, PlanBegin begin = PlanBegin::Zero);
/// Everything as one chunk, each term alone, and sizes between; one empty plan if nothing is summed.
std::vector<std::vector<int64_t>> plansOf(mlir::Operation *op, std::mt19937 &engine);

} // namespace arsis::nn::testing

#endif
