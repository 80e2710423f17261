// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pass that turns one sequential program into one program per stream.
#ifndef ARSIS_SPLIT_STREAMS
#define ARSIS_SPLIT_STREAMS

include "mlir/Pass/PassBase.td"

def SplitStreams : Pass<"tile-split-streams", "::arsis::tile::ProgramOp"> {
  let summary = "derive the waits between streams and give each stream a region of its own";
  let description = [{
    Finds every pair of ops of different streams that touch the same bytes, at least one of them writing, and makes
    the later one wait for the last instance of the earlier one that precedes it: by a counter of the earlier one's
    stream, whose value is affine in the loop indices. Rings of N slots make that instance N generations old. Then it
    clones the loops once per stream, with that stream's ops only. Needs the addresses of `tile-plan-memory`.
  }];
}

#endif // ARSIS_SPLIT_STREAMS
