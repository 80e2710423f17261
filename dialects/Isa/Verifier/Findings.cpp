// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The words of findings.
#include "dialects/Isa/Verifier/Findings.h"

#include "dialects/Isa/Verifier/Deadlock.h"
#include "dialects/Isa/Verifier/StaticChecks.h"

namespace arsis::isa {

void Findings::hostError(size_t tensor, const std::string &what) {
  if (!full())
    result.diagnostics.push_back({Diagnostic::Host,
                                  "tensor '" + program.tensors[tensor].name + "' " + what,
                                  {},
                                  "dram",
                                  program.tensors[tensor].address,
                                  program.tensors[tensor].address + 1});
}

void Findings::report(Diagnostic::Kind kind, size_t stream, const std::string &what, unsigned memory,
                      ByteRange range) {
  if (full() || !reported.insert({kind, stream, cursors[stream].position(), 0, 0}).second)
    return;
  InstanceLocation where = locateInstance(program, stream, cursors[stream]);
  result.diagnostics.push_back({kind,
                                describe(where) + ": " + what,
                                {where},
                                builder.memoryName(memory),
                                uint64_t(std::max<int64_t>(range.begin, 0)),
                                uint64_t(std::max<int64_t>(range.end, 0))});
}

void Findings::reportRace(size_t stream, const Access &access, size_t other, const Conflict &conflict) {
  const PastAccess &past = *conflict.past;
  const ByteRange shared = conflict.shared;
  std::array<size_t, 5> key = {Diagnostic::Race, stream, cursors[stream].position(), other, past.position};
  if (other < stream)
    key = {Diagnostic::Race, other, past.position, stream, cursors[stream].position()};
  if (full() || !reported.insert(key).second)
    return;
  InstructionCursor earlier(program.streams[other]); // walked again to learn its loop indices
  while (earlier.ordinal() + 1 < conflict.ordinal)
    earlier.advance();
  InstanceLocation mine = locateInstance(program, stream, cursors[stream]),
                   theirs = locateInstance(program, other, earlier);
  auto verb = [](bool writes) { return writes ? "writes" : "reads"; };
  std::string bytes = "bytes [" + std::to_string(shared.begin) + ", " + std::to_string(shared.end) + ") of " +
                      builder.memoryName(access.memory);
  if (builder.isDram(access.memory))
    bytes +=
        " (tensor '" + program.tensors[access.tensor].name + "'" +
        (access.tensor == past.tensor ? std::string() : ", '" + program.tensors[past.tensor].name + "'") +
        ")";
  result.diagnostics.push_back({Diagnostic::Race,
                                describe(mine) + " " + verb(access.writes) + " " + bytes + " as " +
                                    access.operand + ", which " + describe(theirs) + " " + verb(past.writes) +
                                    " as " + past.operand + "; nothing orders the two, expected a wait",
                                {mine, theirs},
                                builder.memoryName(access.memory),
                                uint64_t(shared.begin),
                                uint64_t(shared.end)});
}

} // namespace arsis::isa
