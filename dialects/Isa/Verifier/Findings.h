// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a walk has found wrong, in words. A loop repeats the same mistake, so each is said once per static
// instruction, or pair of them.
#pragma once

#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Verifier/AccessLog.h"
#include "dialects/Isa/Verifier/Verifier.h"

#include <set>

namespace arsis::isa {

class Findings {
public:
  /// REQUIRES: all of them outlive this; `cursors` stand at the instances that a report is about.
  Findings(const Program &program, const FootprintBuilder &builder,
           const std::vector<InstructionCursor> &cursors, const VerifierOptions &options,
           VerificationResult &result)
      : program(program), builder(builder), cursors(cursors), options(options), result(result) {}

  /// Whether as many have been found as were asked for; from then on reports are dropped.
  bool full() const { return result.diagnostics.size() >= options.maxDiagnostics; }

  /// The current instance of `stream` is wrong in itself.
  void report(Diagnostic::Kind kind, size_t stream, const std::string &what, unsigned memory,
              ByteRange range);
  /// An access of the current instance of `stream` conflicts with an earlier one of stream `other`.
  void reportRace(size_t stream, const Access &access, size_t other, const Conflict &conflict);
  /// What the host finds in a tensor is not what it expects.
  void hostError(size_t tensor, const std::string &what);

private:
  const Program &program;
  const FootprintBuilder &builder;
  const std::vector<InstructionCursor> &cursors;
  const VerifierOptions &options;
  VerificationResult &result;
  std::set<std::array<size_t, 5>> reported;
};

} // namespace arsis::isa
