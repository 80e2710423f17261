// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Checks of the tables and of every encoded instruction, once each.
#include "dialects/Isa/Verifier/StaticChecks.h"

#include "arch_configs/reader/MatrixPasses.h"
#include "dialects/Isa/Encoding/Externals.h"
#include "dialects/Isa/Encoding/Volume.h"

#include <algorithm>
#include <map>
#include <set>
#include <type_traits>

namespace arsis::isa {
namespace {

template <class T> std::string nameOf(T value) { return std::string(EnumTraits<T>::kNames[size_t(value)]); }

/// Finds the element types of an instruction: among its fields, or in its work.
struct TypeCollector {
  std::vector<ElementType> &types;
  template <class Body> void operator()(const Body &body) { body.visitFields(*this); }
  void operator()(const External &body) {
    const ExternalWork work = workOf(body, Evaluation());
    types.push_back(work.result.type);
    for (const ExternalOperand &operand : work.operands)
      types.push_back(operand.type);
  }
  void operator()(const char *, ElementType type) { types.push_back(type); }
  template <class T> void operator()(const char *, const T &) {}
};

struct TypeChecker {
  const Program &program;
  std::vector<std::string> wrong;

  void expect(const char *field, ElementType type, bool ok, const char *expected) {
    if (!ok)
      wrong.push_back(std::string(field) + " is " + std::string(numerics::name(type)) + ", expected " +
                      expected);
  }
  void expectFloating(const char *field, ElementType type) {
    expect(field, type, type != ElementType::I32, "f32, bf16 or f16");
  }

  template <class Transfer> void transfer(const Transfer &body) {
    ElementType remote = program.tensors[body.tensor].type;
    if (remote == ElementType::I32)
      expect("localType", body.localType, body.localType == ElementType::I32,
             "the i32 of the tensor: integers are not cast");
    else
      expectFloating("localType", body.localType);
  }
  void operator()(const Load &body) { transfer(body); }
  void operator()(const Store &body) { transfer(body); }
  void operator()(const LoadWeights &body) { expectFloating("type", body.type); }
  void operator()(const Multiply &body) { expectFloating("type", body.type); }
  void operator()(const Drain &body) { expectFloating("type", body.type); }
  void operator()(const Map &body) {
    unsigned operands = numerics::operandCount(body.function);
    expectFloating("destinationType", body.destinationType);
    if (body.function == VectorFunction::OneHot)
      expect("aType", body.aType, body.aType == ElementType::I32, "the i32 that one_hot compares");
    else if (operands > 0)
      expectFloating("aType", body.aType);
    if (operands > 1)
      expectFloating("bType", body.bType);
    if (operands > 2)
      expectFloating("cType", body.cType);
  }
  void operator()(const Reduce &body) { expectFloating("aType", body.aType); }
  void operator()(const Pool &body) { expectFloating("aType", body.aType); }
  void operator()(const External &body) {
    const ExternalWork work = workOf(body, Evaluation());
    expectFloating(work.result.name, work.result.type);
  }
  template <class Other> void operator()(const Other &) {}
};

void checkRequirements(const Program &program, const chip::Chip &chip, std::vector<Diagnostic> &found) {
  std::set<std::string> misses;
  for (const std::vector<Requirement> &asked : {program.requirements, productRequirements(program)})
    for (const Requirement &requirement : asked)
      if (std::string missed = missedBy(requirement, chip); !missed.empty() && misses.insert(missed).second)
        found.push_back(
            {Diagnostic::Chip, "the program requires " + missed + " on chip " + chip.name, {}, "", 0, 0});
}

int64_t streamsOf(const MachineLimits &limits, StreamKind kind) {
  switch (kind) {
  case StreamKind::Load:
    return limits.loadQueues;
  case StreamKind::Store:
    return limits.storeQueues;
  case StreamKind::Matrix:
  case StreamKind::Drain:
    return limits.units;
  case StreamKind::Vector:
    return 1;
  case StreamKind::Collective:
    return 0;
  }
  return 0;
}

} // namespace

std::vector<Requirement> productRequirements(const Program &program) {
  std::set<ElementType> types;
  for (const Stream &stream : program.streams)
    for (const Instruction &instruction : stream.instructions)
      if (std::optional<ElementType> type = multipliedType(instruction.body))
        types.insert(*type);
  std::vector<Requirement> requirements;
  for (ElementType type : chip::kMultipliedTypes)
    if (types.count(type))
      requirements.push_back({std::string(chip::passesKey(type)), Requirement::AtLeast, 1});
  return requirements;
}

std::string missedBy(const Requirement &requirement, const chip::Chip &chip) {
  const bool equal = requirement.relation == Requirement::Equal;
  const std::string asked = requirement.key + (equal ? " == " : " >= ") + std::to_string(requirement.value);
  try {
    const double has = chip.real(requirement.key);
    if (equal ? has == double(requirement.value) : has >= double(requirement.value))
      return "";
    return asked + ", found " + chip.text(requirement.key);
  } catch (const Error &error) {
    return asked + ": " + error.what();
  }
}

/// The most of an extent triple or quadruple that any instruction of type T in the program asks for, at full
/// tiles.
template <class T, class Counts> static int64_t largest(const Program &program, Counts T::*field) {
  int64_t most = 0;
  for (const Stream &stream : program.streams)
    for (const Instruction &instruction : stream.instructions)
      if (const T *body = std::get_if<T>(&instruction.body)) {
        int64_t product = 1;
        for (const Extent &extent : body->*field)
          product = saturatingProduct(product, extent.tile);
        most = std::max(most, product);
      }
  return most;
}

std::vector<Requirement> capacitiesOf(const Program &program, const MachineLimits &limits,
                                      const std::vector<int64_t> &reach) {
  auto divideUp = [](int64_t a, int64_t b) { return (a + b - 1) / b; };
  std::map<StreamKind, int64_t> streams;
  for (const Stream &stream : program.streams)
    streams[stream.kind] = std::max<int64_t>(streams[stream.kind], stream.index + 1);
  const int64_t accumulatorEnd =
      *std::max_element(reach.begin() + accumulatorOf(0), reach.begin() + dramOf(limits));
  // With strides of zero a product streams more rows than it reaches, and a pool_grad spreads more elements:
  // both are bounded by the memory of the chip that accepted them.
  const int64_t streamed = std::min(largest(program, &Multiply::mCount), limits.accumulatorRows);
  const int64_t spread = std::min(
      saturatingProduct(largest(program, &PoolGrad::count), int64_t(sizeof(float))), limits.scratchpadBytes);
  std::vector<Requirement> capacities{{"matrix.rows", Requirement::Equal, limits.rows},
                                      {"matrix.cols", Requirement::Equal, limits.columns},
                                      {"matrix.weight_banks", Requirement::Equal, limits.weightBanks}};
  auto atLeast = [&](const char *key, int64_t value) {
    if (value > 0)
      capacities.push_back({key, Requirement::AtLeast, value});
  };
  atLeast("matrix.accumulator_rows",
          std::max(streamed, divideUp(accumulatorEnd, limits.columns * int64_t(sizeof(float)))));
  atLeast("matrix.units", std::max(streams[StreamKind::Matrix], streams[StreamKind::Drain]));
  atLeast("scratchpad.kib", divideUp(std::max(spread, reach[kScratchpad]), 1024));
  atLeast("dma.load_queues", streams[StreamKind::Load]);
  atLeast("dma.store_queues", streams[StreamKind::Store]);
  atLeast("dram.capacity_mib", divideUp(int64_t(program.dramBytes), int64_t(1) << 20));
  for (Requirement &requirement : productRequirements(program))
    capacities.push_back(std::move(requirement));
  return capacities;
}

InstanceLocation locate(const Program &program, size_t stream, size_t position) {
  InstanceLocation where;
  const Instruction &instruction = program.streams[stream].instructions[position];
  where.stream = streamName(program.streams[stream]);
  where.position = position;
  where.mnemonic = infoOf(instruction.body).mnemonic;
  if (instruction.location < program.locations.size()) {
    const Location &location = program.locations[instruction.location];
    where.layer = location.layer;
    where.phase = location.phase;
    where.op = location.op;
  }
  return where;
}

std::string describe(const InstanceLocation &where) {
  std::string text =
      where.mnemonic + " at position " + std::to_string(where.position) + " of " + where.stream;
  for (size_t d = 0; d < where.loops.size(); ++d)
    text += (d ? ", " : ", loops [") + std::to_string(where.loops[d]);
  text += where.loops.empty() ? "" : "]";
  if (!where.layer.empty() || !where.phase.empty())
    text += ", layer " + where.layer + " " + where.phase;
  return text;
}

int64_t granuleOf(const Program &program) {
  std::vector<ElementType> types;
  TypeCollector collector{types};
  for (const Tensor &tensor : program.tensors)
    types.push_back(tensor.type);
  for (const Stream &stream : program.streams)
    for (const Instruction &instruction : stream.instructions)
      std::visit(collector, instruction.body);
  int64_t granule = 4;
  for (ElementType type : types)
    granule = std::min(granule, numerics::sizeInBytes(type));
  return granule;
}

void checkStatically(const Program &program, const chip::Chip &chip, const MachineLimits &limits,
                     std::vector<Diagnostic> &found) {
  checkRequirements(program, chip, found);
  if (program.dramBytes > uint64_t(limits.dramBytes))
    found.push_back({Diagnostic::Chip,
                     "the program needs " + std::to_string(program.dramBytes) +
                         " bytes of DRAM, expected at most the " + std::to_string(limits.dramBytes) +
                         " of chip " + chip.name,
                     {},
                     "dram",
                     0,
                     program.dramBytes});
  for (const Tensor &tensor : program.tensors) {
    if (tensor.address % uint64_t(numerics::sizeInBytes(tensor.type)))
      found.push_back({Diagnostic::Operand,
                       "tensor '" + tensor.name + "' starts at byte " + std::to_string(tensor.address) +
                           ", expected a multiple of its element size",
                       {},
                       "dram",
                       tensor.address,
                       tensor.address + 1});
  }
  for (size_t s = 0; s < program.streams.size(); ++s) {
    const Stream &stream = program.streams[s];
    int64_t available = streamsOf(limits, stream.kind);
    if (stream.index >= available)
      found.push_back({Diagnostic::Chip,
                       "the program has stream " + streamName(stream) + ", expected at most " +
                           std::to_string(available) + " of kind " + nameOf(stream.kind) + " on chip " +
                           chip.name,
                       {},
                       "",
                       0,
                       0});
    for (size_t position = 0; position < stream.instructions.size(); ++position) {
      TypeChecker checker{program, {}};
      std::visit(checker, stream.instructions[position].body);
      for (const std::string &wrong : checker.wrong) {
        InstanceLocation where = locate(program, s, position);
        found.push_back({Diagnostic::Unsupported, describe(where) + ": " + wrong, {where}, "", 0, 0});
      }
    }
  }
}

} // namespace arsis::isa
