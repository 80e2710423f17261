// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From an operation to its family.
#include "simulator/isa/Families.h"

namespace arsis::sim {
namespace {

struct Sampler {
  Memories &memories;
  unsigned unit;
  Result &result;

  void operator()(const std::monostate &) const {}
  void operator()(const TransferOperation &op) const { sampleTransfer(op, memories, result); }
  void operator()(const LoadWeightsOperation &op) const {
    loadWeights(op, memories, memories.matrix[unit].banks[static_cast<size_t>(op.bank)]);
  }
  void operator()(const MultiplyOperation &op) const {
    sampleMultiply(op, memories, memories.matrix[unit].banks[static_cast<size_t>(op.bank)], result);
  }
  void operator()(const DrainOperation &op) const { sampleDrain(op, memories.matrix[unit], result); }
  void operator()(const MapOperation &op) const { sampleMap(op, memories, result); }
  void operator()(const ReduceOperation &op) const { sampleReduce(op, memories, result); }
  void operator()(const PoolOperation &op) const { samplePool(op, memories, result); }
  void operator()(const PoolGradOperation &op) const { samplePoolGrad(op, memories, result); }
  void operator()(const ExternalOperation &op) const { sampleExternal(op, memories, result); }
};

struct Committer {
  Memories &memories;
  unsigned unit;
  const Result &result;

  void operator()(const std::monostate &) const {}
  void operator()(const TransferOperation &op) const { commitTransfer(op, memories, result); }
  void operator()(const LoadWeightsOperation &) const {} // its bank was filled when it started
  void operator()(const MultiplyOperation &op) const { commitMultiply(op, memories.matrix[unit], result); }
  void operator()(const DrainOperation &op) const { commitDrain(op, memories, result); }
  void operator()(const MapOperation &op) const { commitMap(op, memories, result); }
  void operator()(const ReduceOperation &op) const { commitReduce(op, memories, result); }
  void operator()(const PoolOperation &op) const { commitPool(op, memories, result); }
  void operator()(const PoolGradOperation &op) const { commitPoolGrad(op, memories, result); }
  void operator()(const ExternalOperation &op) const { commitExternal(op, memories, result); }
};

} // namespace

void sample(const Operation &operation, Memories &memories, unsigned unit, Result &result) {
  std::visit(Sampler{memories, unit, result}, operation);
}

void commit(const Operation &operation, Memories &memories, unsigned unit, const Result &result) {
  std::visit(Committer{memories, unit, result}, operation);
}

} // namespace arsis::sim
