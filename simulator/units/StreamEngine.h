// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One in-order stream and the unit it feeds, as a state machine that the agenda calls. In every wake-up it
// retires what has completed, in program order (results become visible, then the counter rises),
// and starts as many instructions as decode, counters and the unit allow; then it sleeps until the next cycle
// in which that can change. Models: a prefetch buffer ahead of decode, two waits per instruction, a bounded
// number of instructions in flight. Does not model: contention of streams for instruction memory, a loop
// buffer (every instance is fetched). Figures: timing/Frontend.h; depth of the queue below.
#pragma once

#include "dialects/Isa/Encoding/Cursor.h"
#include "simulator/base/CycleAccount.h"
#include "simulator/units/Board.h"
#include "simulator/units/Sites.h"
#include "simulator/units/Work.h"
#include "timing/Frontend.h"

#include <memory>

#include <systemc>

namespace arsis::sim {

class StreamEngine : public sc_core::sc_module, public Scheduled, public Waiter {
public:
  /// What the unit reads of an instruction that has variants: those alone, or where its operands are, too.
  enum class Reads { Variants, Operands };

  /// `mostInFlight`: instructions that have started and not completed, at least kInFlight.
  StreamEngine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip, size_t streamIndex,
               Reads reads, size_t mostInFlight = 0);
  StreamEngine(const StreamEngine &) = delete;

  void wake() final { board.agenda.wake(onAgenda); }
  bool finished() const { return cursor.done() && inFlight == 0; }
  /// What an unfinished stream stands at and waits for, for the deadlock message.
  std::string blockedOn() const;
  /// Closes the account and the rows of events. REQUIRES: the simulation ended at `total`.
  void finish(Cycle total);
  virtual void report(Statistics &) const {}

  const isa::Stream &stream;
  const size_t streamIndex;
  CycleAccount account;
  UnitEvents events;
  uint64_t retired = 0;
  Cycle lastCompletion = 0;

protected:
  /// An instance of an instruction, as far as it is worked out: before it starts, and until it completes.
  struct Work {
    const Variant *variant = nullptr;
    size_t bank = 0;     // of weights, if it loads or reads one
    Operation operation; // of what is not read from the variant alone, see Reads
  };
  /// An instruction from its start to its completion. Slots are reused.
  struct Instance {
    Work work;
    std::unique_ptr<Result> result; // null: timing only, or nothing to do
    uint32_t location = 0;
    std::optional<uint8_t> increment;
    uint8_t opcode = 0;
    double factor = 1.0; // on its duration
    Cycle started = 0, completes = 0;
    uint32_t position = 0; // this and what follows are for a trace
    uint64_t ordinal = 0;
    EventCounts caused;
  };

  /// What `operation` takes of the unit. REQUIRES: it is not empty.
  virtual UnitCost costOf(const Operation &operation) const = 0;
  /// The first cycle, not before `now`, in which the unit can start `work`, and what it waits for until then.
  /// kNever: a later advance() will tell.
  virtual Cycle earliestStart(const Work &work, Cycle now, Cause &cause) = 0;
  /// Starts it. Returns when it completes, or kNever if advance() will set `completes`.
  virtual Cycle start(Instance &instance, Cycle now) = 0;
  /// What the unit does between starts. Returns the next cycle in which it wants to be called, or kNever.
  virtual Cycle advance(Cycle now) { return kNever; }

  /// For another process of the kernel: calls the unit in `cycle`, which is not before the kernel's time.
  void wakeAt(Cycle cycle) { board.agenda.callFromOutside(onAgenda, cycle); }

  /// What the unit does when the last instructions have been started and are on their way.
  virtual Cause tailCause() const { return Cause::Startup; }

  /// Cycles that the work loses to others at the scratchpad if it starts now.
  Cycle contend(const UnitCost &cost, Cycle now) {
    return board.scratchpad.contend(now, cost.cycles, cost.wordsPerCycle);
  }

  EventCounts &eventsAt(uint32_t location) { return events.rows[location]; }
  void busyUntil(uint32_t location, Cycle cycle) {
    if (cycle <= account.accountedUntil())
      return;
    const Cycle added = account.busyUntil(cycle);
    events.busyCycles[location] += added;
    record(Stretch::kBusy, location, added);
  }
  void stallUntil(uint32_t location, Cause cause, Cycle cycle) {
    if (cycle <= account.accountedUntil())
      return;
    const Cycle added = account.stallUntil(cause, cycle);
    events.stalledCycles[location][static_cast<size_t>(cause)] += added;
    record(static_cast<uint8_t>(cause), location, added);
  }

  Board &board;
  std::optional<Cause>
      unitCause; // what the unit itself waits for; goes before what the head of the stream waits for
  uint32_t unitLocation = 0; // and for whose sake

private:
  void step(Cycle now) final;
  /// For the trace: what the last `cycles` of the account were.
  void record(uint8_t state, uint32_t location, Cycle cycles) {
    if (board.tracer && cycles > 0)
      board.tracer->stretch({static_cast<uint16_t>(streamIndex), state, location,
                             account.accountedUntil() - cycles, account.accountedUntil(), cursor.ordinal()});
  }
  /// Of the instruction at the head, or of the oldest in flight where none is left.
  uint32_t headLocation();
  void retire(Cycle now);
  /// Returns the cycle in which the head may be able to start, or kNever if something else will wake the
  /// stream.
  Cycle issue(Cycle now);
  void begin(Cycle now);
  /// Works out the instance at the cursor. Throws ProgramError for what the machine cannot run.
  void resolveHead();
  /// Fills `variant` for an instance of `site` that is `operation`.
  void workOut(const Site &site, const Operation &operation, Variant &variant) const;
  const isa::Wait *unsatisfiedWait() const;
  void decodeNext(Cycle now);

  /// Another free slot of the ring.
  void grow();
  Instance &inRing(size_t index) { return *ring[(oldest + index) & (ring.size() - 1)]; }

  static constexpr size_t kInFlight = 64; // assumed: never the bound for a unit that finishes in order
  static constexpr size_t kPrefetchDepth = timing::Frontend::kPrefetchDepth;
  static constexpr uint64_t kBetweenInterrupts = 256; // instances; looking at the clock takes as long as one

  const size_t onAgenda;
  isa::InstructionCursor cursor;
  const size_t mostInFlight;
  std::vector<std::unique_ptr<Instance>> ring; // a power of two; grows as long as mostInFlight allows
  size_t oldest = 0, inFlight = 0;
  Work head; // of the instance at the cursor
  bool headReady = false;
  struct Awaited {
    uint8_t counter;
    int64_t value;
  };
  std::optional<Awaited> awaited; // by the head, and subscribed to
  const Reads reads;
  BankShapes banks;
  const int64_t weightBanks;
  const WorkFigures figures;

  std::vector<std::unique_ptr<Site>> sites; // per position in the stream
  std::array<Cycle, kPrefetchDepth> issued{};
  Cycle decodeReady = 0;
  std::optional<Cause> blocked = Cause::Fetch;
};

} // namespace arsis::sim
