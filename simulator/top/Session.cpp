// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Session.h. Memory is allocated when the first value is needed, so that timing-only sessions stay small.
#include "simulator/top/Session.h"
#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/Interrupt.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/Isa/Encoding/Volume.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "dialects/Isa/Verifier/Record.h"
#include "simulator/top/Check.h"
#include "simulator/top/HostChecks.h"
#include "simulator/top/HostLayout.h"
#include "simulator/top/Link.h"
#include "simulator/top/Report.h"
#include "simulator/top/Trace.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <future>
#include <tuple>
#include <unordered_map>
#include <utility>

namespace arsis::sim {

using Budget = std::tuple<isa::Work, uint64_t, uint64_t>;

/// A program, and what the session knows of it alone.
struct Loaded {
  std::shared_ptr<const isa::Program> program;
  std::vector<TensorPlace> homes; // of its tensors
  std::unordered_map<std::string, size_t> names;
  size_t scratchpadUsed = 0;
  std::optional<isa::Proof> proof;              // none: skipped
  std::vector<bool> given;                      // per tensor: has a value before a step
  std::optional<Budget> granted = std::nullopt; // what the last run was checked against
  bool computed = false;                        // a run has left values

  Loaded(std::shared_ptr<const isa::Program> theProgram, std::vector<TensorPlace> theHomes,
         const MemorySizes &sizes)
      : program(std::move(theProgram)), homes(std::move(theHomes)), given(program->tensors.size()) {
    for (size_t t = 0; t < program->tensors.size(); ++t)
      names.emplace(program->tensors[t].name, t);
    for (const isa::Placement &placement : program->placements)
      if (placement.memory == isa::Memory::Spm)
        scratchpadUsed = std::max<size_t>(scratchpadUsed, placement.end);
    const auto all = static_cast<size_t>(sizes.scratchpadBytes);
    scratchpadUsed = scratchpadUsed == 0 ? all : std::min(scratchpadUsed, all);
  }
};

/// What a run left behind, to be priced again.
struct LastRun {
  RunRecord record;
  RunOptions options;
  HostTraffic host;
};

struct Session::State {
  struct Free {
    void operator()(uint8_t *bytes) const { std::free(bytes); }
  };

  chip::Chip chip;
  MemorySizes sizes = memorySizes(chip);
  std::vector<Loaded> programs = {};
  uint64_t dramBytes = 0;
  std::unique_ptr<uint8_t[], Free> dram = nullptr;
  Memories memories = {};
  HostTraffic host = {};
  bool torn = false; // a step was interrupted: half of its values are there
  std::optional<LastRun> last = std::nullopt;

  boost::json::object reportOfLast(const chip::Chip &priced) const {
    const Loaded &loaded = programs[last->options.program];
    boost::json::object report =
        buildReport(last->record, *loaded.program, priced, last->options, last->host);
    report["verification"] = verificationJson(loaded.proof);
    return report;
  }

  /// Throws Error unless there is a program of this number.
  size_t checked(size_t number) const {
    if (number >= programs.size())
      throw InputError("found program " + std::to_string(number) + ", expected one of " +
                       std::to_string(programs.size()) + ", numbered from 0");
    return number;
  }
  void checkWhole() const {
    if (torn)
      throw InputError(
          "a step of this session was interrupted, half of its values are computed; expected a new session");
  }
  /// The numbers of the programs that are asked.
  std::pair<size_t, size_t> range(std::optional<size_t> number) const {
    return number ? std::pair(checked(*number), *number + 1) : std::pair(size_t(0), programs.size());
  }
  const isa::Tensor &tensorAt(TensorPlace place) const {
    return programs[place.program].program->tensors[place.tensor];
  }

  /// The tensor of a name, of one program or of all; nothing if there is none.
  std::optional<TensorPlace> find(const std::string &name, std::optional<size_t> number) const {
    std::optional<TensorPlace> found;
    const auto [first, end] = range(number);
    for (size_t p = first; p < end; ++p) {
      auto known = programs[p].names.find(name);
      if (known == programs[p].names.end())
        continue;
      const TensorPlace place{p, known->second};
      if (found && !(homeOf(*found) == homeOf(place)))
        throw InputError("tensor " + name + " is one in program " + std::to_string(found->program) +
                         " and another one in program " + std::to_string(p) +
                         ", expected the number of the program with its name");
      if (!found)
        found = place;
    }
    return found;
  }
  TensorPlace homeOf(TensorPlace place) const { return programs[place.program].homes[place.tensor]; }

  TensorPlace place(const std::string &name, std::optional<size_t> number) const {
    if (const auto found = find(name, number))
      return *found;
    const auto [first, end] = range(number);
    for (size_t p = first; p < end; ++p)
      for (const std::string &gone : programs[p].program->notObservable)
        if (gone == name)
          throw InputError("tensor " + name + " is not observable, the compiler removed it");
    throw InputError("the program has no tensor named " + name);
  }

  /// As place(), of a program that is given the tensor if there is one: a gradient is what one program
  /// computes and another one takes.
  TensorPlace placeToWrite(const std::string &name, std::optional<size_t> number) const {
    const TensorPlace found = place(name, number);
    const auto [first, end] = range(number);
    for (size_t p = first; p < end; ++p)
      if (auto known = programs[p].names.find(name);
          known != programs[p].names.end() && isGiven(programs[p].program->tensors[known->second]))
        return {p, known->second};
    return found;
  }

  bool isThere(TensorPlace place) const {
    const TensorPlace home = homeOf(place);
    return programs[home.program].given[home.tensor];
  }
  void setThere(TensorPlace place) {
    const TensorPlace home = homeOf(place);
    programs[home.program].given[home.tensor] = true;
  }

  void ensureDram() {
    if (dram)
      return;
    // calloc leaves untouched pages to the system, so that a large sparse DRAM costs nothing.
    std::unique_ptr<uint8_t[], Free> filled(
        static_cast<uint8_t *>(std::calloc(std::max<size_t>(1, dramBytes), 1)));
    if (!filled)
      throw Error("cannot allocate " + std::to_string(dramBytes) + " bytes of simulated DRAM");
    for (size_t p = programs.size(); p-- > 0;) { // the values of the first program come last, and hold
      const isa::Program &program = *programs[p].program;
      isa::InitialReader reader(program);
      for (const isa::Initial &initial : program.initials)
        fromInitial(program.tensors[initial.tensor], reader.elements(initial), filled.get());
    }
    dram = std::move(filled);
  }

  void prepareMemories(size_t scratchpadUsed) {
    ensureDram();
    memories.dram = dram.get();
    memories.dramBytes = dramBytes;
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
  static void checkBudget(Loaded &loaded, const RunOptions &options) {
    const auto which = options.mode == Mode::TimingOnly ? isa::Work::Transfers : isa::Work::Everything;
    const Budget asked{which, options.maxInstances, options.maxWork};
    if (loaded.granted == asked)
      return;
    isa::checkInstances(*loaded.program, options.maxInstances);
    isa::checkWork(*loaded.program, options.maxWork, which);
    loaded.granted = asked;
  }

  /// Called by the machine with the number of each tensor that is complete.
  std::function<void(size_t)> watcherOf(const isa::Program &program, const RunOptions &options) {
    if (!options.onComplete)
      return {};
    return [this, &program, &options](size_t number) {
      const isa::Tensor &tensor = program.tensors[number];
      std::vector<uint8_t> elements(static_cast<size_t>(hostBytes(tensor)));
      toHost(tensor, dram.get(), elements.data());
      options.onComplete(tensor, elements);
    };
  }

  RunRecord execute(const isa::Program &program, const RunOptions &options) {
    const std::optional<TraceOptions> tracing =
        options.tracePath.empty() ? std::nullopt : std::optional(options.trace);
    auto timed = [&](Memories *values) {
      return runTimed(program, chip, sizes, values, options.latencySeed, tracing, options.powerOverTime);
    };
    if (options.mode == Mode::FunctionalOnly)
      return runFunctional(program, chip, sizes, memories, watcherOf(program, options));
    if (options.mode == Mode::TimingOnly)
      return timed(nullptr);
    if (!options.valuesBesideClock)
      return timed(&memories);
    // The record of read keys is not shared between threads.
    auto values = std::async(std::launch::async, [this, &program, chip = chip.withoutReads()] {
      return runFunctional(program, chip, sizes, memories);
    });
    RunRecord record = timed(nullptr);
    values.get();
    return record;
  }
};

Session::Session(chip::Chip chip, std::shared_ptr<const isa::Program> program, Verification verification,
                 uint64_t maxInstances)
    : Session(std::move(chip), std::vector{std::move(program)}, verification, maxInstances) {}

Session::Session(chip::Chip chip, std::vector<std::shared_ptr<const isa::Program>> programs,
                 Verification verification, uint64_t maxInstances)
    : state(new State{std::move(chip)}) {
  State &s = *state;
  for (const auto &program : programs)
    isa::validateProgram(*program);
  LinkedPrograms linked = link(std::move(programs));
  s.dramBytes = linked.dramBytes;
  for (size_t p = 0; p < linked.programs.size(); ++p) {
    Loaded &loaded = s.programs.emplace_back(linked.programs[p], std::move(linked.homes[p]), s.sizes);
    checkProgram(*loaded.program, s.chip);
    if (verification == Verification::Required)
      loaded.proof = isa::prove(*loaded.program, s.chip.withoutReads(), maxInstances);
  }
  for (size_t p = 0; p < s.programs.size(); ++p)
    for (const isa::Initial &initial : s.programs[p].program->initials)
      s.setThere({p, initial.tensor});
}

Session::~Session() = default;
Session::Session(Session &&) noexcept = default;
Session &Session::operator=(Session &&) noexcept = default;

void Session::writeTensor(const std::string &name, const void *hostLayoutData, size_t bytes,
                          std::optional<size_t> number) {
  const numerics::FloatEnvironment environment;
  const TensorPlace place = state->placeToWrite(name, number);
  const isa::Tensor &tensor = state->tensorAt(place);
  checkWritable(tensor);
  checkHostBytes(tensor, bytes);
  if (tensor.role == isa::TensorRole::Label)
    checkLabels(program(place.program), tensor, hostLayoutData);
  state->ensureDram();
  fromHost(tensor, hostLayoutData, state->dram.get());
  state->setThere(place);
  state->host.writtenBytes += static_cast<int64_t>(bytes);
}

void Session::readTensor(const std::string &name, void *out, size_t bytes,
                         std::optional<size_t> number) const {
  const numerics::FloatEnvironment environment;
  state->checkWhole();
  const TensorPlace place = state->place(name, number);
  const isa::Tensor &tensor = state->tensorAt(place);
  const bool transient = tensor.role == isa::TensorRole::Temporary ||
                         tensor.role == isa::TensorRole::Activation ||
                         tensor.role == isa::TensorRole::Gradient;
  if (transient && !tensor.observable)
    throw InputError("tensor " + name + " is not observable, its memory may have been reused");
  checkHostBytes(tensor, bytes);
  if (!state->programs[place.program].computed && !isGiven(tensor) && !state->isThere(place))
    throw InputError("tensor " + name + " has no value yet, expected a run that computes it first");
  if (isGiven(tensor) && !state->isThere(place))
    throw InputError("tensor " + name + " has no value yet, expected it to be written first");
  state->ensureDram();
  toHost(tensor, state->dram.get(), out);
  state->host.readBytes += static_cast<int64_t>(bytes);
}

void Session::loadInitialValues() { state->ensureDram(); }

void Session::adoptState(const Session &other) {
  const numerics::FloatEnvironment environment;
  other.state->checkWhole();
  for (size_t p = 0; p < programCount(); ++p)
    for (size_t t = 0; t < program(p).tensors.size(); ++t) {
      const isa::Tensor &tensor = program(p).tensors[t];
      if (tensor.role != isa::TensorRole::Parameter && tensor.role != isa::TensorRole::State)
        continue;
      const std::optional<TensorPlace> from = other.state->find(tensor.name, std::nullopt);
      if (!from)
        continue;
      const isa::Tensor &source = other.state->tensorAt(*from);
      if (hostShapeOf(source) != hostShapeOf(tensor) || source.type != tensor.type)
        throw InputError("tensor " + tensor.name + " differs in shape or type between the programs");
      std::vector<uint8_t> host(static_cast<size_t>(hostBytes(tensor)));
      other.state->ensureDram();
      state->ensureDram();
      toHost(source, other.state->dram.get(), host.data());
      fromHost(tensor, host.data(), state->dram.get());
      if (other.state->isThere(*from))
        state->setThere({p, t});
    }
}

boost::json::object Session::run(const RunOptions &options) {
  const numerics::FloatEnvironment environment; // for times and energies too
  State &s = *state;
  Loaded &loaded = s.programs[s.checked(options.program)];
  const isa::Program &program = *loaded.program;
  const auto begin = std::chrono::steady_clock::now();
  const bool values = options.mode != Mode::TimingOnly;
  if (options.onComplete && options.mode != Mode::FunctionalOnly)
    throw InputError("tensors are seen as they complete in a functional-only run, found another mode");
  if (options.powerOverTime && options.mode == Mode::FunctionalOnly)
    throw InputError("a functional-only run has no power over time, expected a mode with a clock");
  State::checkBudget(loaded, options);
  const std::unique_ptr<OutputFile> trace = createTrace(options, program);
  if (values) {
    std::vector<bool> given;
    for (size_t t = 0; t < program.tensors.size(); ++t)
      given.push_back(s.isThere({options.program, t}));
    checkNothingMissing(program, given);
    s.prepareMemories(loaded.scratchpadUsed);
  }
  s.checkWhole();
  RunRecord record;
  try {
    record = s.execute(program, options);
  } catch (const Interrupted &) {
    s.torn = values;
    throw;
  }
  if (values) {
    loaded.computed = true;
    for (size_t t = 0; t < program.tensors.size(); ++t)
      if (program.tensors[t].role == isa::TensorRole::Gradient)
        s.setThere({options.program, t});
  }
  record.wallClockSeconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (trace) {
    try {
      writeTrace(trace->stream(), record, program, s.chip);
      trace->commit();
    } catch (const Error &error) {
      throw KindError(kindOf(error), std::string(error.what()) + (values ? "; the step has been taken" : ""));
    }
  }
  record.tracer.reset(); // written already, and large
  s.last = LastRun{std::move(record), options, std::exchange(s.host, {})};
  s.last->options.onComplete = nullptr;
  return s.reportOfLast(s.chip);
}

boost::json::object Session::price(const chip::Chip &chip) const {
  const numerics::FloatEnvironment environment;
  if (!state->last)
    throw InputError("there is no run to price, expected one with run() first");
  checkSameButEnergies(state->chip, chip);
  return state->reportOfLast(chip);
}

const isa::Program &Session::program(size_t number) const {
  return *state->programs[state->checked(number)].program;
}
size_t Session::programCount() const { return state->programs.size(); }
const chip::Chip &Session::chip() const { return state->chip; }

const isa::Tensor *Session::findTensor(const std::string &name, std::optional<size_t> number) const {
  const std::optional<TensorPlace> found = state->find(name, number);
  return found ? &state->tensorAt(*found) : nullptr;
}

} // namespace arsis::sim
