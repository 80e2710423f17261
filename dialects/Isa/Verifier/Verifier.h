// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Proves of a program, before it runs, that no schedule of its streams can deadlock, race on a byte, leave a
// memory, use a weight bank that does not hold what the product expects, or read what nobody wrote. One
// untimed walk decides: counters have one writer and never fall, so a value names one instance, and the
// happens-before order is the same in every schedule.
#pragma once

#include "arch_configs/reader/Chip.h"
#include "dialects/Isa/Encoding/Program.h"

namespace arsis::isa {

struct VerifierOptions {
  size_t maxDiagnostics = 20;   // at least 1; the walk goes on after an error until this many are found
  bool checkHostTensors = true; // outputs are complete and persistent tensors intact at the end of a step
};

/// One execution of one instruction.
struct InstanceLocation {
  std::string stream;  // "load 0"
  size_t position = 0; // in the stream's instructions
  std::string mnemonic;
  std::vector<int64_t> loops; // indices of the enclosing loops, outermost first
  uint64_t ordinal = 0;       // 1 for the first instance of the stream
  std::string layer, phase, op;
};

struct Diagnostic {
  /// Malformed: not well-formed, see validateProgram. Chip: needs what the chip lacks. Unsupported: decodes,
  /// but no machine runs it. OutOfRange, Bank, Operand: one instance is wrong in itself. Undefined: reads
  /// what was never written, or was overwritten through another tensor. Host: what the host reads or keeps is
  /// not there at the end.
  enum Kind {
    Malformed,
    Chip,
    Unsupported,
    OutOfRange,
    Bank,
    Operand,
    Undefined,
    Race,
    Deadlock,
    Host
  } kind = Malformed;
  std::string message;                     // complete: names instances, addresses and what was expected
  std::vector<InstanceLocation> instances; // one, two for a race, all blocked ones for a deadlock
  std::string memory;                      // "spm", "acc0", "dram" or empty
  uint64_t begin = 0, end = 0;             // bytes of that memory
};

/// "race", "deadlock", ...
const char *name(Diagnostic::Kind);

struct VerificationResult {
  bool accepted = false;
  std::vector<Diagnostic> diagnostics; // empty if accepted
  uint64_t instances = 0;              // walked
  uint64_t accesses = 0;               // strided sets checked
  uint64_t peakLog = 0;                // largest number of accesses that had to be remembered at once
  /// If accepted: what every chip must offer for the same verdict.
  std::vector<Requirement> capacities;
  double seconds = 0;
};

/// Time is linear in the instances; memory is proportional to how far the streams run apart. Throws Error on
/// options without meaning.
VerificationResult verify(const Program &, const chip::Chip &, const VerifierOptions & = {});

} // namespace arsis::isa
