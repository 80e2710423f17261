// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Harness.h.
#include "tests/fuzz/Harness.h"

#include "arch_configs/reader/MatrixPasses.h"
#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/Initials.h"
#include "dialects/Isa/Verifier/Verifier.h"
#include "simulator/top/HostChecks.h"
#include "simulator/top/HostLayout.h"
#include "simulator/top/Session.h"
#include "simulator/units/Work.h"

#include <cstdio>
#include <cstdlib>

namespace arsis::fuzz {
namespace {

constexpr uint64_t kMostInstances = 20'000;
constexpr int64_t kMostWork = int64_t(1) << 23;   // bytes moved and operations, together
constexpr int64_t kMostMemory = int64_t(1) << 26; // bytes of each memory
constexpr uint64_t kMostTimedInstances = 500;

uint64_t accepted = 0;

/// Whether the memories that a session holds are small.
bool isSmall(const chip::Chip &chip, const isa::Program &program) {
  double host = 0;
  for (const isa::Tensor &tensor : program.tensors) {
    double elements = 1;
    for (int64_t extent : tensor.shape)
      elements *= double(extent);
    host += 4 * elements;
  }
  const double rows = double(chip.integer("matrix.accumulator_rows")) * double(chip.integer("matrix.units"));
  return double(program.dramBytes) <= kMostMemory && host <= kMostMemory &&
         1024.0 * double(chip.integer("scratchpad.kib")) <= kMostMemory &&
         4.0 * rows * double(chip.integer("matrix.cols")) <= kMostMemory;
}

/// Whether one step is done in a moment. REQUIRES: the verifier accepts the program, within kMostInstances.
bool isShort(const isa::Program &program, const chip::Chip &chip) {
  const int64_t weightBanks = chip.integer("matrix.weight_banks");
  const sim::WorkFigures figures(chip);
  sim::EventCounts counts;
  for (const isa::Stream &stream : program.streams) {
    sim::BankShapes banks(static_cast<size_t>(weightBanks));
    sim::Operation operation;
    for (isa::InstructionCursor cursor(stream); !cursor.done(); cursor.advance()) {
      sim::resolve(cursor.instruction(), cursor.index(), program, weightBanks, operation);
      sim::bindBank(operation, banks);
      sim::countWork(operation, figures, counts);
      counts[sim::Event::RegisterBits] = 0; // bits, not elements
      for (int64_t count : counts.count)
        if (count > kMostWork)
          return false;
    }
  }
  return true;
}

/// The program without files: zeros for values in one that is missing or another, of which the verifier
/// promises nothing.
std::shared_ptr<isa::Program> withoutFiles(const isa::Program &program) {
  auto found = std::make_shared<isa::Program>(program);
  isa::InitialReader reader(program);
  for (isa::Initial &initial : found->initials)
    if (std::holds_alternative<isa::FileRange>(initial.value)) {
      const isa::Tensor &tensor = program.tensors[initial.tensor];
      isa::InitialValue value = isa::Splat{};
      answered([&] {
        const uint8_t *begin = reader.elements(initial).data;
        value = isa::initialValue(tensor, {begin, begin + isa::elementBytes(tensor)});
      });
      initial.value = std::move(value);
    }
  found->files.clear();
  return found;
}

void runToTheEnd(const isa::Program &program, const chip::Chip &chip, sim::Mode mode) {
  sim::Session session(chip, withoutFiles(program), sim::Verification::Skipped); // done
  for (const isa::Tensor &tensor : program.tensors)
    if (sim::isGiven(tensor)) {
      const std::vector<uint8_t> zeros(static_cast<size_t>(sim::hostBytes(tensor)));
      session.writeTensor(tensor.name, zeros.data(), zeros.size());
    }
  sim::RunOptions options;
  options.mode = mode;
  session.run(options);
  for (const isa::Tensor &tensor : program.tensors)
    if (tensor.observable) {
      std::vector<uint8_t> bytes(static_cast<size_t>(sim::hostBytes(tensor)));
      session.readTensor(tensor.name, bytes.data(), bytes.size());
    }
}

} // namespace

chip::Chip tinyChip() {
  static const chip::Chip chip = chip::Chip::load("tiny");
  return chip.withoutReads();
}

void acceptInput() { ++accepted; }
uint64_t acceptedInputs() { return accepted; }

void fail(const std::string &promise) {
  std::fprintf(stderr, "broken promise: %s\n", promise.c_str());
  std::abort();
}

bool verifyAndRun(const isa::Program &program, const chip::Chip &chip) {
  isa::checkInstances(program, kMostInstances);
  isa::VerifierOptions options;
  options.maxDiagnostics = 2;
  if (!isa::verify(program, chip, options).accepted)
    return false;
  try {
    if (!isSmall(chip, program) || !isShort(program, chip))
      return true;
    uint64_t instances = 0;
    for (const isa::Stream &stream : program.streams)
      instances += isa::countInstances(stream);
    runToTheEnd(program, chip,
                instances <= kMostTimedInstances ? sim::Mode::Full : sim::Mode::FunctionalOnly);
  } catch (const Error &error) {
    fail(std::string("the verifier accepts the program, the machine refuses it: ") + error.what());
  }
  return true;
}

void expectAccepted(const isa::Program &program, const chip::Chip &chip) {
  if (!verifyAndRun(program, chip))
    fail("the compiler wrote a program that the verifier rejects: " +
         isa::verify(program, chip).diagnostics.front().message);
}

} // namespace arsis::fuzz
