// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The consistency of a structure. Checks run from declarations to uses, so that each may rely on those before
// it; the first contradiction ends them.
#include "dialects/NN/Structure/Structure.h"

#include <algorithm>
#include <set>

namespace arsis::nn {

namespace {

using Shape = std::vector<int64_t>;

struct Contradiction {
  std::string text;
};

void require(bool holds, const std::string &text) {
  if (!holds)
    throw Contradiction{text};
}

int64_t floorDivide(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

class Checker {
public:
  explicit Checker(const Structure &structure) : s(structure) {}

  void check(const std::vector<Shape> &operandShapes, const std::vector<Shape> &resultShapes) {
    domain();
    orders();
    searching();
    requireCount("operands", s.operands.size(), operandShapes.size());
    for (size_t i = 0; i < s.operands.size(); ++i)
      access(s.operands[i], operandShapes[i], "operand " + std::to_string(i));
    for (const Constant &constant : s.constants) {
      int64_t elements = 1;
      for (int64_t extent : constant.shape)
        elements *= extent;
      requireCount("values of constant " + constant.name, constant.values.size(), elements);
      access(constant.access, constant.shape, "constant " + constant.name);
    }
    divisions();
    requireCount("results", s.results.size(), resultShapes.size());
    for (size_t i = 0; i < s.results.size(); ++i)
      result(s.results[i], resultShapes[i], "result " + std::to_string(i));
    program();
  }

private:
  static void requireCount(const std::string &what, size_t found, size_t expected) {
    require(found == expected, std::to_string(found) + " " + what + ", expected " + std::to_string(expected));
  }

  bool isParallel(int dimension) const { return dimension >= 0 && dimension < s.parallelCount(); }
  bool isReduced(int dimension) const {
    return std::any_of(s.reduction.inside.begin(), s.reduction.inside.end(),
                       [&](const Reduced &reduced) { return reduced.dimension == dimension; });
  }
  bool isSearched(int dimension) const {
    return std::count(s.search.along.begin(), s.search.along.end(), dimension) != 0;
  }

  void domain() const {
    std::set<std::string> names;
    for (const Dimension &dimension : s.domain) {
      require(!dimension.name.empty() && names.insert(dimension.name).second,
              "name of dimension '" + dimension.name + "' is empty or taken");
      require(dimension.extent >= 1, dimension.name + " has extent " + std::to_string(dimension.extent));
    }
    require(s.parallelCount() >= 0, "more dimensions are reduced than there are");
    for (int d = s.parallelCount(); d < static_cast<int>(s.domain.size()); ++d)
      require(isReduced(d) != isSearched(d),
              s.domain[d].name + " is not parallel, and not once reduced or searched");
    for (int d = s.parallelCount(), end = d + static_cast<int>(s.reduction.inside.size()); d < end; ++d)
      require(isReduced(d), s.domain[d].name + " stands among the reduced dimensions");
  }

  void orders() const {
    std::set<int> cut;
    std::set<std::string> names;
    for (const Chunked &loop : s.reduction.chunks) {
      require(!loop.name.empty() && names.insert(loop.name).second,
              "name of the loop over chunks '" + loop.name + "' is empty or taken");
      for (int dimension : loop.dimensions)
        require(isReduced(dimension) && cut.insert(dimension).second,
                "chunks " + loop.name + " name a dimension that is not reduced, or cut twice");
      auto follows = [](const Reduced &reduced, int dimension) {
        return reduced.dimension == dimension && !reduced.descending;
      };
      const std::vector<Reduced> &inside = s.reduction.inside;
      require(std::search(inside.begin(), inside.end(), loop.dimensions.begin(), loop.dimensions.end(),
                          follows) != inside.end() ||
                  loop.dimensions.empty(),
              "chunks " + loop.name + " are not ascending neighbours within a chunk");
    }
    if (const std::optional<Packed> &packed = s.reduction.packed)
      require(s.combine == Combine::Fma && s.before.empty() && isParallel(packed->dimension) &&
                  isReduced(packed->outsideOf) && !packed->name.empty() && names.insert(packed->name).second,
              "what is packed is no parallel dimension of products outside of a reduced one, or its name is "
              "taken");
  }

  void searching() const {
    require((s.combine == Combine::SumAtFirstMaximum) == !s.search.along.empty(),
            "dimensions are searched for a first maximum and only for it");
    requireCount("dimensions to compare with searched ones", s.search.at.size(), s.search.along.size());
    for (size_t i = 0; i < s.search.at.size(); ++i)
      require(isReduced(s.search.at[i]) &&
                  s.domain[s.search.at[i]].extent == s.domain[s.search.along[i]].extent,
              s.domain[s.search.along[i]].name + " is compared with a dimension that is not reduced or has " +
                  "another extent");
    require(s.search.along.empty() ||
                (s.search.operand >= 0 && s.search.operand < static_cast<int>(s.operands.size())),
            "the operand that is searched does not exist");
  }

  void access(const Access &access, const Shape &shape, const std::string &what) const {
    requireCount("indices of " + what, access.indices.size(), shape.size());
    for (size_t i = 0; i < shape.size(); ++i) {
      const Index &index = access.indices[i];
      require(index.divisor >= 1, what + " has a divisor of " + std::to_string(index.divisor));
      int64_t low = index.offset, high = index.offset;
      std::set<int> dimensions;
      for (const Term &term : index.terms) {
        require(term.dimension >= 0 && term.dimension < static_cast<int>(s.domain.size()),
                what + " is indexed by a dimension that does not exist");
        const Dimension &dimension = s.domain[term.dimension];
        require(term.stride != 0 && dimensions.insert(term.dimension).second,
                what + " is indexed by " + dimension.name + " with a stride of 0, or twice");
        (term.stride > 0 ? high : low) += term.stride * (dimension.extent - 1);
      }
      require(access.outside != Outside::Never ||
                  (floorDivide(low, index.divisor) >= 0 && floorDivide(high, index.divisor) < shape[i]),
              what + " is read outside of its dimension " + std::to_string(i));
    }
  }

  /// One reduced dimension per division, and one division per reduced dimension, so that the terms that exist
  /// are a product of values.
  void divisions() const {
    std::vector<const Index *> of(s.domain.size(), nullptr);
    auto check = [&](const Access &access) {
      for (const Index &index : access.indices) {
        if (index.divisor == 1)
          continue;
        int reduced = -1, count = 0;
        for (const Term &term : index.terms) {
          require(!isSearched(term.dimension), "a searched dimension stands behind a divisor");
          if (isReduced(term.dimension)) {
            reduced = term.dimension;
            ++count;
          }
        }
        require(count == 1,
                "a division concerns " + std::to_string(count) + " reduced dimensions, expected 1");
        require(!of[reduced] || *of[reduced] == index, "two divisions concern " + s.domain[reduced].name);
        of[reduced] = &index;
      }
    };
    for (const Access &operand : s.operands)
      check(operand);
    for (const Constant &constant : s.constants)
      check(constant.access);
  }

  /// Every element once: the parallel dimensions, each in one index, and an index counts its own row-major.
  void result(const Access &access, const Shape &shape, const std::string &what) const {
    requireCount("indices of " + what, access.indices.size(), shape.size());
    std::set<int> dimensions;
    for (size_t i = 0; i < shape.size(); ++i) {
      const Index &index = access.indices[i];
      require(index.divisor == 1, what + " needs a divisor");
      int64_t count = 1;
      for (auto term = index.terms.rbegin(); term != index.terms.rend(); ++term) {
        require(isParallel(term->dimension) && dimensions.insert(term->dimension).second,
                what + " is indexed by a dimension that is not parallel, or twice");
        require(term->stride == count, what + " does not count " + s.domain[term->dimension].name +
                                           " row-major in its dimension " + std::to_string(i));
        count *= s.domain[term->dimension].extent;
      }
      require(index.offset == 0 && count == shape[i], what + " has an extent of " + std::to_string(shape[i]) +
                                                          " in its dimension " + std::to_string(i) +
                                                          ", expected " + std::to_string(count));
    }
    require(static_cast<int>(dimensions.size()) == s.parallelCount(),
            what + " is not indexed by every parallel dimension");
  }

  void program() const {
    steps(s.before, false, "before");
    require(s.reduction.how == How::Sequence || s.combine == Combine::Sum || s.combine == Combine::Max,
            "a tree combines neither sum nor maximum");
    const size_t count = s.combine == Combine::None ? 0 : s.combine == Combine::Fma ? 2 : 1;
    require(s.combine != Combine::None ||
                (s.before.empty() && s.reduction.inside.empty() && s.reduction.chunks.empty()),
            "something is reduced or runs per term, but nothing is combined");
    requireCount("values of a term", s.terms.size(), count);
    for (const Input &value : s.terms)
      input(value, s.before.size(), false, "a term");
    steps(s.after, true, "after");
    requireCount("values of results", s.resultOf.size(), s.results.size());
    for (const Input &value : s.resultOf)
      input(value, s.after.size(), true, "a result");
  }

  void steps(const std::vector<Step> &list, bool afterTerms, const std::string &name) const {
    for (size_t i = 0; i < list.size(); ++i) {
      const numerics::VectorFunction function = list[i].function;
      const std::string what = "step " + std::to_string(i) + " of '" + name + "'";
      requireCount("inputs of " + what, list[i].inputs.size(),
                   numerics::operandCount(function) + (function == numerics::VectorFunction::OneHot));
      require(list[i].immediate == 0 || numerics::usesImmediate(function),
              what + " has an immediate that its function does not read");
      for (const Input &value : list[i].inputs)
        input(value, i, afterTerms, what);
    }
  }

  void input(const Input &value, size_t steps, bool afterTerms, const std::string &what) const {
    const auto number = static_cast<size_t>(value.number);
    switch (value.kind) {
    case Input::Kind::Operand:
      require(number < s.operands.size(), what + " takes an operand that does not exist");
      return visible(s.operands[number], afterTerms, what);
    case Input::Kind::Step:
      return require(number < steps, what + " takes a step that does not come before it");
    case Input::Kind::Combined:
      return require(afterTerms && s.combine != Combine::None,
                     what + " takes a combined value, there is none");
    case Input::Kind::Constant:
      require(number < s.constants.size(), what + " takes a constant that does not exist");
      return visible(s.constants[number].access, afterTerms, what);
    case Input::Kind::Index:
      return require(isParallel(value.number) || (!afterTerms && isReduced(value.number)),
                     what + " takes the index of a dimension that has no value there");
    }
  }

  void visible(const Access &access, bool afterTerms, const std::string &what) const {
    for (const Index &index : access.indices)
      for (const Term &term : index.terms)
        require(isParallel(term.dimension) || (!afterTerms && isReduced(term.dimension)),
                what + " takes an element along " + s.domain[term.dimension].name +
                    ", which has no value there");
  }

  const Structure &s;
};

} // namespace

std::optional<std::string> verifyStructure(const Structure &structure,
                                           const std::vector<std::vector<int64_t>> &operandShapes,
                                           const std::vector<std::vector<int64_t>> &resultShapes) {
  try {
    Checker(structure).check(operandShapes, resultShapes);
    return std::nullopt;
  } catch (const Contradiction &found) {
    return found.text;
  }
}

} // namespace arsis::nn
