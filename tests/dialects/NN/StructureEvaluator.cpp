// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The evaluator is the definition read aloud: a loop over the elements of the results, in it loops over
// tuples of chunks, in them loops over the terms of a chunk.
#include "tests/dialects/NN/StructureEvaluator.h"
#include "tests/ReductionOracle.h"

#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "dialects/Isa/Numerics/Numerics.h"

#include <algorithm>
#include <functional>
#include <stdexcept>

namespace arsis::nn::testing {

namespace {

using Point = std::vector<int64_t>; // a value per dimension of the domain
using Tuple = std::vector<int64_t>; // a value per dimension of a group

/// Reduced dimensions that are cut as one, or one that is not cut.
struct Group {
  std::vector<int> dimensions;
  std::vector<Tuple> tuples; // those with a term, in order
  int64_t chunk = 0;         // tuples per chunk

  int64_t chunkCount() const { return (static_cast<int64_t>(tuples.size()) + chunk - 1) / chunk; }
};

class Evaluator {
public:
  Evaluator(const Structure &structure, const std::vector<Elements> &operands,
            const std::vector<int64_t> &chunks, bool continues)
      : s(structure), operands(operands), chunks(chunks), continues(continues),
        point(structure.domain.size()) {}

  std::vector<Elements> run() {
    std::vector<Elements> results;
    for (const Access &access : s.results) {
      Elements result;
      size_t size = 1;
      for (const Index &index : access.indices) {
        result.shape.push_back(1);
        for (const Term &term : index.terms)
          result.shape.back() *= s.domain[term.dimension].extent;
        size *= result.shape.back();
      }
      result.values.resize(size);
      results.push_back(std::move(result));
    }
    std::vector<int> parallel;
    for (int d = 0; d < s.parallelCount(); ++d)
      parallel.push_back(d);
    forEach(parallel, [&] {
      combined = s.combine == Combine::None ? 0 : combine();
      const std::vector<float> steps = runSteps(s.after);
      for (size_t i = 0; i < results.size(); ++i)
        results[i].values[*offsetOf(s.results[i], results[i].shape)] = valueOf(s.resultOf[i], steps);
    });
    return results;
  }

private:
  void forEach(const std::vector<int> &dimensions, const std::function<void()> &visit, size_t from = 0) {
    if (from == dimensions.size())
      return visit();
    int64_t &value = point[dimensions[from]];
    for (value = 0; value < s.domain[dimensions[from]].extent; ++value)
      forEach(dimensions, visit, from + 1);
  }

  // Reading

  int64_t sumOf(const Index &index) const {
    int64_t sum = index.offset;
    for (const Term &term : index.terms)
      sum += term.stride * point[term.dimension];
    return sum;
  }

  /// Nothing outside of the tensor. REQUIRES: the term exists.
  std::optional<size_t> offsetOf(const Access &access, const std::vector<int64_t> &shape) const {
    size_t offset = 0;
    for (size_t i = 0; i < shape.size(); ++i) {
      const int64_t position = sumOf(access.indices[i]) / access.indices[i].divisor;
      if (position < 0 || position >= shape[i])
        return std::nullopt;
      offset = offset * shape[i] + position;
    }
    return offset;
  }

  template <class Values>
  float read(const Access &access, const std::vector<int64_t> &shape, const Values &values) const {
    if (const std::optional<size_t> offset = offsetOf(access, shape))
      return static_cast<float>(values[*offset]);
    if (access.outside == Outside::Never)
      throw std::out_of_range("an element outside of a tensor is read");
    if (access.outside == Outside::Value)
      return access.value;
    return access.outside == Outside::Zero ? 0.0f : numerics::kMinusInfinity;
  }
  float operand(int number) const {
    return read(s.operands[number], operands[number].shape, operands[number].values);
  }

  // Steps

  float valueOf(const Input &input, const std::vector<float> &steps) const {
    switch (input.kind) {
    case Input::Kind::Operand:
      return operand(input.number);
    case Input::Kind::Step:
      return steps[input.number];
    case Input::Kind::Combined:
      return combined;
    case Input::Kind::Constant: {
      const Constant &constant = s.constants[input.number];
      return read(constant.access, constant.shape, constant.values);
    }
    case Input::Kind::Index:
      return static_cast<float>(point[input.number]);
    }
    throw std::logic_error("every kind of input has a value");
  }

  std::vector<float> runSteps(const std::vector<Step> &list) const {
    std::vector<float> values;
    for (const Step &step : list) {
      float in[3] = {};
      for (size_t i = 0; i < step.inputs.size(); ++i)
        in[i] = valueOf(step.inputs[i], values);
      values.push_back(
          numerics::applyMap(step.function, in[0], in[1], in[2], static_cast<float>(step.immediate)));
    }
    return values;
  }

  // Terms

  /// Whether every division that concerns this dimension leaves no remainder at the point.
  bool divides(int dimension) const {
    auto fine = [&](const Access &access) {
      for (const Index &index : access.indices)
        for (const Term &term : index.terms)
          if (term.dimension == dimension && sumOf(index) % index.divisor != 0)
            return false;
      return true;
    };
    return std::all_of(s.operands.begin(), s.operands.end(), fine) &&
           std::all_of(s.constants.begin(), s.constants.end(),
                       [&](const Constant &constant) { return fine(constant.access); });
  }

  /// The groups by order within a chunk, and for each loop over chunks its group.
  void groupsAt(std::vector<Group> &groups, std::vector<size_t> &loops) {
    loops.resize(s.reduction.chunks.size());
    for (size_t i = 0; i < loops.size(); ++i)
      if (s.reduction.chunks[i].dimensions.empty()) { // it has one value
        loops[i] = groups.size();
        groups.push_back({{}, {Tuple()}, 1});
      }
    for (const Reduced &reduced : s.reduction.inside) {
      size_t loop = 0;
      auto cuts = [&](const Chunked &chunked) {
        return std::count(chunked.dimensions.begin(), chunked.dimensions.end(), reduced.dimension) != 0;
      };
      while (loop < loops.size() && !cuts(s.reduction.chunks[loop]))
        ++loop;
      if (loop == loops.size()) {
        groups.push_back({{reduced.dimension}, {}, 0});
      } else if (s.reduction.chunks[loop].dimensions[0] == reduced.dimension) {
        loops[loop] = groups.size();
        groups.push_back({s.reduction.chunks[loop].dimensions, {}, 0});
        if (!chunks.empty())
          groups.back().chunk = chunks[loop + s.reduction.packed.has_value()];
      } else {
        continue; // in the group of the one before
      }
      Group &group = groups.back();
      forEach(group.dimensions, [&] {
        Tuple tuple;
        for (int dimension : group.dimensions) {
          if (!divides(dimension))
            return;
          tuple.push_back(point[dimension]);
        }
        group.tuples.push_back(tuple);
      });
      if (reduced.descending)
        std::reverse(group.tuples.begin(), group.tuples.end());
    }
    for (Group &group : groups)
      if (group.chunk == 0)
        group.chunk = std::max<int64_t>(group.tuples.size(), 1);
  }

  float begin() const { return s.combine == Combine::Max ? numerics::kMinusInfinity : 0.0f; }

  float combine() {
    std::vector<Group> groups;
    std::vector<size_t> loops;
    groupsAt(groups, loops);
    if (std::any_of(groups.begin(), groups.end(), [](const Group &group) { return group.tuples.empty(); }))
      return begin();
    std::optional<float> total;
    std::vector<int64_t> chunk(groups.size(), 0);
    const std::function<void(size_t)> overChunks = [&](size_t loop) {
      if (loop == loops.size()) {
        const float partial = partialOf(groups, chunk, continues && total ? *total : begin());
        total = !total || continues         ? partial
                : s.combine == Combine::Max ? numerics::maximum(*total, partial)
                                            : numerics::add(*total, partial);
        return;
      }
      for (int64_t i = 0; i < groups[loops[loop]].chunkCount(); ++i) {
        chunk[loops[loop]] = i;
        overChunks(loop + 1);
      }
    };
    overChunks(0);
    return *total;
  }

  float partialOf(const std::vector<Group> &groups, const std::vector<int64_t> &chunk, float partial) {
    std::vector<float> ofTree;
    const std::function<void(size_t)> overTerms = [&](size_t number) {
      if (number == groups.size()) {
        if (s.reduction.how == How::Tree)
          ofTree.push_back(valueOf(s.terms[0], runSteps(s.before)));
        else
          partial = join(partial);
        return;
      }
      const Group &group = groups[number];
      if (const std::optional<Packed> &packed = s.reduction.packed;
          packed && !inPack && group.dimensions == std::vector<int>{packed->outsideOf})
        return forPack([&] { overTerms(number); });
      const int64_t end = std::min<int64_t>((chunk[number] + 1) * group.chunk, group.tuples.size());
      for (int64_t i = chunk[number] * group.chunk; i < end; ++i) {
        for (size_t d = 0; d < group.dimensions.size(); ++d)
          point[group.dimensions[d]] = group.tuples[i][d];
        overTerms(number + 1);
      }
    };
    overTerms(0);
    return s.reduction.how == How::Tree ? arsis::testing::reduced(s.combine == Combine::Max, ofTree)
                                        : partial;
  }

  /// Visits the neighbours that are summed together with the element.
  void forPack(const std::function<void()> &visit) {
    const int dimension = s.reduction.packed->dimension;
    const int64_t own = point[dimension], size = chunks.empty() ? 1 : chunks[0];
    const int64_t begin = own / size * size, end = std::min(begin + size, s.domain[dimension].extent);
    inPack = true;
    for (point[dimension] = begin; point[dimension] < end; ++point[dimension]) {
      isNeighbour = point[dimension] != own;
      visit();
    }
    inPack = isNeighbour = false;
    point[dimension] = own;
  }

  float join(float soFar) {
    if (s.combine == Combine::SumAtFirstMaximum && !isFirstMaximum())
      return soFar;
    const std::vector<float> steps = runSteps(s.before);
    const float first = valueOf(s.terms[0], steps);
    if (s.combine == Combine::Fma)
      return numerics::fma(first, isNeighbour ? 0.0f : valueOf(s.terms[1], steps), soFar);
    return s.combine == Combine::Max ? numerics::maximum(soFar, first) : numerics::add(soFar, first);
  }

  bool isFirstMaximum() {
    std::optional<float> best;
    bool here = false;
    forEach(s.search.along, [&] {
      const float value = operand(s.search.operand);
      if (best && !numerics::better(value, *best))
        return;
      best = value;
      here = true;
      for (size_t i = 0; i < s.search.at.size(); ++i)
        here &= point[s.search.at[i]] == point[s.search.along[i]];
    });
    return here;
  }

  const Structure &s;
  const std::vector<Elements> &operands;
  const std::vector<int64_t> &chunks;
  const bool continues;
  Point point;
  float combined = 0;
  bool inPack = false, isNeighbour = false; // during a term
};

} // namespace

std::vector<Elements> evaluate(const Structure &structure, const std::vector<Elements> &operands,
                               const std::vector<int64_t> &chunks, bool continues) {
  const numerics::FloatEnvironment environment;
  return Evaluator(structure, operands, chunks, continues).run();
}

} // namespace arsis::nn::testing
