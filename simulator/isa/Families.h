// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The meaning of each opcode, one file per family: a sample that reads operands into a result, and a commit
// that writes the result to memory. Free of SystemC. REQUIRES on all: checkBounds passed.
#pragma once

#include "simulator/isa/Memories.h"

namespace arsis::sim {

// Dma.cpp
void sampleTransfer(const TransferOperation &, const Memories &, Result &);
void commitTransfer(const TransferOperation &, Memories &, const Result &);
/// The part of the box that lies inside the tensor: first index and size along each dimension of the box.
/// Sizes are zero if nothing does.
struct InRange {
  Box4 first, count;
  bool whole; // the box lies wholly inside
};
InRange inRange(const TransferOperation &);

// Matrix.cpp
void loadWeights(const LoadWeightsOperation &, const Memories &, WeightBank &);
void sampleMultiply(const MultiplyOperation &, const Memories &, const WeightBank &, Result &);
void commitMultiply(const MultiplyOperation &, MatrixMemory &, const Result &);

// Drain.cpp
void sampleDrain(const DrainOperation &, const MatrixMemory &, Result &);
void commitDrain(const DrainOperation &, Memories &, const Result &);

// Map.cpp
void sampleMap(const MapOperation &, const Memories &, Result &);
void commitMap(const MapOperation &, Memories &, const Result &);

// Reduce.cpp
void sampleReduce(const ReduceOperation &, const Memories &, Result &);
void commitReduce(const ReduceOperation &, Memories &, const Result &);

// Pool.cpp
void samplePool(const PoolOperation &, const Memories &, Result &);
void commitPool(const PoolOperation &, Memories &, const Result &);
void samplePoolGrad(const PoolGradOperation &, const Memories &, Result &);
void commitPoolGrad(const PoolGradOperation &, Memories &, const Result &);

// External.cpp
void sampleExternal(const ExternalOperation &, const Memories &, Result &);
void commitExternal(const ExternalOperation &, Memories &, const Result &);

} // namespace arsis::sim
