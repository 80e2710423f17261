// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an operation computes, as data: over which indices it runs, which element of each tensor belongs to
// them, what is done with the elements, and in which order terms are combined. Whoever lays an operation onto
// a chip asks this record and not the operation. The reference never reads it, since a structure that it
// shared would certify its own error; a test computes every operation from its structure and compares bits.
//
// A point assigns a value to each dimension. The points of the parallel dimensions are the elements of the
// results. At each of them `before` runs once per term, a term being a point of the reduced dimensions; the
// terms are combined; `after` runs once.
#ifndef ARSIS_DIALECTS_NN_STRUCTURE_STRUCTURE_H
#define ARSIS_DIALECTS_NN_STRUCTURE_STRUCTURE_H

#include "dialects/Isa/Numerics/Functions.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace arsis::nn {

/// Takes the values 0 .. extent - 1.
struct Dimension {
  std::string name; // unique within the structure
  int64_t extent = 1;
};

/// stride * dimension
struct Term {
  int dimension; // number in the domain
  int64_t stride = 1;
  bool operator==(const Term &o) const { return dimension == o.dimension && stride == o.stride; }
};

/// (sum of the terms + offset) / divisor, in elements. A term of a reduction at which some division leaves a
/// remainder does not exist: it is neither combined nor counted.
struct Index {
  std::vector<Term> terms;
  int64_t offset = 0, divisor = 1;
  bool operator==(const Index &o) const {
    return terms == o.terms && offset == o.offset && divisor == o.divisor;
  }
};

/// What is read where an index lies outside of the tensor. It takes part like any other value: infinity times
/// a padded zero is NaN. Value: that of the access.
enum class Outside : uint8_t { Never, Zero, MinusInfinity, Value };

/// Which element of a tensor belongs to a point. A dimension in none of the indices broadcasts.
struct Access {
  std::vector<Index> indices; // one per dimension of the tensor
  Outside outside = Outside::Never;
  float value = 0; // of Outside::Value, rounded to the type of the result
};

/// A tensor that the program brings along, such as the reciprocals of the sizes of windows.
struct Constant {
  std::string name;
  std::vector<int64_t> shape;
  std::vector<double> values; // row-major; rounded to the type of computation where they are used
  Access access;
};

/// A value that a step, a term or a result takes.
struct Input {
  enum class Kind : uint8_t {
    Operand,  // the element of operand `number`
    Step,     // what step `number` of the same list computed
    Combined, // what the terms became; after them only
    Constant, // the element of constant `number`
    Index     // the value of dimension `number`
  };
  Kind kind;
  int number = 0;

  /// k >= 0: operand k; ~k < 0: step k.
  Input(int code) : kind(code >= 0 ? Kind::Operand : Kind::Step), number(code >= 0 ? code : ~code) {}
  static Input combined() { return {Kind::Combined, 0}; }
  static Input constant(int number) { return {Kind::Constant, number}; }
  static Input index(int dimension) { return {Kind::Index, dimension}; }

  bool isOperand() const { return kind == Kind::Operand; }
  bool isStep() const { return kind == Kind::Step; }

private:
  Input(Kind kind, int number) : kind(kind), number(number) {}
};

/// function(inputs, immediate), numerics::applyMap. OneHot takes the label and what it is compared with.
struct Step {
  numerics::VectorFunction function;
  std::vector<Input> inputs;
  double immediate = 0; // rounded to the type of computation where it is used
};

/// What terms become. The functions are those of dialects/Isa/Numerics.
enum class Combine : uint8_t {
  None,             // nothing is reduced and there is no combined value
  Fma,              // fma(first, second, value so far), from +0
  Sum,              // value so far + term, from +0 (a tree: from its first terms)
  Max,              // maximum(value so far, term), from minus infinity: of equal ones the earlier stays
  SumAtFirstMaximum // Sum of the terms that Search selects
};

/// In which order the terms of one chunk are combined.
enum class How : uint8_t {
  Sequence, // one after the other, as the rows of a column do
  Tree      // as the instruction `reduce` does (docs/isa.md); of Sum and Max only
};

/// A loop over the chunks of one or several reduced dimensions. Several are counted as one, row-major, so
/// that a chunk of pixels may begin within a row of the image.
struct Chunked {
  std::string name; // what plan and schedule call it: the dimension, or "p" for pixels
  std::vector<int> dimensions;
};

struct Reduced {
  int dimension;
  bool descending = false;
};

/// Neighbours along a parallel dimension that are summed together, from a multiple of so many as the plan
/// says: an element takes the terms of each of them, those of the others with +0 for the second factor, which
/// takes part like any other value. They are counted directly outside of the reduced dimension `outsideOf`.
struct Packed {
  std::string name; // what the plan calls it, before its loops over chunks; without a plan there is no other
  int dimension, outsideOf;
};

/// The order of the terms. A plan gives the size of the chunks of each loop, in terms that exist. The tuples
/// of chunks are visited in lexicographic order. Each chunk is combined from the beginning; the first is the
/// combined value, a later one joins it (added, or by maximum). Without any term the value is the one that
/// Combine begins with.
struct Reduction {
  std::vector<Chunked> chunks; // outermost first; a reduced dimension in none of them is never cut
  std::vector<Reduced> inside; // every reduced dimension, outermost first: the order within a chunk
  How how = How::Sequence;
  std::optional<Packed> packed; // of Fma
};

/// A term counts if the first maximum of the operand along the dimensions `along` (row-major, ascending; the
/// first NaN is greater than all) stands at the term's values of the dimensions `at`.
struct Search {
  int operand = 0;
  std::vector<int> along, at; // as many, pair by pair of one extent
};

struct Structure {
  std::vector<Dimension> domain; // parallel, then reduced, then searched ones
  std::vector<Access> operands, results;
  std::vector<Constant> constants;
  std::vector<Step> before; // per term
  Combine combine = Combine::None;
  std::vector<Input> terms; // two factors of Fma, one value of the others; steps are those of `before`
  Reduction reduction;
  Search search;               // of SumAtFirstMaximum
  std::vector<Step> after;     // per element of the results
  std::vector<Input> resultOf; // of each result; steps are those of `after`

  int parallelCount() const {
    return static_cast<int>(domain.size() - reduction.inside.size() - search.along.size());
  }
};

/// A piece of a composite operation, which is one operation for differentiation and several for a chip.
/// Values are numbered: k >= 0 is value k of the operation, its operands followed by its results; ~k < 0 is
/// inner value k, which has the shape that the part that computes it gives it. A part reads what earlier ones
/// compute.
///
/// The result of a part may be a box of a value that several parts write: the element at index i is that at
/// i + at. The boxes of a value are apart and cover it.
struct Part {
  Structure structure;
  std::vector<int> operands, results;
  std::vector<int64_t> at = {}; // one per dimension of its one result; empty: the part writes all of it
};

/// The first contradiction in the structure, or between it and the shapes of the operation's tensors; nothing
/// if it is consistent: every result is written everywhere and once, indices stay within tensors or say what
/// is read outside, a division concerns one reduced dimension, inputs exist where they are taken, and the
/// orders name every reduced dimension once.
std::optional<std::string> verifyStructure(const Structure &structure,
                                           const std::vector<std::vector<int64_t>> &operandShapes,
                                           const std::vector<std::vector<int64_t>> &resultShapes);

} // namespace arsis::nn

#endif
