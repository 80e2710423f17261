// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Link.h.
#include "simulator/top/Link.h"
#include "dialects/Isa/Encoding/ErrorKind.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace arsis::sim {
namespace {

constexpr uint64_t kAlignmentBytes = 1
                                     << 16; // of a program's region: more than interleaving and rows ask for

bool isShared(const isa::Tensor &tensor) {
  return !tensor.alias &&
         (tensor.role == isa::TensorRole::Parameter || tensor.role == isa::TensorRole::State ||
          tensor.role == isa::TensorRole::Gradient || tensor.role == isa::TensorRole::Hyper);
}

const isa::InitialValue *initialOf(const isa::Program &program, size_t tensor) {
  for (const isa::Initial &initial : program.initials)
    if (initial.tensor == tensor)
      return &initial.value;
  return nullptr;
}

/// Whether a hyperparameter begins alike in both programs: two that begin apart are each program's own.
bool beginAlike(const isa::Program &a, size_t ofA, const isa::Program &b, size_t ofB) {
  const isa::InitialValue *left = initialOf(a, ofA), *right = initialOf(b, ofB);
  return left && right && *left == *right;
}

auto layoutOf(const isa::Tensor &t) {
  return std::tie(t.role, t.type, t.shape, t.stride, t.hostShape, t.hostPermutation);
}

class Linker {
public:
  void add(std::shared_ptr<const isa::Program> program) {
    std::vector<TensorPlace> homes;
    for (size_t t = 0; t < program->tensors.size(); ++t)
      homes.push_back(homeOf(*program, {result.programs.size(), t}));
    result.homes.push_back(std::move(homes));
    result.programs.push_back(result.programs.empty() ? std::move(program) : moved(*program));
    result.dramBytes = result.programs.back()->dramBytes;
  }

  LinkedPrograms result;

private:
  TensorPlace homeOf(const isa::Program &program, TensorPlace place) {
    const isa::Tensor &tensor = program.tensors[place.tensor];
    if (!isShared(tensor))
      return place;
    auto [known, isNew] = shared.emplace(tensor.name, place);
    if (isNew)
      return place;
    const TensorPlace home = known->second;
    if (tensor.role == isa::TensorRole::Hyper &&
        !beginAlike(*result.programs[home.program], home.tensor, program, place.tensor))
      return place;
    if (layoutOf(result.programs[home.program]->tensors[home.tensor]) != layoutOf(tensor))
      throw InputError("tensor " + tensor.name + " differs in role, type, shape or layout between program " +
                       std::to_string(home.program) + " and program " + std::to_string(place.program) +
                       ", expected one tensor, or a session for each program");
    return home;
  }

  /// The program behind those before it, but for what it shares with them.
  std::shared_ptr<const isa::Program> moved(const isa::Program &program) const {
    auto copy = std::make_shared<isa::Program>(program);
    const uint64_t base = (result.dramBytes + kAlignmentBytes - 1) / kAlignmentBytes * kAlignmentBytes;
    const size_t number = result.programs.size();
    for (size_t t = 0; t < copy->tensors.size(); ++t) {
      isa::Tensor &tensor = copy->tensors[t];
      const TensorPlace home = result.homes[number][t];
      if (tensor.alias) // of an earlier tensor
        tensor.address =
            copy->tensors[*tensor.alias].address + (tensor.address - program.tensors[*tensor.alias].address);
      else if (home.program != number)
        tensor.address = result.programs[home.program]->tensors[home.tensor].address;
      else
        tensor.address += base;
    }
    std::map<std::string, size_t> numbers;
    for (size_t t = 0; t < program.tensors.size(); ++t)
      numbers.emplace(program.tensors[t].name, t);
    for (isa::Placement &placement : copy->placements)
      if (auto found = numbers.find(placement.buffer);
          placement.memory == isa::Memory::Dram && found != numbers.end()) {
        const uint64_t bytes = placement.end - placement.begin;
        placement.begin = copy->tensors[found->second].address;
        placement.end = placement.begin + bytes;
      }
    copy->dramBytes += base;
    return copy;
  }

  std::map<std::string, TensorPlace> shared;
};

} // namespace

LinkedPrograms link(std::vector<std::shared_ptr<const isa::Program>> programs) {
  if (programs.empty())
    throw InputError("a session has no program, expected at least one");
  Linker linker;
  for (auto &program : programs)
    linker.add(std::move(program));
  return std::move(linker.result);
}

} // namespace arsis::sim
