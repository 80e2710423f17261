// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Session.h. Memory is allocated when the first value is needed, so that timing-only sessions stay small.
#include "simulator/top/Session.h"
#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/Isa/Encoding/Volume.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "dialects/Isa/Verifier/Record.h"
#include "simulator/top/Check.h"
#include "simulator/top/HostChecks.h"
#include "simulator/top/HostLayout.h"
#include "simulator/top/Report.h"
#include "simulator/top/Trace.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <future>
#include <tuple>
#include <unordered_map>

namespace arsis::sim {

struct Session::State {
  using Budget = std::tuple<isa::Work, uint64_t, uint64_t>;
  struct Free {
    void operator()(uint8_t *bytes) const { std::free(bytes); }
  };

  chip::Chip chip;
  std::shared_ptr<const isa::Program> program;
  MemorySizes sizes;
  std::unordered_map<std::string, uint16_t> names;
  std::unique_ptr<uint8_t[], Free> dram;
  Memories memories;
  size_t scratchpadUsed = 0;
  HostTraffic host;
  std::optional<isa::Proof> proof;                                      // none: skipped
  std::vector<bool> given = std::vector<bool>(program->tensors.size()); // by the host or the file, per tensor
  std::optional<Budget> granted = std::nullopt; // what the last run was checked against
  bool computed = false;                        // a run has left values

  const isa::Tensor &tensor(const std::string &name) const {
    auto found = names.find(name);
    if (found == names.end()) {
      for (const std::string &gone : program->notObservable)
        if (gone == name)
          throw Error("tensor " + name + " is not observable, the compiler removed it");
      throw Error("the program has no tensor named " + name);
    }
    return program->tensors[found->second];
  }

  void ensureDram() {
    if (dram)
      return;
    // calloc leaves untouched pages to the system, so that a large sparse DRAM costs nothing.
    std::unique_ptr<uint8_t[], Free> filled(
        static_cast<uint8_t *>(std::calloc(std::max<size_t>(1, program->dramBytes), 1)));
    if (!filled)
      throw Error("cannot allocate " + std::to_string(program->dramBytes) + " bytes of simulated DRAM");
    isa::InitialReader reader(*program);
    for (const isa::Initial &initial : program->initials)
      fromInitial(program->tensors[initial.tensor], reader.elements(initial), filled.get());
    dram = std::move(filled);
  }

  void prepareMemories() {
    ensureDram();
    memories.dram = dram.get();
    memories.dramBytes = program->dramBytes;
    if (memories.scratchpad.empty()) {
      memories.scratchpad.resize(static_cast<size_t>(sizes.scratchpadBytes));
      memories.matrix.resize(static_cast<size_t>(chip.integer("matrix.units")));
      for (MatrixMemory &unit : memories.matrix) {
        unit.columns = sizes.columns;
        unit.banks.resize(static_cast<size_t>(chip.integer("matrix.weight_banks")));
      }
    }
    // What nobody wrote reads as NaN, so that a missing wait shows even in the first step.
    constexpr uint32_t kPoison = 0x7fc07fc0u; // NaN as f32 and as either half, bf16 or f16
    auto *words = reinterpret_cast<uint32_t *>(memories.scratchpad.data());
    std::fill(words, words + scratchpadUsed / 4, kPoison);
    float poison;
    std::memcpy(&poison, &kPoison, sizeof poison);
    for (MatrixMemory &unit : memories.matrix)
      unit.accumulator.assign(static_cast<size_t>(sizes.accumulatorRows * sizes.columns), poison);
  }

  /// Throws Error if the program is beyond the budget of `options`. A program does not change, so that the
  /// steps of a training run ask once.
  void checkBudget(const RunOptions &options) {
    const auto which = options.mode == Mode::TimingOnly ? isa::Work::Transfers : isa::Work::Everything;
    const Budget asked{which, options.maxInstances, options.maxWork};
    if (granted == asked)
      return;
    isa::checkInstances(*program, options.maxInstances);
    isa::checkWork(*program, options.maxWork, which);
    granted = asked;
  }

  /// Called by the machine with the number of each tensor that is complete.
  std::function<void(size_t)> watcherOf(const RunOptions &options) {
    if (!options.onComplete)
      return {};
    return [this, &options](size_t number) {
      const isa::Tensor &tensor = program->tensors[number];
      std::vector<uint8_t> elements(static_cast<size_t>(hostBytes(tensor)));
      toHost(tensor, dram.get(), elements.data());
      options.onComplete(tensor, elements);
    };
  }

  RunRecord execute(const RunOptions &options) {
    const bool tracing = !options.tracePath.empty();
    auto timed = [&](Memories *values) {
      return runTimed(*program, chip, sizes, values, options.latencySeed, tracing);
    };
    if (options.mode == Mode::FunctionalOnly)
      return runFunctional(*program, chip, sizes, memories, watcherOf(options));
    if (options.mode == Mode::TimingOnly)
      return timed(nullptr);
    if (!options.valuesBesideClock)
      return timed(&memories);
    // The record of read keys is not shared between threads.
    auto values = std::async(std::launch::async, [this, chip = chip.withoutReads()] {
      return runFunctional(*program, chip, sizes, memories);
    });
    RunRecord record = timed(nullptr);
    values.get();
    return record;
  }
};

Session::Session(chip::Chip chip, std::shared_ptr<const isa::Program> program, Verification verification,
                 uint64_t maxInstances)
    : state(new State{std::move(chip), std::move(program), {}, {}, nullptr, {}, 0, {}, {}}) {
  State &s = *state;
  isa::validateProgram(*s.program);
  s.sizes = memorySizes(s.chip);
  checkProgram(*s.program, s.chip);
  if (verification == Verification::Required)
    s.proof = isa::prove(*s.program, s.chip.withoutReads(), maxInstances);
  for (size_t t = 0; t < s.program->tensors.size(); ++t)
    s.names.emplace(s.program->tensors[t].name, static_cast<uint16_t>(t));
  for (const isa::Initial &initial : s.program->initials)
    s.given[initial.tensor] = true;
  for (const isa::Placement &placement : s.program->placements)
    if (placement.memory == isa::Memory::Spm)
      s.scratchpadUsed = std::max<size_t>(s.scratchpadUsed, placement.end);
  if (s.scratchpadUsed == 0)
    s.scratchpadUsed = static_cast<size_t>(s.sizes.scratchpadBytes);
  s.scratchpadUsed = std::min<size_t>(s.scratchpadUsed, static_cast<size_t>(s.sizes.scratchpadBytes));
}

Session::~Session() = default;
Session::Session(Session &&) noexcept = default;
Session &Session::operator=(Session &&) noexcept = default;

void Session::writeTensor(const std::string &name, const void *hostLayoutData, size_t bytes) {
  const numerics::FloatEnvironment environment;
  const isa::Tensor &tensor = state->tensor(name);
  checkWritable(tensor);
  checkHostBytes(tensor, bytes);
  if (tensor.role == isa::TensorRole::Label && tensor.type == isa::ElementType::I32)
    checkLabels(program(), tensor, hostLayoutData);
  state->ensureDram();
  fromHost(tensor, hostLayoutData, state->dram.get());
  state->given[state->names.at(name)] = true;
  state->host.writtenBytes += static_cast<int64_t>(bytes);
}

void Session::readTensor(const std::string &name, void *out, size_t bytes) const {
  const numerics::FloatEnvironment environment;
  const isa::Tensor &tensor = state->tensor(name);
  const bool transient = tensor.role == isa::TensorRole::Temporary ||
                         tensor.role == isa::TensorRole::Activation ||
                         tensor.role == isa::TensorRole::Gradient;
  if (transient && !tensor.observable)
    throw Error("tensor " + name + " is not observable, its memory may have been reused");
  checkHostBytes(tensor, bytes);
  if (!state->computed && !isGivenByHost(tensor.role))
    throw Error("tensor " + name + " has no value yet, expected a run that computes it first");
  if (isGivenByHost(tensor.role) && !state->given[state->names.at(name)])
    throw Error("tensor " + name + " has no value yet, expected it to be written first");
  state->ensureDram();
  toHost(tensor, state->dram.get(), out);
  state->host.readBytes += static_cast<int64_t>(bytes);
}

void Session::loadInitialValues() { state->ensureDram(); }

void Session::adoptState(const Session &other) {
  const numerics::FloatEnvironment environment;
  for (const isa::Tensor &tensor : program().tensors) {
    if (tensor.role != isa::TensorRole::Parameter && tensor.role != isa::TensorRole::State)
      continue;
    const isa::Tensor *from = other.findTensor(tensor.name);
    if (!from)
      continue;
    if (hostShapeOf(*from) != hostShapeOf(tensor) || from->type != tensor.type)
      throw Error("tensor " + tensor.name + " differs in shape or type between the programs");
    std::vector<uint8_t> host(static_cast<size_t>(hostBytes(tensor)));
    other.state->ensureDram();
    state->ensureDram();
    toHost(*from, other.state->dram.get(), host.data());
    fromHost(tensor, host.data(), state->dram.get());
    if (other.state->given[other.state->names.at(tensor.name)])
      state->given[state->names.at(tensor.name)] = true;
  }
}

/// Null if no trace is asked for. Throws Error for one that a run cannot have, before the step changes a
/// value.
static std::unique_ptr<OutputFile> createTrace(const RunOptions &options, const isa::Program &program) {
  if (options.tracePath.empty())
    return nullptr;
  if (options.mode == Mode::FunctionalOnly)
    throw Error("a functional-only run has no trace, expected a mode with a clock");
  if (const uint64_t instances = isa::countInstances(program); instances > isa::kMostTracedInstances)
    throw Error("the program has " + std::to_string(instances) + " instances, expected at most " +
                std::to_string(isa::kMostTracedInstances) + " for a trace");
  return std::make_unique<OutputFile>(options.tracePath);
}

boost::json::object Session::run(const RunOptions &options) {
  const numerics::FloatEnvironment environment; // for times and energies too
  State &s = *state;
  const auto begin = std::chrono::steady_clock::now();
  const bool values = options.mode != Mode::TimingOnly;
  if (options.onComplete && options.mode != Mode::FunctionalOnly)
    throw Error("tensors are seen as they complete in a functional-only run, found another mode");
  s.checkBudget(options);
  const std::unique_ptr<OutputFile> trace = createTrace(options, *s.program);
  if (values) {
    checkNothingMissing(*s.program, s.given);
    s.prepareMemories();
  }
  RunRecord record = s.execute(options);
  s.computed |= values;
  record.wallClockSeconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (trace) {
    writeTrace(trace->stream(), record, *s.program, s.chip.real("clock.core_mhz"));
    try {
      trace->commit();
    } catch (const Error &error) {
      throw Error(std::string(error.what()) + (values ? "; the step has been taken" : ""));
    }
  }
  boost::json::object report = buildReport(record, *s.program, s.chip, options, s.host);
  report["verification"] = verificationJson(s.proof);
  s.host = {};
  return report;
}

const isa::Program &Session::program() const { return *state->program; }
const chip::Chip &Session::chip() const { return state->chip; }

const isa::Tensor *Session::findTensor(const std::string &name) const {
  auto found = state->names.find(name);
  return found == state->names.end() ? nullptr : &state->program->tensors[found->second];
}

} // namespace arsis::sim
