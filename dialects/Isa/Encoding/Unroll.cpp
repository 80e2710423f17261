// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Writes every instance of a program out: no loops, no terms, no clamps, no rings. Values do not change.
#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/ErrorKind.h"

namespace arsis::isa {

namespace {
struct Fix {
  const int64_t *index;
  void operator()(const char *, Affine &value) const { value = Affine(value.evaluate(index)); }
  void operator()(const char *, Extent &value) const { value = Extent(value.evaluate(index)); }
  void operator()(const char *, Address &value) const { value = Address(value.evaluate(index)); }
  template <class T, size_t n> void operator()(const char *name, std::array<T, n> &values) const {
    for (T &value : values)
      (*this)(name, value);
  }
  template <class T> void operator()(const char *, T &) const {}
};
} // namespace

Program unrollLoops(const Program &program) {
  if (const uint64_t instances = countInstances(program); instances > kMostUnrolledInstances)
    throw ProgramError("the program has " + std::to_string(instances) + " instances, expected at most " +
                       std::to_string(kMostUnrolledInstances) + " to write them out");
  Program result = program;
  for (size_t s = 0; s < program.streams.size(); ++s) {
    std::vector<Instruction> &instructions = result.streams[s].instructions;
    instructions.clear();
    instructions.reserve(countInstances(program.streams[s]));
    for (InstructionCursor cursor(program.streams[s]); !cursor.done(); cursor.advance()) {
      instructions.push_back(cursor.instruction());
      Instruction &instance = instructions.back();
      Fix fix{cursor.index()};
      for (unsigned i = 0; i < instance.waitCount; ++i)
        fix("", instance.waits[i].value);
      std::visit([&](auto &body) { body.visitFields(fix); }, instance.body);
    }
  }
  return result;
}

} // namespace arsis::isa
