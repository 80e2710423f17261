// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Boxes of tensors: slice, pad, concat, split. Copies keep every bit, NaNs included.
#include "dialects/Isa/Encoding/Error.h"
#include "runtime/common/KernelRegistry.h"

#include <algorithm>

namespace arsis::ref {

namespace {

/// Elements of a box, row by row: the box of shape `box` that begins at `at` in a tensor of `shape`.
template <class Visit>
void forEachRow(const Shape &shape, const Shape &at, const Shape &box, const Visit &visit) {
  const size_t rank = shape.size();
  Shape index(rank, 0);
  for (int64_t row = 0, rows = rank == 0 ? 1 : elementCount(box) / box.back(); row < rows; ++row) {
    int64_t offset = 0;
    for (size_t d = 0; d < rank; ++d)
      offset = offset * shape[d] + at[d] + index[d];
    visit(row, offset);
    for (size_t d = rank - 1; d-- > 0 && ++index[d] == box[d];)
      index[d] = 0;
  }
}

Shape alongAxis(size_t rank, int64_t axis, int64_t offset) {
  Shape at(rank, 0);
  at[axis] = offset;
  return at;
}

/// `piece` is the box of `whole` at `at`.
template <class T>
void take(const T *whole, const Shape &shape, const Shape &at, const Shape &box, T *piece) {
  const int64_t length = box.empty() ? 1 : box.back();
  forEachRow(shape, at, box,
             [&](int64_t row, int64_t offset) { std::copy_n(whole + offset, length, piece + row * length); });
}

/// The box of `whole` at `at` becomes `piece`.
template <class T> void put(const T *piece, const Shape &box, const Shape &at, const Shape &shape, T *whole) {
  const int64_t length = box.empty() ? 1 : box.back();
  forEachRow(shape, at, box,
             [&](int64_t row, int64_t offset) { std::copy_n(piece + row * length, length, whole + offset); });
}

void expectWithin(const KernelCall &call, const Shape &box, const Shape &at, const Shape &shape) {
  bool fits = at.size() == shape.size() && box.size() == shape.size();
  for (size_t d = 0; fits && d < shape.size(); ++d)
    fits = at[d] >= 0 && at[d] + box[d] <= shape[d];
  if (!fits)
    throw Error("'" + call.op + "' has a box of " + toString(box) + " that is not within " + toString(shape));
}

template <class T> void callSlice(KernelCall &call) {
  call.expect(1, 1);
  const Shape &offsets = call.attribute<Shape>("offsets");
  expectWithin(call, call.resultShape(0), offsets, call.operandShape(0));
  take(call.operands[0]->as<T>(), call.operandShape(0), offsets, call.resultShape(0),
       call.results[0].as<T>());
}

template <class T> void callPad(KernelCall &call) {
  call.expect(1, 1);
  const Shape &low = call.attribute<Shape>("low");
  expectWithin(call, call.operandShape(0), low, call.resultShape(0));
  std::fill_n(call.results[0].as<T>(), call.results[0].size(), T(call.attribute<double>("value")));
  put(call.operands[0]->as<T>(), call.operandShape(0), low, call.resultShape(0), call.results[0].as<T>());
}

template <class T> void callConcat(KernelCall &call) {
  call.expect(call.operands.size(), 1);
  const Shape &whole = call.resultShape(0);
  const auto axis = call.attribute<int64_t>("axis");
  int64_t begin = 0;
  for (size_t i = 0; i < call.operands.size(); ++i) {
    const Shape &box = call.operandShape(i), at = alongAxis(whole.size(), axis, begin);
    expectWithin(call, box, at, whole);
    put(call.operands[i]->as<T>(), box, at, whole, call.results[0].as<T>());
    begin += box[axis];
  }
}

template <class T> void callSplit(KernelCall &call) {
  call.expect(1, call.results.size());
  const Shape &whole = call.operandShape(0);
  const auto axis = call.attribute<int64_t>("axis");
  int64_t begin = 0;
  for (size_t i = 0; i < call.results.size(); ++i) {
    const Shape &box = call.resultShape(i), at = alongAxis(whole.size(), axis, begin);
    expectWithin(call, box, at, whole);
    take(call.operands[0]->as<T>(), whole, at, box, call.results[i].as<T>());
    begin += box[axis];
  }
}

} // namespace

void registerPieces(KernelRegistry &registry) {
  registry.add("nn.slice", callSlice<float>, callSlice<double>);
  registry.add("nn.pad", callPad<float>, callPad<double>);
  registry.add("nn.concat", callConcat<float>, callConcat<double>);
  registry.add("nn.split", callSplit<float>, callSplit<double>);
}

} // namespace arsis::ref
