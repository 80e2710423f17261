// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The walk. Streams advance in turn, each until a wait holds it. Every access of an instance is compared with
// the accesses of other streams that its clock does not cover, then remembered until all clocks cover it.
// What is left when no stream can advance is a deadlock. A stream that waits for a counter will know whatever
// that counter's stream knows by then, so it does not keep the log alive.
#include "dialects/Isa/Verifier/Verifier.h"

#include "dialects/Isa/Verifier/Buffers.h"

#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Verifier/AccessLog.h"
#include "dialects/Isa/Verifier/Deadlock.h"
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
      : program(program), options(options), result(result), builder(program, limits),
        buffers(program, limits), dramMemory(dramOf(limits)),
        clocks(program.streams.size(), program.counterStream), dram(program, granuleOf(program)),
        lastStore(dram.bufferCount()) {
    for (const Stream &stream : program.streams)
      cursors.emplace_back(stream);
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
    while (advanced && !full()) {
      advanced = false;
      for (size_t stream = 0; stream < cursors.size() && !full(); ++stream)
        for (unsigned turn = 0; turn < kTurn && !cursors[stream].done() && ready(stream); ++turn) {
          execute(stream);
          advanced = true;
        }
    }
    bool finished = true;
    for (const InstructionCursor &cursor : cursors)
      finished &= cursor.done();
    if (full())
      return;
    if (!finished)
      result.diagnostics.push_back(explainDeadlock(program, cursors, clocks));
    else if (options.checkHostTensors)
      checkHost();
  }

private:
  bool full() const { return result.diagnostics.size() >= options.maxDiagnostics; }

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
    Ordinal ordinal = clocks.begin(stream);
    complaints.clear();
    builder.build(instruction, unsigned(stream), cursor.index(), footprint, complaints);
    for (const Complaint &complaint : complaints) {
      constexpr Diagnostic::Kind kinds[] = {Diagnostic::OutOfRange, Diagnostic::Bank, Diagnostic::Operand};
      report(kinds[complaint.kind], stream, complaint.message, complaint.memory, complaint.range);
    }
    for (const Access &access : footprint) {
      if (access.memory != dramMemory &&
          !buffers.contain(instruction.location, access.memory, access.box.hull()))
        report(Diagnostic::OutOfRange, stream,
               std::string(access.operand) + " touches bytes [" + std::to_string(access.box.hull().begin) +
                   ", " + std::to_string(access.box.hull().end) + ") of " +
                   builder.memoryName(access.memory) +
                   ", expected them within one buffer of its layer in the memory plan",
               access.memory, access.box.hull());
      check(stream, access);
    }
    for (const Access &access : footprint)
      commit(stream, ordinal, access);
    if (instruction.increment) {
      clocks.increment(*instruction.increment);
      complete(stream, *instruction.increment);
    }
    ++result.instances;
    result.accesses += footprint.size();
    cursor.advance();
    if (logged > forgetAt || clocks.size() > forgetClocksAt)
      forget();
  }

  void check(size_t stream, const Access &access) {
    for (size_t other = 0; other < cursors.size(); ++other) {
      if (other == stream)
        continue;
      ByteRange shared;
      if (const PastAccess *past =
              logs[access.memory].conflict(other, clocks.known(stream, other), access, shared))
        reportRace(stream, access, other, *past, shared);
    }
    if (!access.reads)
      return;
    if (access.memory == dramMemory) {
      if (auto undefined = dram.read(access.tensor, access.box))
        report(Diagnostic::Undefined, stream,
               "reads tensor '" + program.tensors[access.tensor].name + "' at byte " +
                   std::to_string(undefined->byte) + " of dram, which " + undefined->why +
                   ", expected an earlier store",
               access.memory, {undefined->byte, undefined->byte + 1});
      return;
    }
    int64_t at = written[access.memory].firstUndefined(access.box);
    if (at != access.box.hull().end)
      report(Diagnostic::Undefined, stream,
             std::string(access.operand) + " reads byte " + std::to_string(at) + " of " +
                 builder.memoryName(access.memory) + ", which was never written, expected an earlier write",
             access.memory, {at, at + 1});
  }

  void commit(size_t stream, Ordinal ordinal, const Access &access) {
    if (access.writes && access.memory == dramMemory) {
      dram.write(access.tensor, access.box);
      auto &last = lastStore[dram.bufferOf(access.tensor)];
      last.resize(cursors.size());
      last[stream] = ordinal;
    } else if (access.writes) {
      written[access.memory].set(access.box);
    }
    logs[access.memory].add(stream, {ordinal, uint32_t(cursors[stream].position()), access.writes,
                                     access.tensor, access.operand, access.box});
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
      hostError(clash.first, "shares bytes with tensor '" + program.tensors[clash.second].name +
                                 "', expected bytes of its own, as the host writes both before a step");
    for (size_t t = 0; t < program.tensors.size(); ++t) {
      const Tensor &tensor = program.tensors[t];
      bool kept = tensor.role == TensorRole::Parameter || tensor.role == TensorRole::State ||
                  tensor.role == TensorRole::Hyper || tensor.role == TensorRole::Constant;
      bool readByHost =
          tensor.role == TensorRole::Output || tensor.role == TensorRole::Loss || tensor.observable;
      if (kept || (readByHost && !tensor.readableUntil))
        if (auto undefined = dram.readAll(uint16_t(t)))
          hostError(t, "byte " + std::to_string(undefined->byte) + " of dram " + undefined->why +
                           ", expected the tensor's own value at the end of the step");
      if (!tensor.completeValue)
        continue;
      std::string symbol =
          "c" + std::to_string(tensor.completeCounter) + " >= " + std::to_string(tensor.completeValue);
      auto clock = announced.find(uint16_t(t));
      const std::vector<Ordinal> &stores = lastStore[dram.bufferOf(uint16_t(t))];
      if (clock == announced.end())
        hostError(t, "is announced as complete at " + symbol + ", but the counter ends at " +
                         std::to_string(clocks.value(tensor.completeCounter)));
      else
        for (size_t s = 0; s < stores.size(); ++s)
          if (stores[s] > clock->second[s])
            hostError(t, "is announced as complete at " + symbol + ", but stream " +
                             streamName(program.streams[s]) + " stores to it after that");
    }
  }

  void hostError(size_t tensor, const std::string &what) {
    if (!full())
      result.diagnostics.push_back({Diagnostic::Host,
                                    "tensor '" + program.tensors[tensor].name + "' " + what,
                                    {},
                                    "dram",
                                    program.tensors[tensor].address,
                                    program.tensors[tensor].address + 1});
  }

  InstanceLocation current(size_t stream) const { return locateInstance(program, stream, cursors[stream]); }

  /// One report per kind and static instruction: a loop repeats the same mistake.
  void report(Diagnostic::Kind kind, size_t stream, const std::string &what, unsigned memory,
              ByteRange range) {
    if (full() || !reported.insert({kind, stream, cursors[stream].position(), 0, 0}).second)
      return;
    InstanceLocation where = current(stream);
    result.diagnostics.push_back({kind,
                                  describe(where) + ": " + what,
                                  {where},
                                  builder.memoryName(memory),
                                  uint64_t(std::max<int64_t>(range.begin, 0)),
                                  uint64_t(std::max<int64_t>(range.end, 0))});
  }

  void reportRace(size_t stream, const Access &access, size_t other, const PastAccess &past,
                  ByteRange shared) {
    std::array<size_t, 5> key = {Diagnostic::Race, stream, cursors[stream].position(), other, past.position};
    if (other < stream)
      key = {Diagnostic::Race, other, past.position, stream, cursors[stream].position()};
    if (full() || !reported.insert(key).second)
      return;
    InstructionCursor earlier(program.streams[other]); // walked again to learn its loop indices
    while (earlier.ordinal() + 1 < past.ordinal)
      earlier.advance();
    InstanceLocation mine = current(stream), theirs = locateInstance(program, other, earlier);
    auto verb = [](bool writes) { return writes ? "writes" : "reads"; };
    std::string bytes = "bytes [" + std::to_string(shared.begin) + ", " + std::to_string(shared.end) +
                        ") of " + builder.memoryName(access.memory);
    if (access.memory == dramMemory)
      bytes +=
          " (tensor '" + program.tensors[access.tensor].name + "'" +
          (access.tensor == past.tensor ? std::string() : ", '" + program.tensors[past.tensor].name + "'") +
          ")";
    result.diagnostics.push_back({Diagnostic::Race,
                                  describe(mine) + " " + verb(access.writes) + " " + bytes + " as " +
                                      access.operand + ", which " + describe(theirs) + " " +
                                      verb(past.writes) + " as " + past.operand +
                                      "; nothing orders the two, expected a wait",
                                  {mine, theirs},
                                  builder.memoryName(access.memory),
                                  uint64_t(shared.begin),
                                  uint64_t(shared.end)});
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
      throw Error("the streams run more than " + std::to_string(kMostRememberedAccesses) +
                  " accesses apart, expected waits through which each learns of the others");
    forgetAt = std::max(kFirstForget, 2 * logged);
    forgetClocksAt = std::max(kFirstForget, 2 * clocks.size());
  }

  const Program &program;
  const VerifierOptions &options;
  VerificationResult &result;
  FootprintBuilder builder;
  const Buffers buffers;
  const unsigned dramMemory;
  std::vector<InstructionCursor> cursors;
  Clocks clocks;
  std::vector<AccessLog> logs;     // per memory
  std::vector<WrittenMap> written; // per memory on chip
  DramState dram;
  std::vector<std::vector<Ordinal>> lastStore; // per buffer and stream
  std::map<std::pair<uint8_t, uint32_t>, std::vector<uint16_t>>
      completions;                                    // tensors by the increment that completes them
  std::map<uint16_t, std::vector<Ordinal>> announced; // clock of that increment
  std::set<std::array<size_t, 5>> reported;
  Footprint footprint;
  std::vector<Complaint> complaints;
  size_t logged = 0, forgetAt = kFirstForget, forgetClocksAt = kFirstForget;
};

} // namespace

VerificationResult verify(const Program &program, const chip::Chip &chip, const VerifierOptions &options) {
  if (options.maxDiagnostics == 0)
    throw Error("the verifier is asked to stop after 0 errors, expected at least 1");
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
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

} // namespace arsis::isa
