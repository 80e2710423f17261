// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See MatrixArray.h.
#include "timing/MatrixArray.h"

#include <algorithm>

namespace arsis::timing {
namespace {

int64_t steps(const Axes &axes) {
  int64_t count = 1;
  for (const Axis &axis : axes)
    count *= axis.count;
  return count;
}

ArrayUse repeated(const ArrayUse &use, int64_t times) { return {times * use.cycles, times * use.words}; }

/// A walk as a key: only the byte of the start within a word matters.
Memo<ArrayUse, 18>::Key keyOf(const Walk &walk, int64_t widthBytes) {
  Memo<ArrayUse, 18>::Key key{walk.elementBytes, walk.start % widthBytes};
  for (size_t d = 0; d < walk.outer.size(); ++d) {
    key[2 + 4 * d] = walk.outer[d].count;
    key[3 + 4 * d] = walk.outer[d].strideBytes;
    key[4 + 4 * d] = walk.beat[d].count;
    key[5 + 4 * d] = walk.beat[d].strideBytes;
  }
  return key;
}

} // namespace

MatrixArray::MatrixArray(const chip::Chip &chip)
    : MatrixArray(chip.integer("matrix.rows"), chip.integer("matrix.cols"),
                  chip.integer("matrix.transposer") != 0, Banks(chip), chip::MatrixPasses(chip),
                  chip.integer("matrix.pe_latency_cycles")) {}

MatrixArray::MatrixArray(int64_t rows, int64_t columns, bool transposer, const Banks &banks,
                         const chip::MatrixPasses &passes, int64_t peLatencyCycles)
    : rows(rows), columns(columns), transposer(transposer), banks(banks),
      passes(passes), pipeline{peLatencyCycles} {}

ArrayUse MatrixArray::direct(const Walk &walk) const {
  const WalkUse use = banks.walk(walk);
  return {use.cycles, use.words};
}

/// The columns of the block are read, all of them before its first row leaves.
ArrayUse MatrixArray::transposedLoad(const Walk &weights) const {
  const WalkUse read = banks.walk(Walk{weights.beat, weights.outer, weights.elementBytes, weights.start});
  return {read.cycles + steps(weights.outer), read.words};
}

/// Reads the first block, then each block while the one before it streams; all are taken to lie alike.
ArrayUse MatrixArray::transposedFeed(const Walk &operand) const {
  const Beats blocks = inBeats(operand.outer, rows, operand.elementBytes, operand.start);
  ArrayUse use;
  int64_t streaming = 0; // rows of the block before
  for (const Walk &part : {blocks.whole, blocks.rest}) {
    const int64_t count = steps(part.outer), height = steps(part.beat);
    if (count == 0)
      continue;
    const WalkUse read = banks.walk(Walk{operand.beat, part.beat, part.elementBytes, part.start});
    use.cycles += std::max(streaming, read.cycles) + (count - 1) * std::max(height, read.cycles);
    use.words += count * read.words;
    streaming = height;
  }
  use.cycles += streaming;
  return use;
}

ArrayUse MatrixArray::load(const Walk &weights, numerics::ElementType type) const {
  return repeated(loadOnce(weights), passes.of(type));
}

ArrayUse MatrixArray::feed(const Walk &operand, numerics::ElementType type) const {
  return repeated(feedOnce(operand), passes.of(type));
}

ArrayUse MatrixArray::loadOnce(const Walk &weights) const {
  return loads.get(keyOf(weights, banks.widthBytes), [&] {
    const ArrayUse straight = direct(weights);
    if (!transposer || straight.cycles == steps(weights.outer))
      return straight;
    const ArrayUse turned = transposedLoad(weights);
    return turned.cycles < straight.cycles ? turned : straight;
  });
}

ArrayUse MatrixArray::feedOnce(const Walk &operand) const {
  return feeds.get(keyOf(operand, banks.widthBytes), [&] {
    const ArrayUse straight = direct(operand);
    if (!transposer || straight.cycles == steps(operand.outer))
      return straight;
    const ArrayUse turned = transposedFeed(operand);
    return turned.cycles < straight.cycles ? turned : straight;
  });
}

ArrayUse MatrixArray::drain(const Walk &destination) const {
  return drains.get(keyOf(destination, banks.widthBytes), [&] { return direct(destination); });
}

} // namespace arsis::timing
