// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From parts to registers and operations, and from there to stages by what the results demand.
#include "compiler/Schedule/VectorProgram.h"

#include "compiler/Schedule/Coalesce.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

namespace arsis::schedule {

namespace {

using nn::Input;

Reach joined(Reach a, Reach b) { return static_cast<Reach>(static_cast<int>(a) | static_cast<int>(b)); }
static_assert(static_cast<int>(Reach::Columns) == 1 && static_cast<int>(Reach::Rows) == 2 &&
              static_cast<int>(Reach::Matrix) == 3);

class Builder {
public:
  Builder(const Unit &unit, const Coalesced &dimensions)
      : unit(unit), dimensions(dimensions), registerOf(unit.values.size(), -1) {}

  std::optional<VectorProgram> build() {
    const size_t count = dimensions.extents.size();
    if (count > kMostDimensions)
      return std::nullopt;
    twoDimensional = count >= 2 || (count == 1 && reducesSomething());
    if (count >= 2) {
      program.outer.assign(dimensions.extents.begin(), dimensions.extents.end() - 2);
      program.rows = *(dimensions.extents.end() - 2);
      program.columns = dimensions.extents.back();
    } else if (count == 1) {
      (twoDimensional ? program.rows : program.columns) = dimensions.extents[0];
    }
    for (size_t p = 0; p < unit.parts.size(); ++p)
      if (!addPart(p))
        return std::nullopt;
    schedule();
    return std::move(program);
  }

private:
  static constexpr size_t kMostDimensions = 4;

  size_t outerCount() const { return program.outer.size(); }
  bool reducesSomething() const {
    return std::any_of(dimensions.reduced.begin(), dimensions.reduced.end(),
                       [](const std::vector<bool> &reduced) { return !reduced.empty() && reduced[0]; });
  }

  Reach reachOf(int value) const {
    const std::vector<bool> &has = dimensions.has[value];
    if (has.size() >= 2)
      return joined(has[outerCount()] ? Reach::Rows : Reach::Scalar,
                    has.back() ? Reach::Columns : Reach::Scalar);
    if (has.empty() || !has[0])
      return Reach::Scalar;
    return twoDimensional ? Reach::Rows : Reach::Matrix;
  }
  uint8_t outerOf(int value) const {
    uint8_t outer = 0;
    for (size_t d = 0; d < outerCount(); ++d)
      outer |= static_cast<uint8_t>(dimensions.has[value][d] << d);
    return outer;
  }
  uint8_t allOuter() const { return static_cast<uint8_t>((1U << outerCount()) - 1); }
  uint8_t outerOf(const std::vector<int> &registers) const {
    uint8_t outer = 0;
    for (int reg : registers)
      outer |= program.registers[reg].outer;
    return outer;
  }

  int addRegister(Reach reach, uint8_t outer, numerics::ElementType type = numerics::ElementType::F32) {
    Register added;
    added.reach = reach;
    added.outer = outer;
    added.type = type;
    program.registers.push_back(std::move(added));
    definer.push_back(-1);
    return static_cast<int>(program.registers.size()) - 1;
  }

  int registerOfValue(int value) {
    int &reg = registerOf[value];
    if (reg < 0) {
      reg = addRegister(reachOf(value), outerOf(value), unit.values[value].type);
      program.registers[reg].operand = value;
    }
    return reg;
  }

  /// What is computed already is not computed again.
  int addOperation(VectorOperation operation, Reach reach, uint8_t outer) {
    for (const VectorOperation &known : operations)
      if (!known.reduces && !operation.reduces && program.registers[known.to].reach == reach &&
          program.registers[known.to].outer == outer && known.function == operation.function &&
          known.inputs == operation.inputs && known.immediate == operation.immediate &&
          std::signbit(known.immediate) == std::signbit(operation.immediate))
        return known.to;
    operation.to = addRegister(reach, outer);
    definer[operation.to] = static_cast<int>(operations.size());
    operations.push_back(std::move(operation));
    return operations.back().to;
  }

  /// -1 for what has no register: the index of a dimension.
  int inputOf(const Part &part, const Input &input, const std::vector<int> &steps, int combined) {
    switch (input.kind) {
    case Input::Kind::Operand:
      return registerOfValue(part.operands[input.number]);
    case Input::Kind::Constant:
      return registerOfValue(part.constants[input.number]);
    case Input::Kind::Step:
      return steps[input.number];
    case Input::Kind::Combined:
      return combined;
    case Input::Kind::Index:
      break;
    }
    return -1;
  }

  std::optional<std::vector<int>> addSteps(const Part &part, const std::vector<nn::Step> &steps,
                                           int combined) {
    std::vector<int> registers;
    for (const nn::Step &step : steps) {
      VectorOperation operation;
      operation.function = step.function;
      operation.immediate = static_cast<float>(step.immediate);
      Reach kind = Reach::Scalar;
      for (const Input &input : step.inputs) {
        if (input.kind == Input::Kind::Index) { // of the columns, which the function numbers itself
          if (step.function != numerics::VectorFunction::OneHot)
            return std::nullopt;
          program.wholeColumns = true;
          kind = joined(kind, Reach::Columns);
          continue;
        }
        operation.inputs.push_back(inputOf(part, input, registers, combined));
        kind = joined(kind, program.registers[operation.inputs.back()].reach);
      }
      const uint8_t outer = outerOf(operation.inputs);
      registers.push_back(addOperation(std::move(operation), kind, outer));
    }
    return registers;
  }

  bool addPart(size_t number) {
    const Part &part = unit.parts[number];
    const nn::Structure &s = part.structure;
    std::optional<std::vector<int>> before = addSteps(part, s.before, -1);
    if (!before)
      return false;
    int combined = -1;
    if (s.combine != nn::Combine::None) {
      combined = addReduction(number, inputOf(part, s.terms[0], *before, -1));
      if (combined < 0)
        return false;
    }
    std::optional<std::vector<int>> after = addSteps(part, s.after, combined);
    if (!after)
      return false;
    for (int result : part.results)
      if (unit.values[result].kind == Value::Kind::Result && outerOf(result) != allOuter())
        return false;
    for (size_t i = 0; i < part.results.size(); ++i)
      setResult(part.results[i], inputOf(part, s.resultOf[i], *after, combined));
    return true;
  }

  int addReduction(size_t number, int term) {
    const nn::Structure &s = unit.parts[number].structure;
    const std::vector<bool> &reduced = dimensions.reduced[number];
    if (const int64_t rows = firstPixelsOf(unit.parts[number]))
      return addSumOfFirst(term, rows);
    if (std::find(reduced.begin(), reduced.begin() + int(outerCount()), true) !=
        reduced.begin() + int(outerCount()))
      return -1;
    const bool overRows = !reduced.empty() && reduced[outerCount()],
               overColumns = reduced.size() >= 2 && reduced.back();
    if (!overRows && !overColumns && s.terms.size() == 1 && s.reduction.inside.empty()) { // a sum of one term
      VectorOperation copy;
      copy.inputs = {term};
      return addOperation(std::move(copy), program.registers[term].reach, program.registers[term].outer);
    }
    if (s.terms.size() != 1 || overRows == overColumns || term < 0 ||
        (s.combine != nn::Combine::Sum && s.combine != nn::Combine::Max) || s.reduction.how != nn::How::Tree)
      return -1;
    const Reach from = program.registers[term].reach, axis = overRows ? Reach::Rows : Reach::Columns;
    if (joined(from, axis) != from) // it does not vary along what is reduced
      return -1;
    if (overColumns && outerCount() > 0 && from == Reach::Columns)
      return -1; // one row per outer index, which is there behind the last of its rows only
    if (overRows) {
      if (s.reduction.chunks.size() != 1 ||
          (!program.planDim.empty() && program.planDim != s.reduction.chunks[0].name))
        return -1;
      program.planDim = s.reduction.chunks[0].name;
      program.sumsMatrices |= from == Reach::Matrix;
    } else {
      program.wholeColumns = true;
    }
    VectorOperation operation;
    operation.reduces = true;
    operation.reduction =
        s.combine == nn::Combine::Sum ? numerics::ReduceFunction::Sum : numerics::ReduceFunction::Max;
    operation.overRows = overRows;
    operation.inputs = {term};
    return addOperation(std::move(operation),
                        static_cast<Reach>(static_cast<int>(from) & ~static_cast<int>(axis)),
                        program.registers[term].outer);
  }

  int addSumOfFirst(int term, int64_t rows) {
    if (program.registers[term].reach != Reach::Matrix || rows > program.rows || outerCount() > 0)
      return -1;
    program.firstRows = std::max(program.firstRows, rows);
    VectorOperation operation;
    operation.reduces = operation.overRows = true;
    operation.firstRows = rows;
    operation.inputs = {term};
    return addOperation(std::move(operation), Reach::Columns, 0);
  }

  /// A result that is an operand itself, or has more dimensions than what computes it, is a copy.
  void setResult(int value, int reg) {
    const Register &from = program.registers[reg];
    if (from.operand >= 0 || from.reach != reachOf(value) || from.outer != outerOf(value)) {
      VectorOperation copy;
      copy.inputs = {reg};
      reg = addOperation(std::move(copy), reachOf(value), outerOf(value));
    }
    registerOf[value] = reg;
    if (unit.values[value].kind == Value::Kind::Result)
      program.registers[reg].results.push_back(value);
  }

  bool isInRows(int reg) const {
    return program.registers[reg].reach == Reach::Rows || program.registers[reg].reach == Reach::Matrix;
  }

  /// The first stage in which a register has its value: for a sum over rows, the one behind its loop, unless
  /// it is of the first rows and asked for by who runs in the same loop.
  int available(int reg, bool inLoop) {
    if (definer[reg] < 0)
      return 0;
    const VectorOperation &operation = operations[definer[reg]];
    return stageOf(definer[reg]) + (sumsRows(operation) && !(operation.firstRows > 0 && inLoop));
  }
  int stageOf(int number) {
    const VectorOperation &operation = operations[number];
    int stage = 0;
    for (int input : operation.inputs)
      stage = std::max(stage, available(input, sumsRows(operation) || isInRows(operation.to)));
    return stage;
  }

  /// Asks for a register's value in a stage: what lies in rows is computed in that stage's loop, the rest
  /// once.
  void demand(int reg, int stage) {
    if (definer[reg] < 0)
      return;
    const VectorOperation &operation = operations[definer[reg]];
    if (!isInRows(reg) || sumsRows(operation))
      stage = stageOf(definer[reg]);
    if (!demanded.insert({stage, definer[reg]}).second)
      return;
    for (int input : operation.inputs)
      demand(input, stage);
  }

  void schedule() {
    for (size_t reg = 0; reg < program.registers.size(); ++reg)
      if (!program.registers[reg].results.empty())
        demand(static_cast<int>(reg), stageOf(definer[reg]));
    std::map<std::pair<int, int>, int> clones; // (register, stage) of what is computed again
    std::set<int> computed;
    for (const auto &[stage, number] : demanded) {
      VectorOperation operation = operations[number];
      operation.stage = stage;
      for (int &input : operation.inputs)
        if (auto clone = clones.find({input, stage}); clone != clones.end())
          input = clone->second;
      roundStored(operation);
      if (!computed.insert(operation.to).second) {
        Register again = program.registers[operation.to];
        again.results.clear();
        program.registers.push_back(std::move(again));
        const int reg = static_cast<int>(program.registers.size()) - 1;
        clones[{operation.to, stage}] = reg;
        operation.to = reg;
      }
      program.stages = std::max(program.stages, stage + 1);
      program.operations.push_back(std::move(operation));
    }
  }

  /// What is stored is rounded as it is written, for those that read it too: a lane computes fp32 and casts.
  /// Sums are fp32 in the scratchpad; the DMA rounds these.
  void roundStored(const VectorOperation &operation) {
    Register &r = program.registers[operation.to];
    if (operation.reduces || r.results.empty())
      return;
    const numerics::ElementType type = unit.values[r.results.front()].type;
    if (std::all_of(r.results.begin(), r.results.end(),
                    [&](int value) { return unit.values[value].type == type; }))
      r.type = type;
  }

  const Unit &unit;
  const Coalesced &dimensions;
  VectorProgram program;
  bool twoDimensional = false;
  std::vector<int> registerOf;             // of each value
  std::vector<int> definer;                // operation of each register; -1: it is loaded
  std::vector<VectorOperation> operations; // in the order of the parts
  std::set<std::pair<int, int>> demanded;  // stage, operation
};

} // namespace

std::vector<int> VectorProgram::readers(int reg) const {
  std::vector<int> stages;
  for (const VectorOperation &operation : operations)
    if (std::find(operation.inputs.begin(), operation.inputs.end(), reg) != operation.inputs.end() &&
        (stages.empty() || stages.back() != operation.stage))
      stages.push_back(operation.stage);
  return stages;
}

std::vector<int64_t> shapeOf(Reach reach, const std::vector<int64_t> &shape) {
  if (reach == Reach::Scalar)
    return {};
  return reach == Reach::Columns ? std::vector<int64_t>{shape.back()} : shape;
}

std::optional<VectorProgram> vectorProgramIn(const Unit &unit) {
  const bool isVectorWork = std::all_of(unit.parts.begin(), unit.parts.end(), [](const Part &part) {
    return part.structure.combine == nn::Combine::None || part.structure.reduction.how == nn::How::Tree;
  });
  if (!isVectorWork)
    return std::nullopt;
  std::optional<Coalesced> dimensions = coalesce(unit);
  return dimensions ? Builder(unit, *dimensions).build() : std::nullopt;
}

} // namespace arsis::schedule
