// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Making and believing records of verdicts.
#include "dialects/Isa/Verifier/Record.h"

#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Verifier/StaticChecks.h"

#include <chrono>

namespace arsis::isa {

void recordVerdict(Program &program, const VerificationResult &result) {
  program.verdict = Verdict{kVerifierVersion, verdictHash(program), result.capacities};
}

std::string whyUnproven(const Program &program, const chip::Chip &chip) {
  if (!program.verdict)
    return "the program carries no verdict";
  const Verdict &verdict = *program.verdict;
  if (verdict.verifierVersion != kVerifierVersion)
    return "the verdict is of version " + std::to_string(verdict.verifierVersion) +
           " of the verifier, this is version " + std::to_string(kVerifierVersion);
  if (verdict.hash != verdictHash(program))
    return "the program has changed since its verdict";
  for (const std::vector<Requirement> *asked : {&program.requirements, &verdict.capacities})
    for (const Requirement &requirement : *asked)
      if (std::string missed = missedBy(requirement, chip); !missed.empty())
        return "the verdict asks for " + missed + " on chip " + chip.name;
  return "";
}

std::string summarise(const VerificationResult &result, const chip::Chip &chip) {
  const Diagnostic &first = result.diagnostics.front();
  std::string text = "the verifier rejects the program on chip " + chip.name + ": [" + name(first.kind) +
                     "] " + first.message;
  if (result.diagnostics.size() > 1)
    text += " (and " + std::to_string(result.diagnostics.size() - 1) + " more; arsis-verify lists them)";
  return text;
}

Proof prove(const Program &program, const chip::Chip &chip, uint64_t maxInstances) {
  const auto start = std::chrono::steady_clock::now();
  Proof proof;
  proof.why = whyUnproven(program, chip);
  proof.recorded = proof.why.empty();
  if (!proof.recorded) {
    checkInstances(program, maxInstances);
    if (VerificationResult result = verify(program, chip); !result.accepted)
      throw ProgramError(summarise(result, chip));
  }
  proof.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return proof;
}

} // namespace arsis::isa
