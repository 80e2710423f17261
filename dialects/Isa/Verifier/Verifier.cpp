// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk. Streams advance in turn, each until a wait holds it. Every access of an instance is compared with
// the accesses of other streams that its clock does not cover, then remembered until all clocks cover it.
// What is left when no stream can advance is a deadlock. A stream that waits for a counter will know whatever
// that counter's stream knows by then, so it does not keep the log alive.
#include "dialects/Isa/Verifier/Verifier.h"

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/Interrupt.h"
#include "dialects/Isa/Verifier/Buffers.h"

#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Verifier/AccessLog.h"
#include "dialects/Isa/Verifier/Deadlock.h"
#include "dialects/Isa/Verifier/Findings.h"
#include "dialects/Isa/Verifier/StaticChecks.h"
#include "dialects/Isa/Verifier/WrittenMap.h"

#include <chrono>
#include <limits>
#include <set>

namespace arsis::isa {

const char *name(Diagnostic::Kind kind) {
  constexpr const char *names[] = {"malformed", "chip",      "unsupported", "out-of-range", "bank",
                                   "operand",   "undefined", "race",        "deadlock",     "host"};
  return names[kind];
}

namespace {

/// Instances a stream may advance before the others get their turn; small keeps the log short.
constexpr unsigned kTurn = 32;
/// Log entries over all memories, or increments, at which forgetting is tried first.
constexpr size_t kFirstForget = 1024;

class Walk {
public:
  Walk(const Program &program, const MachineLimits &limits, const VerifierOptions &options,
       VerificationResult &result)
      : program(program), limits(limits), options(options), result(result), builder(program, limits),
        buffers(program, limits), dramMemory(dramOf(limits)),
        findings(program, builder, cursors, options, result),
        clocks(program.streams.size(), program.counterStream), dram(program, granuleOf(program)),
        lastStore(dram.bufferCount()) {
    for (const Stream &stream : program.streams) {
      cursors.emplace_back(stream);
      nests.push_back(findProductNests(stream));
    }
    reach.resize(dramMemory + 1);
    for (unsigned memory = 0; memory <= dramMemory; ++memory) {
      logs.emplace_back(program.streams.size());
      if (memory != dramMemory)
        written.emplace_back(builder.memoryBytes(memory), granuleOf(program));
    }
    for (size_t t = 0; t < program.tensors.size(); ++t)
      if (program.tensors[t].completeValue)
        completions[{program.tensors[t].completeCounter, program.tensors[t].completeValue}].push_back(
            uint16_t(t));
  }

  void run() {
    bool advanced = true;
    while (advanced && !findings.full()) {
      advanced = false;
      for (size_t stream = 0; stream < cursors.size() && !findings.full(); ++stream)
        for (unsigned turn = 0; turn < kTurn && !cursors[stream].done() && ready(stream); ++turn) {
          checkInterrupt();
          execute(stream);
          advanced = true;
        }
    }
    bool finished = true;
    for (const InstructionCursor &cursor : cursors)
      finished &= cursor.done();
    if (findings.full())
      return;
    if (!finished)
      result.diagnostics.push_back(explainDeadlock(program, cursors, clocks));
    else if (options.checkHostTensors)
      checkHost();
    result.capacities = capacitiesOf(program, limits, reach);
  }

private:
  bool ready(size_t stream) const {
    const Instruction &instruction = cursors[stream].instruction();
    for (unsigned i = 0; i < instruction.waitCount; ++i)
      if (instruction.waits[i].value.evaluate(cursors[stream].index()) >
          int64_t(clocks.value(instruction.waits[i].counter)))
        return false;
    return true;
  }

  void execute(size_t stream) {
    InstructionCursor &cursor = cursors[stream];
    const Instruction &instruction = cursor.instruction();
    for (unsigned i = 0; i < instruction.waitCount; ++i) {
      int64_t value = instruction.waits[i].value.evaluate(cursor.index());
      if (value > 0)
        clocks.join(stream, instruction.waits[i].counter, uint32_t(value));
    }
    if (auto nest = nests[stream].find(cursor.position()); nest != nests[stream].end() &&
                                                           nest->second.begins(cursor.index()) &&
                                                           executeNest(stream, nest->second))
      return;
    Ordinal ordinal = clocks.begin(stream);
    complaints.clear();
    builder.build(instruction, unsigned(stream), cursor.index(), footprint, complaints);
    for (const Complaint &complaint : complaints) {
      constexpr Diagnostic::Kind kinds[] = {Diagnostic::OutOfRange, Diagnostic::Bank, Diagnostic::Operand};
      findings.report(kinds[complaint.kind], stream, complaint.message, complaint.memory, complaint.range);
    }
    for (const Access &access : footprint) {
      if (access.memory != dramMemory &&
          !buffers.contain(instruction.location, access.memory, access.box.hull()))
        findings.report(
            Diagnostic::OutOfRange, stream,
            std::string(access.operand) + " touches bytes [" + std::to_string(access.box.hull().begin) +
                ", " + std::to_string(access.box.hull().end) + ") of " + builder.memoryName(access.memory) +
                ", expected them within one buffer of its layer in the memory plan",
            access.memory, access.box.hull());
      check(stream, access);
    }
    for (const Access &access : footprint)
      commit(stream, access, ordinal, uint32_t(cursor.position()), nullptr);
    result.accesses += footprint.size();
    finish(stream);
    if (logged > forgetAt || clocks.size() > forgetClocksAt)
      forget();
  }

  /// The effects of the current instance are visible; the next one comes.
  void finish(size_t stream) {
    if (const std::optional<uint8_t> &counter = cursors[stream].instruction().increment) {
      clocks.increment(*counter);
      complete(stream, *counter);
    }
    ++result.instances;
    cursors[stream].advance();
  }

  /// Executes the rest of a nest, from the multiply of its first iteration on, if its accesses taken together
  /// are sound; else does nothing.
  bool executeNest(size_t stream, const ProductNest &nest) {
    InstructionCursor &cursor = cursors[stream];
    const Instruction &multiply = cursor.instruction();
    if (!builder.buildNest(nest, unsigned(stream), cursor.index(), nestAccesses))
      return false;
    for (const NestAccess &access : nestAccesses)
      if (!sound(stream, multiply.location, access.all))
        return false;
    const Ordinal next = clocks.known(stream, stream) + 1; // of the multiply; its load is the one before
    const uint32_t position = uint32_t(cursor.position());
    for (size_t i = 0; i < nestAccesses.size(); ++i) {
      const NestAccess &access = nestAccesses[i];
      const bool ofLoad = i == 0;
      Repetition repetition{next - Ordinal(ofLoad), 2, nest.iterations, access.first, access.loops};
      const Ordinal last = repetition.first + repetition.step * Ordinal(nest.iterations - 1);
      commit(stream, access.all, last, position - uint32_t(ofLoad),
             std::make_shared<const Repetition>(std::move(repetition)));
    }
    result.accesses += uint64_t(nest.iterations) * nestAccesses.size() - 1; // one load came before
    for (int64_t instance = 1; instance < 2 * nest.iterations; ++instance) {
      clocks.begin(stream);
      finish(stream);
    }
    if (logged > forgetAt || clocks.size() > forgetClocksAt)
      forget();
    return true;
  }

  /// Whether an access on chip lies in one buffer, races with nothing and reads what was written.
  bool sound(size_t stream, uint32_t location, const Access &access) const {
    if (!buffers.contain(location, access.memory, access.box.hull()))
      return false;
    for (size_t other = 0; other < cursors.size(); ++other)
      if (other != stream && logs[access.memory].conflict(other, clocks.known(stream, other), access))
        return false;
    return !access.reads || written[access.memory].firstUndefined(access.box) == access.box.hull().end;
  }

  void check(size_t stream, const Access &access) {
    for (size_t other = 0; other < cursors.size(); ++other) {
      if (other == stream)
        continue;
      if (auto conflict = logs[access.memory].conflict(other, clocks.known(stream, other), access))
        findings.reportRace(stream, access, other, *conflict);
    }
    if (!access.reads)
      return;
    if (access.memory == dramMemory) {
      if (auto undefined = dram.read(access.tensor, access.box))
        findings.report(Diagnostic::Undefined, stream,
                        "reads tensor '" + program.tensors[access.tensor].name + "' at byte " +
                            std::to_string(undefined->byte) + " of dram, which " + undefined->why +
                            ", expected an earlier store",
                        access.memory, {undefined->byte, undefined->byte + 1});
      return;
    }
    int64_t at = written[access.memory].firstUndefined(access.box);
    if (at != access.box.hull().end)
      findings.report(Diagnostic::Undefined, stream,
                      std::string(access.operand) + " reads byte " + std::to_string(at) + " of " +
                          builder.memoryName(access.memory) +
                          ", which was never written, expected an earlier write",
                      access.memory, {at, at + 1});
  }

  void commit(size_t stream, const Access &access, Ordinal ordinal, uint32_t position,
              std::shared_ptr<const Repetition> repetition) {
    reach[access.memory] = std::max(reach[access.memory], access.box.hull().end);
    if (access.writes && access.memory == dramMemory) {
      dram.write(access.tensor, access.box);
      auto &last = lastStore[dram.bufferOf(access.tensor)];
      last.resize(cursors.size());
      last[stream] = ordinal;
    } else if (access.writes) {
      written[access.memory].set(access.box);
    }
    logs[access.memory].add(stream, {ordinal, position, access.writes, access.tensor, access.operand,
                                     access.box, std::move(repetition)});
    result.peakLog = std::max<uint64_t>(result.peakLog, ++logged);
  }

  /// A tensor that is announced as complete by this increment must not be stored to later without the reader
  /// knowing.
  void complete(size_t stream, uint8_t counter) {
    auto found = completions.find({counter, clocks.value(counter)});
    if (found == completions.end())
      return;
    for (uint16_t tensor : found->second)
      for (size_t other = 0; other < cursors.size(); ++other)
        announced[tensor].push_back(clocks.known(stream, other));
  }

  void checkHost() {
    for (const DramState::Clash &clash : dram.clashes())
      findings.hostError(clash.first,
                         "shares bytes with tensor '" + program.tensors[clash.second].name +
                             "', expected bytes of its own, as the host writes both before a step");
    for (size_t t = 0; t < program.tensors.size(); ++t) {
      const Tensor &tensor = program.tensors[t];
      bool kept = tensor.role == TensorRole::Parameter || tensor.role == TensorRole::State ||
                  tensor.role == TensorRole::Hyper || tensor.role == TensorRole::Constant;
      bool readByHost =
          tensor.role == TensorRole::Output || tensor.role == TensorRole::Loss || tensor.observable;
      if (kept || (readByHost && !tensor.readableUntil))
        if (auto undefined = dram.readAll(uint16_t(t)))
          findings.hostError(t, "byte " + std::to_string(undefined->byte) + " of dram " + undefined->why +
                                    ", expected the tensor's own value at the end of the step");
      if (!tensor.completeValue)
        continue;
      std::string symbol =
          "c" + std::to_string(tensor.completeCounter) + " >= " + std::to_string(tensor.completeValue);
      auto clock = announced.find(uint16_t(t));
      const std::vector<Ordinal> &stores = lastStore[dram.bufferOf(uint16_t(t))];
      if (clock == announced.end())
        findings.hostError(t, "is announced as complete at " + symbol + ", but the counter ends at " +
                                  std::to_string(clocks.value(tensor.completeCounter)));
      else
        for (size_t s = 0; s < stores.size(); ++s)
          if (stores[s] > clock->second[s])
            findings.hostError(t, "is announced as complete at " + symbol + ", but stream " +
                                      streamName(program.streams[s]) + " stores to it after that");
    }
  }

  /// The streams that may still advance: those that are not held, and those held only by such.
  std::vector<bool> alive() const {
    std::vector<bool> live(cursors.size(), false);
    for (bool changed = true; changed;) {
      changed = false;
      for (size_t stream = 0; stream < cursors.size(); ++stream)
        if (!live[stream] && !cursors[stream].done()) {
          bool held = false;
          forEachHolder(stream, [&](size_t owner) { held |= !live[owner]; });
          live[stream] = !held;
          changed |= !held;
        }
    }
    return live;
  }

  /// What every stream knows, or will know before it touches memory again.
  std::vector<Ordinal> knownToAll() const {
    const size_t n = cursors.size();
    std::vector<Ordinal> least(n, std::numeric_limits<Ordinal>::max());
    const std::vector<bool> live = alive();
    for (size_t stream = 0; stream < n; ++stream) {
      if (!live[stream])
        continue;
      std::vector<Ordinal> knows(n, 0);
      std::vector<bool> visited(n, false);
      gather(stream, knows, visited);
      for (size_t other = 0; other < n; ++other)
        least[other] = other == stream ? least[other] : std::min(least[other], knows[other]);
    }
    return least;
  }
  void gather(size_t stream, std::vector<Ordinal> &knows, std::vector<bool> &visited) const {
    if (visited[stream])
      return;
    visited[stream] = true;
    for (size_t other = 0; other < knows.size(); ++other)
      knows[other] = std::max(knows[other], clocks.known(stream, other));
    if (!cursors[stream].done())
      forEachHolder(stream, [&](size_t owner) { gather(owner, knows, visited); });
  }
  /// Calls visit(owner) for the stream of every counter that holds `stream`.
  template <class Visit> void forEachHolder(size_t stream, Visit visit) const {
    const Instruction &instruction = cursors[stream].instruction();
    for (unsigned i = 0; i < instruction.waitCount; ++i) {
      const Wait &wait = instruction.waits[i];
      if (wait.value.evaluate(cursors[stream].index()) > int64_t(clocks.value(wait.counter)))
        visit(program.counterStream[wait.counter]);
    }
  }

  void forget() {
    std::vector<Ordinal> everyone = knownToAll();
    logged = 0;
    for (AccessLog &log : logs) {
      log.forget(everyone);
      logged += log.size();
    }
    clocks.forget(everyone);
    if (logged > kMostRememberedAccesses)
      throw ProgramError("the streams run more than " + std::to_string(kMostRememberedAccesses) +
                         " accesses apart, expected waits through which each learns of the others");
    forgetAt = std::max(kFirstForget, 2 * logged);
    forgetClocksAt = std::max(kFirstForget, 2 * clocks.size());
  }

  const Program &program;
  const MachineLimits &limits;
  const VerifierOptions &options;
  VerificationResult &result;
  FootprintBuilder builder;
  const Buffers buffers;
  const unsigned dramMemory;
  std::vector<InstructionCursor> cursors;
  Findings findings;
  std::vector<std::map<size_t, ProductNest>> nests; // per stream
  Clocks clocks;
  std::vector<AccessLog> logs;     // per memory
  std::vector<WrittenMap> written; // per memory on chip
  DramState dram;
  std::vector<std::vector<Ordinal>> lastStore; // per buffer and stream
  std::map<std::pair<uint8_t, uint32_t>, std::vector<uint16_t>>
      completions;                                    // tensors by the increment that completes them
  std::map<uint16_t, std::vector<Ordinal>> announced; // clock of that increment
  std::vector<int64_t> reach;                         // per memory, the end of the furthest access
  Footprint footprint;
  NestAccesses nestAccesses;
  std::vector<Complaint> complaints;
  size_t logged = 0, forgetAt = kFirstForget, forgetClocksAt = kFirstForget;
};

} // namespace

VerificationResult verify(const Program &program, const chip::Chip &chip, const VerifierOptions &options) {
  if (options.maxDiagnostics == 0)
    throw ProgramError("the verifier is asked to stop after 0 errors, expected at least 1");
  auto start = std::chrono::steady_clock::now();
  VerificationResult result;
  try {
    validateProgram(program);
    MachineLimits limits(chip);
    checkStatically(program, chip, limits, result.diagnostics);
    for (const Stream &stream : program.streams)
      if (uint64_t count = countInstances(stream); count >= std::numeric_limits<Ordinal>::max())
        result.diagnostics.push_back({Diagnostic::Unsupported,
                                      streamName(stream) + " has " + std::to_string(count) +
                                          " instances, expected fewer than 2^32 - 1",
                                      {},
                                      "",
                                      0,
                                      0});
    if (result.diagnostics.empty())
      Walk(program, limits, options, result).run();
  } catch (const Error &error) {
    result.diagnostics.push_back({Diagnostic::Malformed, error.what(), {}, "", 0, 0});
  }
  result.accepted = result.diagnostics.empty();
  if (result.diagnostics.size() > options.maxDiagnostics)
    result.diagnostics.resize(options.maxDiagnostics);
  if (!result.accepted)
    result.capacities.clear();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

} // namespace arsis::isa
