// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Transpose.h.
#include "compiler/Schedule/Transpose.h"

#include "compiler/Schedule/LayoutBuilder.h"

#include <algorithm>

namespace arsis::schedule {

static Transposition merged(const Transposition &whole, const std::vector<int64_t> &source) {
  if (whole.permutation.size() <= 4)
    return whole;
  Transposition result = whole;
  result.shape.clear();
  result.permutation.clear();
  std::optional<int64_t> previous;  // source dimension of the last one kept
  auto follows = [&](int64_t dim) { // it in the source, with nothing but single elements between
    return previous && *previous < dim &&
           std::all_of(source.begin() + *previous + 1, source.begin() + dim,
                       [](int64_t between) { return between == 1; });
  };
  for (size_t d = 0; d < whole.permutation.size(); ++d) {
    const int64_t size = whole.shape[d], dim = whole.permutation[d];
    if (size == 1)
      continue;
    if (follows(dim)) {
      result.shape.back() *= size;
    } else {
      result.shape.push_back(size);
      result.permutation.push_back(dim);
    }
    previous = dim;
  }
  // Number the dimensions that are left in the source's order.
  std::vector<int64_t> kept = result.permutation;
  std::sort(kept.begin(), kept.end());
  for (int64_t &dim : result.permutation)
    dim = std::lower_bound(kept.begin(), kept.end(), dim) - kept.begin();
  return result;
}

std::optional<Transposition> transpositionIn(const Unit &unit) {
  const Part &part = unit.parts.front();
  const nn::Structure &s = part.structure;
  const bool moves = unit.parts.size() == 1 && s.combine == nn::Combine::None && s.after.empty() &&
                     part.operands.size() == 1 && part.results.size() == 1 && s.resultOf[0].isOperand() &&
                     s.operands[0].indices.size() == s.results[0].indices.size();
  if (!moves)
    return std::nullopt;
  Transposition transposition;
  transposition.source = part.operands[0];
  transposition.result = part.results[0];
  transposition.shape = unit.values[transposition.result].shape;
  transposition.sourceType = unit.values[transposition.source].type;
  transposition.resultType = unit.values[transposition.result].type;
  for (const nn::Index &index : s.results[0].indices)
    for (size_t d = 0; d < s.operands[0].indices.size(); ++d)
      if (s.operands[0].indices[d].terms == index.terms)
        transposition.permutation.push_back(static_cast<int64_t>(d));
  if (transposition.permutation.size() != transposition.shape.size())
    return std::nullopt;
  return merged(transposition, unit.values[transposition.source].shape);
}

TransposeSpace::TransposeSpace(const ChipLimits &limits, Transposition theTransposition)
    : Space(limits), transposition(std::move(theTransposition)),
      fits(transposition.shape.size() <= shape.size()) {
  if (fits)
    std::copy(transposition.shape.begin(), transposition.shape.end(),
              shape.end() - transposition.shape.size());
}

std::vector<Field> TransposeSpace::fields() const {
  return {{"tiles.d0", tileSizes(shape[0]), {}},
          {"tiles.d1", tileSizes(shape[1]), {}},
          {"tiles.d2", tileSizes(shape[2]), {}},
          {"tiles.d3", tileSizes(shape[3]), {}},
          {"slots.tiles", {2, 1}, {}}};
}

TransposeSpace::Tiling TransposeSpace::tiling(const Choice &c) const {
  Tiling l;
  for (int d = 0; d < 4; ++d) {
    l.tile[d] = std::min(c[d], shape[d]);
    l.order.counts.push_back(ceilDiv(shape[d], l.tile[d]));
  }
  l.buffer = {"tile", l.tile, l.order.slots(3, c[4])};
  l.buffer.type = transposition.sourceType;
  return l;
}

Evaluation TransposeSpace::evaluate(const Choice &c) const {
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
  Tiling l = tiling(c);
  Evaluation e;
  e.buffers = {l.buffer};
  e.loops = l.order.depth();
  double tiles = double(l.order.times(3)), bytes = double(l.buffer.elements() * l.buffer.elementBytes());
  e.dramBytes = 2 * tiles * bytes;
  e.transfers = 2 * tiles;
  e.startBytes = 2 * bytes;
  e.overlapped = c[4] > 1;
  return e;
}

Layout TransposeSpace::layout(const Choice &choice) const {
  Layout layout;
  LayoutBuilder b(layout);
  const Tiling l = tiling(choice);
  const size_t rank = transposition.permutation.size(), lead = 4 - rank;
  std::vector<int64_t> sourceShape(rank);
  for (size_t d = 0; d < rank; ++d)
    sourceShape[transposition.permutation[d]] = transposition.shape[d];
  const int from = b.tensor(transposition.source, sourceShape, transposition.sourceType),
            to = b.tensor(transposition.result, transposition.shape, transposition.resultType);
  std::array<size_t, 4> source; // of each dimension of the result
  for (size_t d = 0; d < 4; ++d)
    source[d] = d < lead ? d : static_cast<size_t>(transposition.permutation[d - lead]) + lead;
  std::vector<Affine> index;
  b.nest(l.order, index, {},
         [&] {
           const View stored = b.whole(b.alloc(l.buffer));
           View loaded = stored;
           std::array<Affine, 4> at, sourceAt;
           Box4 box, sourceBox;
           for (size_t d = 0; d < 4; ++d) {
             at[d] = index[d] * l.tile[d];
             box[d] = b.extent(l.tile[d], shape[d], at[d]);
             sourceAt[source[d]] = at[d];
             sourceBox[source[d]] = box[d];
             loaded.strides[source[d]] = stored.strides[d];
           }
           b.load(from, sourceAt, sourceBox, loaded);
           b.store(stored, to, at, box);
         },
         {});
  return layout;
}

} // namespace arsis::schedule
