// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All operations of the nn dialect; each family has its own file.

#ifndef ARSIS_NN_OPS
#define ARSIS_NN_OPS

include "dialects/NN/IR/NNActivationOps.td"
include "dialects/NN/IR/NNArithmeticOps.td"
include "dialects/NN/IR/NNContractionOps.td"
include "dialects/NN/IR/NNDataOps.td"
include "dialects/NN/IR/NNElementwiseOps.td"
include "dialects/NN/IR/NNLossOps.td"
include "dialects/NN/IR/NNRandomOps.td"
include "dialects/NN/IR/NNReductionOps.td"
include "dialects/NN/IR/NNSoftmaxOps.td"
include "dialects/NN/IR/NNUnitOps.td"
include "dialects/NN/IR/NNWindowOps.td"

#endif // ARSIS_NN_OPS
