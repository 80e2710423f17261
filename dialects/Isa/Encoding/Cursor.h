// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Walks the hardware loops of one stream lazily and stops at every instance of an instruction that is not a
// loop marker. Constant work per instance, memory proportional to the encoded stream; tens of millions of
// instances a second.
#pragma once

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Program.h"

#include <memory>

namespace arsis::isa {

/// REQUIRES: the stream outlives the cursor and does not change. Copies are cheap and independent.
class InstructionCursor {
public:
  /// Throws Error if the loops of the stream are unbalanced, too deep, or have no iterations.
  explicit InstructionCursor(const Stream &stream);

  bool done() const { return at == steps.size; }
  /// REQUIRES: !done().
  const Instruction &instruction() const { return first[at]; }
  /// Indices of the enclosing loops, outermost first; kMaxLoopDepth values, zero beyond depth().
  const int64_t *index() const { return indices.data(); }
  /// Position of the instruction in the stream, for messages and lookup tables.
  size_t position() const { return at; }
  unsigned depth() const { return level; }
  /// Number of instances passed so far.
  uint64_t ordinal() const { return passed; }

  void advance() {
    ++passed;
    settle(at + 1);
  }
  void reset();

private:
  /// What to do at a position: stop, enter a loop, or close one.
  struct Step {
    enum Kind : uint32_t { Stop, Enter, Close } kind;
    uint32_t count;  // Enter, Close: iterations
    uint32_t target; // Enter: where to go if the body is empty (else 0); Close: first position of the body
  };
  struct Steps {
    std::shared_ptr<const Step[]> data;
    size_t size = 0;
  };

  void settle(size_t position) {
    const Step *step = steps.data.get();
    for (;;) {
      const Step &here = step[position]; // one Stop past the end ends the walk
      if (here.kind == Step::Stop)
        break;
      if (here.kind == Step::Enter) {
        if (here.target) {
          position = here.target;
          continue;
        }
        indices[level++] = 0;
        ++position;
      } else if (uint64_t(++indices[level - 1]) < here.count) {
        position = here.target;
      } else {
        indices[--level] = 0;
        ++position;
      }
    }
    at = position;
  }

  const Instruction *first;
  Steps steps;
  size_t at = 0;
  unsigned level = 0;
  uint64_t passed = 0;
  std::array<int64_t, kMaxLoopDepth> indices{};
};

/// Number of instances that a cursor would stop at, or those of all streams; saturates at 2^64 - 1.
uint64_t countInstances(const Stream &stream);
uint64_t countInstances(const Program &program);
/// Throws Error if the streams together have more than `most` instances. REQUIRES: a validated program.
void checkInstances(const Program &program, uint64_t most);

} // namespace arsis::isa
