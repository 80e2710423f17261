// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A unit as a program of the vector unit on a matrix of rows by columns. Dimensions that are neighbours in
// every value are counted as one, which must leave four at most. The last two are rows (pixels, images) and
// columns (channels, classes): a value is a whole matrix, a vector with one element per column or per row, or
// a scalar. The program runs once for every index of the dimensions before them, the outer ones; a value that
// does not have one of these is read again, and all results have them all.
//
// A sum over rows is complete only after a loop over all of them, so operations fall into stages, one loop
// over rows each. A matrix that a later stage needs again is computed again there. A sum over the first rows
// is complete in the first tile, for what the same loop does with rows.
#ifndef ARSIS_COMPILER_SCHEDULE_VECTORPROGRAM_H
#define ARSIS_COMPILER_SCHEDULE_VECTORPROGRAM_H

#include "compiler/Schedule/Unit.h"

#include <functional>
#include <numeric>
#include <optional>

namespace arsis::schedule {

/// Which elements of a matrix a register holds: one for all, one per column, one per row, all.
enum class Reach : uint8_t { Scalar, Columns, Rows, Matrix };

struct Register {
  Reach reach = Reach::Matrix;
  uint8_t outer = 0;                                       // bit d: it has outer dimension d
  numerics::ElementType type = numerics::ElementType::F32; // in the scratchpad
  int operand = -1;         // value that is loaded into it; -1: an operation computes it
  std::vector<int> results; // values that are stored from it
};

struct VectorOperation {
  bool reduces = false;
  numerics::VectorFunction function = numerics::VectorFunction::Copy; // unless it reduces
  numerics::ReduceFunction reduction = numerics::ReduceFunction::Sum;
  bool overRows = false;   // else over columns
  int64_t firstRows = 0;   // of a sum over rows that takes the first ones only; 0: it takes all
  std::vector<int> inputs; // registers
  float immediate = 0;
  int to = 0; // register
  int stage = 0;
};

inline bool sumsRows(const VectorOperation &operation) { return operation.reduces && operation.overRows; }

struct VectorProgram {
  std::vector<int64_t> outer; // extents, two at most
  int64_t rows = 1, columns = 1;
  std::vector<Register> registers;
  std::vector<VectorOperation> operations; // by stage, in order
  int stages = 1;
  bool wholeColumns = false; // columns are numbered or reduced, so that they must not be cut
  std::string planDim;       // of a sum over rows; empty: there is none
  bool sumsMatrices = false; // some sum over rows is one of matrices
  int64_t firstRows = 0;     // the first tile of rows has at least so many

  /// How often it runs.
  int64_t runs() const {
    return std::accumulate(outer.begin(), outer.end(), int64_t(1), std::multiplies<>());
  }
  /// The stages whose loop over rows reads the operand in this register.
  std::vector<int> readers(int reg) const;
};

/// Of a tensor that reaches so far into one of `shape`, whose columns come last; not for rows.
std::vector<int64_t> shapeOf(Reach reach, const std::vector<int64_t> &shape);

/// Nothing if the unit has another shape.
std::optional<VectorProgram> vectorProgramIn(const Unit &unit);

} // namespace arsis::schedule

#endif
