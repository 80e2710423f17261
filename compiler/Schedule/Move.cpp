// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Move.h.
#include "compiler/Schedule/Move.h"

#include "compiler/Schedule/Coalesce.h"
#include "compiler/Schedule/LayoutBuilder.h"
#include "compiler/Schedule/Strides.h"

#include <algorithm>

namespace arsis::schedule {

namespace {

constexpr size_t kRank = 4; // of a transfer

/// Whether dimension `next` of the result follows `previous` in the source, too, with nothing but single
/// elements between.
bool follows(const Move::Dimension &previous, const Move::Dimension &next,
             const std::vector<int64_t> &source) {
  return previous.source < next.source &&
         std::all_of(source.begin() + previous.source + 1, source.begin() + next.source,
                     [](int64_t between) { return between == 1; });
}

/// Whether elements of a view that have one place along dimension `inner` are no neighbours of those before.
bool isGap(const Value &value, size_t outer, size_t inner) {
  return value.isView() && value.strides[outer] != value.strides[inner] * value.shape[inner];
}

void merge(Move &move, const Value &from, const Value &to) {
  const bool isWhole = std::all_of(move.dimensions.begin(), move.dimensions.end(),
                                   [](const Move::Dimension &d) { return d.isWhole(); });
  if (isWhole && move.dimensions.size() <= kRank)
    return;
  std::vector<Move::Dimension> kept;
  std::optional<Move::Dimension> previous; // the last one kept, before it grew
  size_t before = 0;                       // its number in the result
  for (size_t r = 0; r < move.dimensions.size(); ++r) {
    const Move::Dimension &d = move.dimensions[r];
    if (d.isWhole() && d.size == 1)
      continue;
    if (d.isWhole() && previous && follows(*previous, d, from.shape) &&
        !isGap(from, static_cast<size_t>(previous->source), static_cast<size_t>(d.source)) &&
        !isGap(to, before, r)) {
      Move::Dimension &grown = kept.back();
      for (int64_t *extent :
           {&grown.size, &grown.sourceAt, &grown.resultAt, &grown.sourceSize, &grown.resultSize})
        *extent *= d.size;
    } else {
      kept.push_back(d);
    }
    previous = d;
    before = r;
  }
  // Number the dimensions that are left in the source's order.
  std::vector<int64_t> numbers;
  for (const Move::Dimension &d : kept)
    numbers.push_back(d.source);
  std::sort(numbers.begin(), numbers.end());
  for (Move::Dimension &d : kept)
    d.source = std::lower_bound(numbers.begin(), numbers.end(), d.source) - numbers.begin();
  move.dimensions = std::move(kept);
}

/// Takes the first dimension out if it is whole and the first of the source, too. What is read outside of the
/// source's next dimension would be the neighbour's.
void takeRepeats(Move &move) {
  std::vector<Move::Dimension> &dimensions = move.dimensions;
  if (dimensions.size() <= kRank || !dimensions.front().isWhole() || dimensions.front().source != 0)
    return;
  const auto next = std::find_if(dimensions.begin(), dimensions.end(),
                                 [](const Move::Dimension &d) { return d.source == 1; });
  if (next->sourceAt < 0 || next->sourceAt + next->size > next->sourceSize)
    return;
  move.repeats = dimensions.front().size;
  dimensions.erase(dimensions.begin());
  for (Move::Dimension &d : dimensions)
    --d.source;
}

std::optional<Move> moveIn(const Unit &unit, const Part &part) {
  const nn::Structure &s = part.structure;
  const bool moves = s.combine == nn::Combine::None && s.after.empty() && part.operands.size() == 1 &&
                     part.results.size() == 1 && s.resultOf[0].isOperand() &&
                     s.operands[0].indices.size() == s.results[0].indices.size() &&
                     std::all_of(s.results[0].indices.begin(), s.results[0].indices.end(), isPlain);
  if (!moves)
    return std::nullopt;
  Move move;
  move.source = part.operands[0];
  move.result = part.results[0];
  const Value &from = unit.values[move.source], &to = unit.values[move.result];
  if (from.kind == Value::Kind::Inner || to.kind == Value::Kind::Inner)
    return std::nullopt;
  move.sourceType = from.type;
  move.resultType = to.type;
  move.fill = s.operands[0].value;
  const std::vector<nn::Index> &indices = s.operands[0].indices;
  for (size_t r = 0; r < s.results[0].indices.size(); ++r) {
    const nn::Term dimension = s.results[0].indices[r].terms[0];
    const auto read = std::find_if(indices.begin(), indices.end(), [&](const nn::Index &index) {
      return index.divisor == 1 && index.terms == std::vector<nn::Term>{dimension};
    });
    if (read == indices.end())
      return std::nullopt;
    const auto source = static_cast<int64_t>(read - indices.begin());
    move.dimensions.push_back({s.domain[dimension.dimension].extent, source, read->offset,
                               part.at.empty() ? 0 : part.at[r], from.shape[source], to.shape[r]});
  }
  merge(move, from, to);
  takeRepeats(move);
  const auto fits = [](const Value &value, const std::vector<int64_t> &shape) {
    return !value.isView() || stridesUnder(value.shape, value.strides, shape);
  };
  if (!fits(from, move.sourceShape()) || !fits(to, move.resultShape()))
    return std::nullopt;
  return move;
}

} // namespace

// The repetitions lie behind each other, so they are counted with the outermost dimensions.

std::vector<int64_t> Move::sourceShape() const {
  std::vector<int64_t> shape(dimensions.size());
  for (const Dimension &d : dimensions)
    shape[static_cast<size_t>(d.source)] = d.sourceSize;
  if (!shape.empty())
    shape[0] *= repeats;
  return shape;
}
std::vector<int64_t> Move::resultShape() const {
  std::vector<int64_t> shape;
  for (const Dimension &d : dimensions)
    shape.push_back(d.resultSize);
  if (!shape.empty())
    shape[0] *= repeats;
  return shape;
}

std::optional<std::vector<Move>> movesIn(const Unit &unit) {
  std::vector<Move> moves;
  for (const Part &part : unit.parts) {
    std::optional<Move> move = moveIn(unit, part);
    if (!move)
      return std::nullopt;
    moves.push_back(std::move(*move));
  }
  return moves;
}

MoveSpace::MoveSpace(const ChipLimits &limits, std::vector<Move> theMoves)
    : Space(limits), moves(std::move(theMoves)) {
  for (const Move &move : moves) {
    const size_t rank = move.dimensions.size();
    fits &= rank <= kRank;
    for (size_t d = 0; fits && d < rank; ++d)
      shape[kRank - rank + d] = std::max(shape[kRank - rank + d], move.dimensions[d].size);
  }
}

std::vector<Field> MoveSpace::fields() const {
  return {{"tiles.d0", tileSizes(shape[0]), {}},
          {"tiles.d1", tileSizes(shape[1]), {}},
          {"tiles.d2", tileSizes(shape[2]), {}},
          {"tiles.d3", tileSizes(shape[3]), {}},
          {"slots.tiles", {2, 1}, {}}};
}

MoveSpace::Tiling MoveSpace::tiling(const Move &move, const Choice &c) const {
  Tiling t;
  const size_t rank = move.dimensions.size();
  for (size_t d = 0; d < rank; ++d)
    t.shape[kRank - rank + d] = move.dimensions[d].size;
  for (size_t d = 0; d < kRank; ++d) {
    t.tile[d] = std::min(c[d], t.shape[d]);
    t.order.counts.push_back(ceilDiv(t.shape[d], t.tile[d]));
  }
  t.buffer = {"tile", t.tile, t.order.slots(3, c[4])};
  // What is filled in is rounded to the type of the result, and to no other before.
  t.buffer.type = move.fill == 0 ? move.sourceType : move.resultType;
  return t;
}

Evaluation MoveSpace::evaluate(const Choice &c) const {
  if (!fits)
    return Evaluation::rejected("it moves more than four dimensions against each other, the chip's transfers "
                                "have four");
  for (int64_t value : c)
    if (value < 1)
      return Evaluation::rejected("a tile or slot count is zero");
  // Outer dimensions are cut before inner ones.
  for (int d = 0; d < 3; ++d)
    if (c[d] > 1 && c[d + 1] < shape[d + 1])
      return Evaluation::rejected("an inner dimension is cut before an outer one");
  Evaluation e;
  for (const Move &move : moves) {
    const Tiling t = tiling(move, c);
    const auto tiles = double(move.repeats * t.order.times(3)),
               bytes = double(t.buffer.elements() * t.buffer.elementBytes());
    e.buffers.push_back(t.buffer);
    e.loops = std::max(e.loops, t.order.depth() + (move.repeats > 1));
    e.dramBytes += 2 * tiles * bytes;
    e.transfers += 2 * tiles;
    e.startBytes += 2 * bytes;
  }
  e.overlapped = c[4] > 1;
  return e;
}

void MoveSpace::addTo(Layout &layout, const Move &move, const Choice &choice) const {
  LayoutBuilder b(layout);
  const Tiling t = tiling(move, choice);
  const size_t rank = move.dimensions.size(), lead = kRank - rank;
  const std::vector<int64_t> sourceShape = move.sourceShape(), resultShape = move.resultShape();
  const int64_t sourceStep = rank == 0 ? 0 : sourceShape[0] / move.repeats,
                resultStep = rank == 0 ? 0 : resultShape[0] / move.repeats;
  const int from = b.tensor(move.source, sourceShape, move.sourceType),
            to = b.tensor(move.result, resultShape, move.resultType);
  b.loop(move.repeats, [&](const Affine &repetition) {
    std::vector<Affine> index;
    const auto moveTile = [&] {
      const View stored = b.whole(b.alloc(t.buffer));
      View loaded = stored;
      std::array<Affine, kRank> at, sourceAt;
      Box4 box, sourceBox;
      for (size_t d = 0; d < kRank; ++d) {
        const size_t source = d < lead ? d : lead + move.dimensions[d - lead].source;
        sourceAt[source] = at[d] = index[d] * t.tile[d];
        sourceBox[source] = box[d] = b.extent(t.tile[d], t.shape[d], at[d]);
        loaded.strides[source] = stored.strides[d];
        if (d >= lead) {
          sourceAt[source] += move.dimensions[d - lead].sourceAt;
          at[d] += move.dimensions[d - lead].resultAt;
        }
      }
      if (rank > 0) {
        sourceAt[lead] += repetition * sourceStep;
        at[lead] += repetition * resultStep;
      }
      b.load(from, sourceAt, sourceBox, loaded, move.fill);
      b.store(stored, to, at, box);
    };
    b.nest(t.order, index, {}, moveTile, {});
  });
}

Layout MoveSpace::layout(const Choice &choice) const {
  Layout layout;
  for (const Move &move : moves)
    addTo(layout, move, choice);
  return layout;
}

} // namespace arsis::schedule
