// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Two proofs that accesses do not meet. Both read a position as a number with digits: the loops and the
// dimensions of the box are digits, a digit is proper if its step covers everything that smaller ones span.
#include "compiler/Transforms/SplitStreams/Disjoint.h"

#include <limits>
#include <map>

using namespace mlir;

namespace arsis::compiler {
namespace {

/// `linear` over the op's indices, rewritten over the loops around the op.
tile::Linear overLoops(const Schedule &schedule, const OpNode &node, const tile::Linear &linear) {
  tile::Linear result(node.loops.size(), linear.constant);
  tile::EngineOpInterface op = node.op;
  for (auto [depth, loop] : llvm::enumerate(node.loops)) {
    scf::ForOp loopOp = schedule.loops[loop].op;
    for (auto [i, index] : llvm::enumerate(op.getIndices()))
      if (loopOp.getInductionVar() == index)
        result.coefficients[depth] += linear.coefficients[i];
  }
  return result;
}

/// A stretch [low, high] of one axis at iteration zero of the common loops, moving by `steps` per iteration.
struct Moving {
  int64_t low, high;
  SmallVector<int64_t> steps;
};

/// The stretches that an access covers on every axis of its buffer, inner loops included.
SmallVector<Moving> stretches(const Schedule &schedule, const OpNode &node, const Footprint &footprint,
                              unsigned depth) {
  SmallVector<Moving> result;
  for (auto [axis, position] : llvm::enumerate(footprint.position)) {
    tile::Linear moving = overLoops(schedule, node, position);
    Moving stretch{moving.constant, moving.constant, {}};
    for (auto [d, step] : llvm::enumerate(moving.coefficients)) {
      if (d < depth)
        stretch.steps.push_back(step);
      else
        (step < 0 ? stretch.low : stretch.high) += step * (schedule.loops[node.loops[d]].trips - 1);
    }
    for (auto [d, dim] : llvm::enumerate(footprint.dims))
      if (!footprint.isDram() || d == axis)
        (dim.stride < 0 ? stretch.low : stretch.high) += dim.stride * (dim.tile - 1);
    result.push_back(stretch);
  }
  return result;
}

/// An access to a buffer as base + sum of digit * step, every step positive.
struct Digits {
  int64_t base = 0;
  std::map<int64_t, int64_t> most; // by step: the largest digit

  void add(int64_t step, int64_t largest) {
    if (step < 0)
      base += step * largest;
    if (step != 0 && largest > 0)
      most[std::abs(step)] += largest;
  }
  /// One more than the sum of all digits whose step is less than `step`.
  int64_t spanBelow(int64_t step) const {
    int64_t span = 1;
    for (auto [each, largest] : most)
      if (each < step)
        span += each * largest;
    return span;
  }
};

Digits digitsOf(const Schedule &schedule, const OpNode &node, const Footprint &footprint) {
  Digits digits;
  const tile::Linear position = overLoops(schedule, node, footprint.position.front());
  digits.base = position.constant;
  for (auto [loop, step] : llvm::zip_equal(node.loops, position.coefficients))
    digits.add(step, schedule.loops[loop].trips - 1);
  for (const FootprintDim &dim : footprint.dims)
    digits.add(dim.stride, dim.tile - 1);
  return digits;
}

SmallVector<Digits> accessesOf(const Schedule &schedule, int op, int storage) {
  SmallVector<Digits> result;
  tile::EngineOpInterface engine = schedule.ops[op].op;
  for (const Footprint &footprint : engine.getFootprints())
    if (!footprint.isDram() && footprint.buffer.getDefiningOp() == schedule.storages[storage].owner)
      result.push_back(digitsOf(schedule, schedule.ops[op], footprint));
  return result;
}

/// Whether the digits of less than `step` keep to two stretches that do not meet, and all others are proper
/// above both stretches together: then equal upper digits leave the stretches apart, and other ones are
/// further apart than both are long.
bool apartBelow(const Digits &a, const Digits &b, int64_t step) {
  const int64_t endA = a.base + a.spanBelow(step), endB = b.base + b.spanBelow(step);
  if (a.base < endB && b.base < endA)
    return false;
  int64_t span = std::max(endA, endB) - std::min(a.base, b.base);
  std::map<int64_t, int64_t> upper;
  for (const Digits *digits : {&a, &b})
    for (auto [each, largest] : digits->most)
      if (each >= step)
        upper[each] = std::max(upper[each], largest);
  for (auto [each, largest] : upper) {
    if (each < span)
      return false;
    span += each * largest;
  }
  return true;
}

bool disjoint(const Digits &a, const Digits &b) {
  if (apartBelow(a, b, std::numeric_limits<int64_t>::max()))
    return true;
  return llvm::any_of(a.most, [&](auto digit) { return apartBelow(a, b, digit.first); }) ||
         llvm::any_of(b.most, [&](auto digit) { return apartBelow(a, b, digit.first); });
}

} // namespace

bool areApart(const TensorPart &a, const TensorPart &b) {
  Digits ofA, ofB;
  for (auto [part, digits] : {std::pair(&a, &ofA), std::pair(&b, &ofB)}) {
    digits->base = part->offset;
    for (auto [stride, extent] : part->dimensions)
      digits->add(stride, extent - 1);
  }
  return disjoint(ofA, ofB);
}

bool disjointAlways(const Schedule &schedule, int a, int b, int storage) {
  const SmallVector<Digits> ofA = accessesOf(schedule, a, storage), ofB = accessesOf(schedule, b, storage);
  return llvm::all_of(ofA, [&](const Digits &left) {
    return llvm::all_of(ofB, [&](const Digits &right) { return disjoint(left, right); });
  });
}

// On one axis, the loops that move along it enumerate stretches like the digits of a number: sorted by step,
// each step must cover everything the smaller ones span. Then different digits are different places, and if
// every common loop is a digit of some axis, different iterations never meet.
bool disjointAcrossIterations(const Schedule &schedule, int a, int b, int storage, unsigned from,
                              unsigned depth) {
  SmallVector<SmallVector<Moving>> all;
  Type type;
  for (int op : {a, b}) {
    tile::EngineOpInterface engine = schedule.ops[op].op;
    for (const Footprint &footprint : engine.getFootprints()) {
      if (schedule.storageOf.lookup(footprint.buffer) != storage)
        continue;
      if (type && footprint.buffer.getType() != type)
        return false; // the same bytes under another shape
      type = footprint.buffer.getType();
      all.push_back(stretches(schedule, schedule.ops[op], footprint, depth));
    }
  }
  SmallVector<bool> separated(depth, false);
  for (unsigned axis = 0; axis < all[0].size(); ++axis) {
    Moving joint = all[0][axis];
    bool parallel = true;
    for (const auto &access : all) {
      parallel &= access[axis].steps == joint.steps;
      joint.low = std::min(joint.low, access[axis].low);
      joint.high = std::max(joint.high, access[axis].high);
    }
    SmallVector<std::pair<int64_t, unsigned>> digits;
    for (unsigned d = 0; d < depth; ++d)
      if (joint.steps[d] != 0)
        digits.push_back({std::abs(joint.steps[d]), d});
    llvm::sort(digits);
    int64_t span = joint.high - joint.low + 1;
    for (auto [step, d] : digits) {
      parallel &= step >= span;
      span += step * (schedule.loops[schedule.ops[a].loops[d]].trips - 1);
    }
    if (parallel)
      for (auto [step, d] : digits)
        separated[d] = true;
  }
  for (unsigned d = from; d < depth; ++d)
    if (!separated[d] && schedule.loops[schedule.ops[a].loops[d]].trips > 1)
      return false;
  return true;
}

} // namespace arsis::compiler
