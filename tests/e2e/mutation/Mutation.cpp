// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A visitor lists every number of an instruction as a leaf that knows how to change itself; one leaf is drawn
// and changed.
#include "tests/e2e/mutation/Mutation.h"

#include <functional>
#include <type_traits>

namespace arsis::mutation {
namespace {

struct Leaf {
  std::string name;
  std::function<std::string(Random &)> change; // changes the number; returns "old -> new"
};

/// Collects leaves from the fields of an instruction.
class Leaves {
public:
  std::vector<Leaf> all;

  template <class T> void operator()(const char *name, T &field) { add(name, field); }

  void add(const std::string &name, isa::Affine &field) {
    number(name + ".base", field.base);
    terms(name, field.terms);
  }
  void add(const std::string &name, isa::Extent &field) {
    number(name + ".tile", field.tile);
    if (field.clamped)
      add(name + ".limit", field.limit);
  }
  void add(const std::string &name, isa::Address &field) {
    number(name + ".base", field.base);
    terms(name, field.strides);
    if (field.slots > 1) {
      number(name + ".slots", field.slots);
      number(name + ".slotSize", field.slotSize);
      add(name + ".slot", field.slot);
    }
  }
  void add(const std::string &name, isa::TensorIndex &field) { number(name, field.value); }
  void add(const std::string &, float &) {} // fills and immediates are data
  template <class T, size_t N> void add(const std::string &name, std::array<T, N> &field) {
    for (size_t i = 0; i < N; ++i)
      add(name + "[" + std::to_string(i) + "]", field[i]);
  }
  template <class T> std::enable_if_t<std::is_integral_v<T>> add(const std::string &name, T &field) {
    number(name, field);
  }
  template <class T>
  std::enable_if_t<std::is_enum_v<T>> add(const std::string &, T &) {} // opcodes and types are not operands

private:
  void terms(const std::string &name, isa::Terms &list) {
    for (isa::Term &term : list)
      number(name + ".i" + std::to_string(term.loop), term.stride);
  }
  template <class T> void number(const std::string &name, T &value) {
    all.push_back({name, [&value](Random &random) {
                     static const int64_t kDeltas[] = {1, -1, 2, -2, 4, -4, 8, 16, 64, -64};
                     T old = value;
                     T changed = T(old + kDeltas[random() % std::size(kDeltas)]);
                     value = changed;
                     return std::to_string(int64_t(old)) + " -> " + std::to_string(int64_t(changed));
                   }});
  }
};

std::vector<Leaf> leavesOf(isa::Instruction &instruction) {
  Leaves leaves;
  std::visit([&](auto &body) { body.visitFields(leaves); }, instruction.body);
  for (unsigned i = 0; i < instruction.waitCount; ++i)
    leaves.add("wait[" + std::to_string(i) + "]", instruction.waits[i].value);
  if (instruction.increment)
    leaves.all.push_back({"increment", [&instruction](Random &) {
                            instruction.increment.reset();
                            return std::string("dropped");
                          }});
  return std::move(leaves.all);
}

} // namespace

std::string describe(const isa::Program &program, Site site) {
  const isa::Stream &stream = program.streams[site.stream];
  const isa::Instruction &instruction = stream.instructions[site.instruction];
  const std::string name = isa::infoOf(instruction.body).mnemonic;
  return isa::streamName(stream) + " #" + std::to_string(site.instruction) + " " + name;
}

std::string mutate(isa::Program &program, Random &random) {
  size_t total = 0;
  for (const isa::Stream &stream : program.streams)
    total += stream.instructions.size();
  while (true) {
    size_t pick = random() % total;
    Site site;
    while (pick >= program.streams[site.stream].instructions.size())
      pick -= program.streams[site.stream++].instructions.size();
    site.instruction = pick;
    std::vector<Leaf> leaves = leavesOf(program.streams[site.stream].instructions[pick]);
    if (leaves.empty())
      continue;
    const Leaf &leaf = leaves[random() % leaves.size()];
    std::string place = describe(program, site);
    return place + ": " + leaf.name + " " + leaf.change(random);
  }
}

std::vector<WaitSite> waitsOf(const isa::Program &program) {
  std::vector<WaitSite> sites;
  for (size_t s = 0; s < program.streams.size(); ++s)
    for (size_t i = 0; i < program.streams[s].instructions.size(); ++i)
      for (unsigned w = 0; w < program.streams[s].instructions[i].waitCount; ++w)
        sites.push_back({{s, i}, w});
  return sites;
}

isa::Program weakened(const isa::Program &program, WaitSite site) {
  isa::Program result = program;
  result.streams[site.site.stream].instructions[site.site.instruction].waits[site.wait].value.base -= 1;
  return result;
}

isa::Program removed(const isa::Program &program, WaitSite site) {
  isa::Program result = program;
  isa::Instruction &instruction = result.streams[site.site.stream].instructions[site.site.instruction];
  for (unsigned w = site.wait; w + 1 < instruction.waitCount; ++w)
    instruction.waits[w] = instruction.waits[w + 1];
  instruction.waits[--instruction.waitCount] = isa::Wait();
  return result;
}

} // namespace arsis::mutation
