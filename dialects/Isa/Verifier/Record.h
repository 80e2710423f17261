// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A program is verified once: who makes it records the verdict in it, who runs it believes a record that
// matches and verifies everything else. The record guards against accidents (an edited program, an older
// verifier, a smaller chip), not against forgery: arsis-verify never believes it.
#pragma once

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Verifier/Verifier.h"

namespace arsis::isa {

/// Raised with every change of the rules, that is, whenever the verifier rejects what it accepted before.
constexpr uint32_t kVerifierVersion = 2;

/// REQUIRES: `result` is the verifier's on this program, and accepted.
void recordVerdict(Program &program, const VerificationResult &result);

/// Why the program's record does not spare it a verification on this chip; empty if it does.
std::string whyUnproven(const Program &program, const chip::Chip &chip);

/// How it is known that a program is sound on a chip.
struct Proof {
  bool recorded = false; // in the program; else the verifier walked it now
  std::string why;       // there was no use in the record; empty if there was
  double seconds = 0;    // that this took
};

/// Throws one Error with what the verifier says first unless the record covers the chip or the verifier
/// accepts the program on it; also if it would have to walk more than `maxInstances`.
Proof prove(const Program &program, const chip::Chip &chip, uint64_t maxInstances = kDefaultMaxInstances);

/// The verifier's findings as the text of one error: the first, and how many more there are.
std::string summarise(const VerificationResult &result, const chip::Chip &chip);

} // namespace arsis::isa
