// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Programs on a chip, ready to take steps. The session keeps the chip's DRAM across runs, so that parameters
// and state carry over from step to step, and from one program to the next (simulator/top/Link.h); copies
// from and to the host are counted apart from the step. One run at a time per process (SystemC has one
// kernel).
#pragma once

#include "arch_configs/reader/Chip.h"
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Program.h"
#include "simulator/base/TraceOptions.h"

#include <boost/json.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace arsis::sim {

enum class Mode {
  Full,          // values and cycles from the same instruction stream
  TimingOnly,    // no values; DRAM stays as it is
  FunctionalOnly // no SystemC, no cycles
};

/// Whether a session runs only what is known to be sound. Skipped: the machine does what the program says,
/// and shows what comes of it.
enum class Verification { Required, Skipped };

struct RunOptions {
  Mode mode = Mode::Full;
  /// Multiplies the duration of each instruction by a factor from 0.1 to 20 drawn from this seed. Values
  /// never change.
  std::optional<uint64_t> latencySeed;
  /// File of a trace in Chrome's form (Perfetto reads it), if not empty. Not for Mode::FunctionalOnly.
  std::string tracePath;
  TraceOptions trace = {};
  /// Whether the report has power over time. Not for Mode::FunctionalOnly.
  bool powerOverTime = false;
  /// Mode::Full only: a second thread computes the values in an order that the counters allow, beside the
  /// clock. The same bits for a program that the verifier accepts; a missing wait goes unnoticed.
  bool valuesBesideClock = false;
  /// A program with more instances, or one that visits more elements (without values: of transfers), is
  /// refused.
  uint64_t maxInstances = isa::kDefaultMaxInstances, maxWork = isa::kDefaultMaxWork;
  /// Mode::FunctionalOnly only: called for every tensor that the program says when it is complete, at that
  /// moment, with its elements as readTensor gives them, temporaries included.
  std::function<void(const isa::Tensor &tensor, const std::vector<uint8_t> &elements)> onComplete = {};
  size_t program = 0; ///< number of the program that runs
};

class Session {
public:
  /// Throws Error naming every requirement that the chip does not meet, and what else it cannot run. A
  /// program without a verdict that holds for this chip (dialects/Isa/Verifier/Record.h) is verified first;
  /// throws Error if it is rejected, or has more instances than `maxInstances`.
  Session(chip::Chip chip, std::shared_ptr<const isa::Program> program,
          Verification verification = Verification::Required,
          uint64_t maxInstances = isa::kDefaultMaxInstances);
  /// The same for several programs, numbered from 0, which share parameters, state and gradients by name.
  /// Each is checked so; those behind the first have other addresses than their verdict is of, and are
  /// verified. Of a shared tensor's initial values those of the first program hold. Throws Error if programs
  /// disagree on a shared tensor, or do not fit into the chip's DRAM together.
  Session(chip::Chip chip, std::vector<std::shared_ptr<const isa::Program>> programs,
          Verification verification = Verification::Required,
          uint64_t maxInstances = isa::kDefaultMaxInstances);
  ~Session();
  Session(Session &&) noexcept;
  Session &operator=(Session &&) noexcept;

  /// Dense elements in the host's layout (hostShape, hostPermutation): float for f32, bf16 and f16 tensors,
  /// int32_t for i32. Throws Error if there is no such tensor, `bytes` is not 4 per element, the tensor
  /// written is computed by the program, a label is no class, the tensor read is not observable or not
  /// computed yet, or a file of initial values is not the program's: the first value asks for all of them.
  /// Without `program`, the name is that of one tensor of all programs; throws Error if it is that of
  /// several.
  void writeTensor(const std::string &name, const void *hostLayoutData, size_t bytes,
                   std::optional<size_t> program = std::nullopt);
  void readTensor(const std::string &name, void *out, size_t bytes,
                  std::optional<size_t> program = std::nullopt) const;

  /// Puts the initial values into DRAM now and not with the first value that is written, read or run. Throws
  /// Error if a file of them is not the program's.
  void loadInitialValues();

  /// Copies every parameter and state tensor that both sessions have. Throws Error if one differs in shape or
  /// type.
  void adoptState(const Session &other);

  /// Runs one step. Returns the report (reports/schema/report.schema.json). Throws Error before the step if
  /// the mode is not allowed or the trace cannot be created; after it if the trace cannot be completed or the
  /// run ends before its window; and on an input that was never written (unless timing-only), deadlock, an
  /// access outside a memory, or an instruction the machine cannot run. Throws Interrupted where the thread
  /// is to stop (dialects/Isa/Encoding/Interrupt.h); a run with values leaves the session without further use
  /// then.
  boost::json::object run(const RunOptions &options = {});

  /// The report that the last run would have had on a chip of other energies: the same events and the same
  /// time, priced again. Throws Error if there was no run, or naming the keys outside `energy` and
  /// `technology` in which the chip differs from the session's.
  boost::json::object price(const chip::Chip &chip) const;

  /// As it lies in the chip's DRAM. Throws Error if there is no program of this number.
  const isa::Program &program(size_t number = 0) const;
  size_t programCount() const;
  const chip::Chip &chip() const;
  /// Null if there is none. Throws Error as writeTensor does.
  const isa::Tensor *findTensor(const std::string &name, std::optional<size_t> program = std::nullopt) const;

private:
  struct State;
  std::unique_ptr<State> state;
};

/// Dims of a tensor as the host sees them.
std::vector<int64_t> hostShapeOf(const isa::Tensor &tensor);

} // namespace arsis::sim
