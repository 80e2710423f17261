// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Rings.h.
#include "compiler/Schedule/Rings.h"

#include <algorithm>

namespace arsis::schedule {

namespace {

constexpr int kNone = -1;

class Assigner {
public:
  Assigner(const VectorProgram &program, const LoopWork &work) : p(program), work(work) {}

  Rings run() {
    for (int stored : storedIn(p, work))
      placeBackwards(stored);
    std::vector<int> free;
    for (size_t i = 0; i < work.size(); ++i) {
      for (int input : work[i]->inputs)
        if (int ring = result.ringOf(input); ring != kNone && !result.rings[ring].moved &&
                                             readLast(input) == int(i) &&
                                             !std::count(free.begin(), free.end(), ring))
          free.push_back(ring);
      if (sumsRows(*work[i]) || result.ringOf(work[i]->to) != kNone)
        continue;
      const Register &to = p.registers[work[i]->to];
      auto fitting = std::find_if(free.begin(), free.end(), [&](int ring) {
        return result.rings[ring].reach == to.reach && result.rings[ring].type == to.type;
      });
      if (fitting == free.end()) {
        add(work[i]->to, false);
      } else {
        result.registers.push_back({work[i]->to, *fitting});
        free.erase(fitting);
      }
    }
    return std::move(result);
  }

private:
  int add(int reg, bool moved) {
    result.rings.push_back({p.registers[reg].reach, p.registers[reg].type, moved});
    const int ring = static_cast<int>(result.rings.size()) - 1;
    result.registers.push_back({reg, ring});
    return ring;
  }

  /// What a result is computed from lies where the result will be.
  void placeBackwards(int stored) {
    const int ring = add(stored, true);
    for (int reg = stored, next; (next = overwritten(producer(reg))) != kNone; reg = next)
      result.registers.push_back({next, ring});
  }
  /// The input of an operation in whose place its result may lie.
  int overwritten(int made) const {
    const Register &to = p.registers[work[made]->to];
    if (!work[made]->reduces)
      for (int input : work[made]->inputs)
        if (const Register &from = p.registers[input]; producer(input) != kNone && readLast(input) == made &&
                                                       from.reach == to.reach && from.type == to.type &&
                                                       from.results.empty() && result.ringOf(input) == kNone)
          return input;
    return kNone;
  }

  /// The number of the last operation that reads a register.
  int readLast(int reg) const {
    int last = kNone;
    for (size_t i = 0; i < work.size(); ++i)
      if (std::count(work[i]->inputs.begin(), work[i]->inputs.end(), reg))
        last = static_cast<int>(i);
    return last;
  }
  int producer(int reg) const {
    for (size_t i = 0; i < work.size(); ++i)
      if (work[i]->to == reg && !sumsRows(*work[i]))
        return static_cast<int>(i);
    return kNone;
  }

  const VectorProgram &p;
  const LoopWork &work;
  Rings result;
};

} // namespace

int Rings::ringOf(int reg) const {
  for (auto [known, ring] : registers)
    if (known == reg)
      return ring;
  return kNone;
}

std::vector<int> storedIn(const VectorProgram &program, const LoopWork &work) {
  std::vector<int> stored;
  for (const VectorOperation *operation : work)
    if (!sumsRows(*operation) && !program.registers[operation->to].results.empty())
      stored.push_back(operation->to);
  std::sort(stored.begin(), stored.end(), [&](int a, int b) {
    return program.registers[a].results.front() < program.registers[b].results.front();
  });
  return stored;
}

Rings assignRings(const VectorProgram &program, const LoopWork &work) {
  return Assigner(program, work).run();
}

} // namespace arsis::schedule
