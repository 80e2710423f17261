// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the fuzz targets share. A target hands its input to one parser and what the parser accepts to
// everything behind it. There are two right ends: success and arsis::Error (on the compiler's side,
// diagnostics). Any other exception leaves the target and ends the process.
#ifndef ARSIS_TESTS_FUZZ_HARNESS_H
#define ARSIS_TESTS_FUZZ_HARNESS_H

#include "arch_configs/reader/Chip.h"
#include "dialects/Isa/Encoding/Program.h"

#include <cstdint>
#include <string>

namespace arsis::fuzz {

/// The shipped chip `tiny`, with no read recorded.
chip::Chip tinyChip();

/// Runs `body`; an arsis::Error is as good an end as success.
template <class Body> void answered(Body &&body) {
  try {
    body();
  } catch (const Error &) {
  }
}

/// Counts an input that the parser took; the driver looks at it, a mutant that is always refused tests
/// little.
void acceptInput();
uint64_t acceptedInputs();

/// Ends the process: a promise was broken.
[[noreturn]] void fail(const std::string &promise);

/// Verifies the program, and runs it to the end if it is accepted and small: what the verifier accepts, the
/// machine runs, and so what the machine refuses, the verifier refuses. Returns whether it was accepted.
/// Throws Error if it is too long to walk.
bool verifyAndRun(const isa::Program &program, const chip::Chip &chip);

/// The same, and fails unless the verifier accepts: for what our compiler wrote.
void expectAccepted(const isa::Program &program, const chip::Chip &chip);

} // namespace arsis::fuzz

#endif
