// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Flattens the loop markers of a stream into a table of steps, once per cursor.
#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/OptionNames.h"

#include <limits>

namespace arsis::isa {

InstructionCursor::InstructionCursor(const Stream &stream) : first(stream.instructions.data()) {
  size_t size = stream.instructions.size();
  if (size >= std::numeric_limits<uint32_t>::max())
    throw ProgramError("stream " + streamName(stream) + " has " + std::to_string(size) +
                       " instructions, expected fewer than 2^32");
  std::shared_ptr<Step[]> table(new Step[size + 1]);
  struct Open {
    uint32_t position, count;
    bool empty;
  };
  std::vector<Open> open;
  auto fail = [&](size_t position, const std::string &what) {
    throw ProgramError("stream " + streamName(stream) + ", instruction " + std::to_string(position) + ": " +
                       what);
  };
  for (size_t position = 0; position < size; ++position) {
    const Body &body = stream.instructions[position].body;
    table[position] = {Step::Stop, 0, 0};
    if (const Loop *loop = std::get_if<Loop>(&body)) {
      if (loop->count == 0)
        fail(position, "loop of 0 iterations, expected at least 1");
      if (open.size() == kMaxLoopDepth)
        fail(position, "loops nest deeper than " + std::to_string(kMaxLoopDepth));
      table[position].kind = Step::Enter;
      open.push_back({uint32_t(position), loop->count, true});
    } else if (std::holds_alternative<EndLoop>(body)) {
      if (open.empty())
        fail(position, "end_loop without a loop");
      Open loop = open.back();
      open.pop_back();
      if (loop.empty) // never entered, or an outer loop would spin over nothing
        table[loop.position].target = uint32_t(position + 1);
      else if (!open.empty())
        open.back().empty = false;
      table[position] = {Step::Close, loop.count, loop.position + 1};
    } else if (!open.empty()) {
      open.back().empty = false;
    }
  }
  if (!open.empty())
    fail(open.back().position, "loop without an end_loop");
  table[size] = {Step::Stop, 0, 0};
  for (size_t position = size; position-- > 0;) // a row of empty loops is one jump
    if (table[position].kind == Step::Enter && table[position].target)
      if (const Step &next = table[table[position].target]; next.kind == Step::Enter && next.target)
        table[position].target = next.target;
  steps = {std::move(table), size};
  settle(0);
}

void InstructionCursor::reset() {
  level = 0;
  passed = 0;
  indices.fill(0);
  settle(0);
}

uint64_t countInstances(const Stream &stream) {
  InstructionCursor check(stream); // the loops are sound from here on
  constexpr uint64_t kMost = std::numeric_limits<uint64_t>::max();
  std::vector<uint64_t> counts{0};
  std::vector<uint32_t> iterations;
  auto add = [&](uint64_t n) { counts.back() = counts.back() > kMost - n ? kMost : counts.back() + n; };
  for (const Instruction &instruction : stream.instructions) {
    if (const Loop *loop = std::get_if<Loop>(&instruction.body)) {
      counts.push_back(0);
      iterations.push_back(loop->count);
    } else if (std::holds_alternative<EndLoop>(instruction.body)) {
      uint64_t body = counts.back(), count = iterations.back();
      counts.pop_back();
      iterations.pop_back();
      add(body > kMost / count ? kMost : body * count);
    } else {
      add(1);
    }
  }
  return counts.back();
}

uint64_t countInstances(const Program &program) {
  uint64_t total = 0;
  for (const Stream &stream : program.streams)
    if (__builtin_add_overflow(total, countInstances(stream), &total))
      return std::numeric_limits<uint64_t>::max();
  return total;
}

void checkInstances(const Program &program, uint64_t most) {
  const uint64_t total = countInstances(program);
  if (total > most)
    throw ProgramError("the program has " + std::to_string(total) + " instances, expected at most " +
                       std::to_string(most) + " (" + optionName("max-instances") + ")");
}

} // namespace arsis::isa
