// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every blocked stream waits for a counter whose stream has ended or is itself blocked; following the latter
// leads either to one that has ended or round a cycle. Both are named.
#include "dialects/Isa/Verifier/Deadlock.h"

#include "dialects/Isa/Verifier/StaticChecks.h"

#include <algorithm>

namespace arsis::isa {

InstanceLocation locateInstance(const Program &program, size_t stream, const InstructionCursor &cursor) {
  InstanceLocation where = locate(program, stream, cursor.position());
  where.loops.assign(cursor.index(), cursor.index() + cursor.depth());
  where.ordinal = cursor.ordinal() + 1;
  return where;
}

Diagnostic explainDeadlock(const Program &program, const std::vector<InstructionCursor> &cursors,
                           const Clocks &clocks) {
  constexpr size_t kNobody = ~size_t(0);
  Diagnostic diagnostic;
  diagnostic.kind = Diagnostic::Deadlock;
  std::string blocked;
  std::vector<size_t> holds(cursors.size(), kNobody); // the stream that a blocked stream waits for
  size_t start = kNobody;
  for (size_t stream = 0; stream < cursors.size(); ++stream) {
    if (cursors[stream].done())
      continue;
    start = std::min(start, stream);
    InstanceLocation where = locateInstance(program, stream, cursors[stream]);
    blocked += (blocked.empty() ? "" : "; ") + describe(where);
    const Instruction &instruction = cursors[stream].instruction();
    for (unsigned i = 0; i < instruction.waitCount; ++i) {
      const Wait &wait = instruction.waits[i];
      int64_t value = wait.value.evaluate(cursors[stream].index());
      if (value <= int64_t(clocks.value(wait.counter)))
        continue;
      size_t owner = program.counterStream[wait.counter];
      blocked += " waits for c" + std::to_string(wait.counter) + " >= " + std::to_string(value) + ", found " +
                 std::to_string(clocks.value(wait.counter));
      if (cursors[owner].done())
        blocked += ", which is final as " + streamName(program.streams[owner]) + " has ended";
      if (holds[stream] == kNobody || cursors[owner].done())
        holds[stream] = owner;
    }
    diagnostic.instances.push_back(std::move(where));
  }
  std::vector<size_t> path;
  for (size_t at = start; at != kNobody && !cursors[at].done(); at = holds[at]) {
    auto seen = std::find(path.begin(), path.end(), at);
    if (seen != path.end()) {
      blocked += "; cycle: ";
      for (; seen != path.end(); ++seen)
        blocked += streamName(program.streams[*seen]) + " waits for ";
      blocked += streamName(program.streams[at]);
      break;
    }
    path.push_back(at);
  }
  diagnostic.message = "deadlock, expected every stream to end: " + blocked;
  return diagnostic;
}

} // namespace arsis::isa
