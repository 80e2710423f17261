// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// When two accesses of a nest can never meet.
#ifndef ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_DISJOINT_H
#define ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_DISJOINT_H

#include "compiler/Transforms/SplitStreams/Schedule.h"

namespace arsis::compiler {

/// True if the accesses of two ops to a storage never meet in different iterations of the loops at depths
/// `from` to `depth` - 1, given equal iterations of the loops outside; whatever their own inner loops do.
bool disjointAcrossIterations(const Schedule &schedule, int a, int b, int storage, unsigned from,
                              unsigned depth);

/// True if two parts of one tensor have no element in common, as far as this can be seen.
bool areApart(const TensorPart &a, const TensorPart &b);

/// True if the accesses of two ops to one buffer never meet, relative to the begin of a slot, whatever the
/// iterations of any loop: such as the columns, or the rows, of one result tile that different arrays drain.
bool disjointAlways(const Schedule &schedule, int a, int b, int storage);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TRANSFORMS_SPLITSTREAMS_DISJOINT_H
