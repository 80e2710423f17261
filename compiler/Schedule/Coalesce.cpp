// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Coalesce.h.
#include "compiler/Schedule/Coalesce.h"

#include <algorithm>
#include <numeric>

namespace arsis::schedule {

namespace {

class Dimensions {
public:
  explicit Dimensions(const Unit &unit) : unit(unit), places(unit.values.size()) {
    for (const Part &part : unit.parts) {
      first.push_back(static_cast<int>(parent.size()));
      parent.resize(parent.size() + part.structure.domain.size());
    }
    std::iota(parent.begin(), parent.end(), 0);
  }

  std::optional<Coalesced> run() {
    for (const bool ofFirst : {false, true}) // these ask where others place their operand
      for (size_t p = 0; p < unit.parts.size(); ++p)
        if (ofFirst == (firstPixelsOf(unit.parts[p]) > 0) && !(ofFirst ? unifyChannel(p) : unifyAll(p)))
          return std::nullopt;
    if (!order())
      return std::nullopt;
    return merge();
  }

private:
  int find(int dimension) {
    while (parent[dimension] != dimension)
      dimension = parent[dimension] = parent[parent[dimension]];
    return dimension;
  }

  bool unify(size_t part, const std::vector<nn::Access> &accesses, const std::vector<int> &values) {
    for (size_t i = 0; i < accesses.size(); ++i) {
      std::vector<int> &place = places[values[i]];
      const bool isFirst = place.empty();
      for (size_t d = 0; d < accesses[i].indices.size(); ++d) {
        const nn::Index &index = accesses[i].indices[d];
        if (!isPlain(index) || unit.parts[part].structure.domain[index.terms[0].dimension].extent !=
                                   unit.values[values[i]].shape[d])
          return false;
        const int dimension = first[part] + index.terms[0].dimension;
        if (isFirst)
          place.push_back(dimension);
        else
          parent[find(dimension)] = find(place[d]);
      }
    }
    return true;
  }
  bool unifyChannel(size_t p) {
    const Part &part = unit.parts[p];
    const std::vector<int> &place = places[part.operands.front()];
    if (place.empty())
      return false;
    parent[find(first[p])] = find(place.back());
    return unify(p, part.structure.results, part.results);
  }
  bool unifyAll(size_t p) {
    const Part &part = unit.parts[p];
    if (!part.at.empty())
      return false;
    std::vector<nn::Access> constants;
    for (const nn::Constant &constant : part.structure.constants)
      constants.push_back(constant.access);
    return unify(p, part.structure.operands, part.operands) &&
           unify(p, part.structure.results, part.results) && unify(p, constants, part.constants);
  }

  /// The value that has most dimensions has them all, in their order; the others have some in that order, and
  /// parts reduce some of them.
  bool order() {
    for (const std::vector<int> &place : places)
      if (place.size() > all.size())
        all = place;
    for (int &dimension : all)
      dimension = find(dimension);
    for (const std::vector<int> &place : places) {
      auto from = all.begin();
      for (int dimension : place) {
        from = std::find(from, all.end(), find(dimension));
        if (from++ == all.end())
          return false;
      }
    }
    for (size_t p = 0; p < unit.parts.size(); ++p)
      for (const nn::Reduced &reduced : unit.parts[p].structure.reduction.inside)
        if (firstPixelsOf(unit.parts[p]) == 0 && position(first[p] + reduced.dimension) == all.size())
          return false; // no tensor has it
    return true;
  }

  Coalesced merge() {
    const size_t count = all.size(), valueCount = unit.values.size(), partCount = unit.parts.size();
    // A signature per dimension: which values have it, which parts reduce it.
    std::vector<std::vector<bool>> signature(count, std::vector<bool>(valueCount + partCount));
    std::vector<int64_t> extents(count, 1);
    for (size_t v = 0; v < valueCount; ++v)
      for (size_t d = 0; d < places[v].size(); ++d) {
        const size_t at = position(places[v][d]);
        signature[at][v] = true;
        extents[at] = unit.values[v].shape[d];
      }
    for (size_t p = 0; p < partCount; ++p)
      for (const nn::Reduced &reduced : unit.parts[p].structure.reduction.inside)
        if (firstPixelsOf(unit.parts[p]) == 0)
          signature[position(first[p] + reduced.dimension)][valueCount + p] = true;
    Coalesced result;
    result.has.resize(valueCount);
    result.reduced.resize(partCount);
    for (size_t d = 0; d < count; ++d) {
      if (d > 0 && signature[d] == signature[d - 1] && !isGap(all[d - 1], all[d])) {
        result.extents.back() *= extents[d];
        continue;
      }
      result.extents.push_back(extents[d]);
      for (size_t v = 0; v < valueCount; ++v)
        result.has[v].push_back(signature[d][v]);
      for (size_t p = 0; p < partCount; ++p)
        result.reduced[p].push_back(signature[d][valueCount + p]);
    }
    return result;
  }

  /// Whether the elements of some view that has both dimensions are no row of neighbours.
  bool isGap(int outer, int inner) {
    for (size_t v = 0; v < places.size(); ++v) {
      const Value &value = unit.values[v];
      for (size_t d = 1; value.isView() && d < places[v].size(); ++d)
        if (find(places[v][d - 1]) == outer && find(places[v][d]) == inner &&
            value.strides[d - 1] != value.strides[d] * value.shape[d])
          return true;
    }
    return false;
  }

  size_t position(int dimension) { return std::find(all.begin(), all.end(), find(dimension)) - all.begin(); }

  const Unit &unit;
  std::vector<int> parent, first;       // dimensions of all parts; number of a part's first one
  std::vector<std::vector<int>> places; // of each value: the dimension at each of its indices
  std::vector<int> all;
};

} // namespace

bool isPlain(const nn::Index &index) {
  return index.terms.size() == 1 && index.terms[0].stride == 1 && index.offset == 0 && index.divisor == 1;
}

int64_t firstPixelsOf(const Part &part) {
  const nn::Structure &s = part.structure;
  if (s.combine != nn::Combine::Sum || s.domain.size() != 2 || s.operands.size() != 1 ||
      s.operands[0].indices.size() < 2 || !s.before.empty() || !s.after.empty() ||
      !s.reduction.chunks.empty() || s.reduction.how != nn::How::Tree)
    return 0;
  const std::vector<nn::Index> &indices = s.operands[0].indices;
  const auto isOf = [](const nn::Index &index, int dimension) {
    return isPlain(index) && index.terms[0].dimension == dimension;
  };
  const bool isFirst = std::all_of(indices.begin(), indices.end() - 2,
                                   [](const nn::Index &index) { return index == nn::Index{}; });
  return isFirst && isOf(*(indices.end() - 2), 1) && isOf(indices.back(), 0) ? s.domain[1].extent : 0;
}

std::optional<Coalesced> coalesce(const Unit &unit) { return Dimensions(unit).run(); }

} // namespace arsis::schedule
