// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The weight-stationary systolic array. Models, in closed form: K rows of weights shifted in, one per cycle,
// while another bank feeds a running product; M rows streamed, one per cycle; results that leave R + C - 2
// cycles after their row entered, pipelined over back-to-back products. For n folds of T_i rows on full
// arrays that is
//   R + sum over i < n of max(T_i, R) + T_n + R + C - 2,
// the double-buffered form (SCALE-Sim, arXiv 1811.02883, for one fold), held to a model of every PE in the
// tests. A row whose elements fall into the same scratchpad bank takes as many cycles; with matrix.transposer
// a K that is not contiguous streams at full rate after R cycles for the first block. Does not model: clock
// gating of unused PEs, accumulator bank conflicts (one read and one write port assumed). Figures: keys
// `matrix.*`.
#pragma once

#include "simulator/units/StreamEngine.h"

namespace arsis::sim {

class MatrixEngine final : public StreamEngine {
public:
  MatrixEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip, size_t streamIndex);
  void report(Statistics &statistics) const override;

protected:
  Cycle earliestStart(const Operation &operation, Cycle now, Cause &cause) override;
  Cycle start(Instance &instance, Cycle now) override;
  Cause tailCause() const override { return Cause::ArrayLatency; }

private:
  Cycle startLoad(const LoadWeightsOperation &op, const Instance &instance, Cycle now);
  Cycle startMultiply(const MultiplyOperation &op, const Instance &instance, Cycle now);

  struct Bank {
    Cycle loaded = 0; // its weights are in place
    Cycle used = 0;   // the last row of the last product that uses it has entered
  };
  const int64_t rows, columns;
  const bool transposer;
  std::vector<Bank> banks;
  Cycle loadPortFree = 0, feedFree = 0;
  Cycle feedCycles = 0, loadCycles = 0, gatherCycles = 0;
};

} // namespace arsis::sim
