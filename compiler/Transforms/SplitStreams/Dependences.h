// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Which instance of which op an op has to wait for, before anybody counts. Dependences.cpp opens with the
// argument why these waits suffice, why they never deadlock, and why others may be left out.
#ifndef ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_DEPENDENCES_H
#define ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_DEPENDENCES_H

#include "compiler/Transforms/SplitStreams/Schedule.h"

namespace arsis::compiler {

/// An op depends on an instance of `source`: its very last one if `constant`; else the one `lag` iterations
/// ago of the loop at depth - 1 (lag 0: in the same iteration of all common loops), with all deeper loops at
/// their last.
struct Dependence {
  int source;
  bool constant;
  int64_t lag = 0;
  unsigned depth = 0;
};

struct Dependences {
  std::vector<std::vector<Dependence>> kept; // per op of the schedule, those that others imply left out
};

Dependences findDependences(const Schedule &schedule);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_DEPENDENCES_H
