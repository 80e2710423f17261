// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Check.h.
#include "simulator/top/Check.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Verifier/StaticChecks.h"

#include <set>

namespace arsis::sim {

MemorySizes memorySizes(const chip::Chip &chip) {
  return {chip.integer("scratchpad.kib") * 1024, chip.integer("matrix.accumulator_rows"),
          chip.integer("matrix.rows"), chip.integer("matrix.cols")};
}

namespace {

int64_t unitsFor(isa::StreamKind kind, const chip::Chip &chip) {
  switch (kind) {
  case isa::StreamKind::Load:
    return chip.integer("dma.load_queues");
  case isa::StreamKind::Store:
    return chip.integer("dma.store_queues");
  case isa::StreamKind::Matrix:
  case isa::StreamKind::Drain:
    return chip.integer("matrix.units");
  case isa::StreamKind::Vector:
    return 1;
  case isa::StreamKind::Collective:
    return 0;
  }
  return 0;
}

} // namespace

void checkProgram(const isa::Program &program, const chip::Chip &chip) {
  std::string misses;
  auto miss = [&](const std::string &text) { misses += (misses.empty() ? "" : "; ") + text; };
  std::set<std::string> missed;
  for (const std::vector<isa::Requirement> &asked : {program.requirements, isa::productRequirements(program)})
    for (const isa::Requirement &requirement : asked)
      if (const std::string text = isa::missedBy(requirement, chip);
          !text.empty() && missed.insert(text).second)
        miss(text);
  for (const isa::Stream &stream : program.streams)
    if (const int64_t units = unitsFor(stream.kind, chip); stream.index >= units)
      miss("a unit for stream " + isa::streamName(stream) + ", found " + std::to_string(units) +
           " of the kind");
  const uint64_t capacity = static_cast<uint64_t>(chip.integer("dram.capacity_mib")) << 20;
  if (program.dramBytes > capacity)
    miss("DRAM of " + std::to_string(program.dramBytes) + " bytes, found " + std::to_string(capacity));
  if (!misses.empty())
    throw InfeasibleError("chip " + chip.name + " cannot run this program, it needs " + misses);
}

void checkSameButEnergies(const chip::Chip &chip, const chip::Chip &other) {
  std::string others;
  for (const chip::Difference &difference : chip::differences(chip, other, chip::allKeys()))
    if (difference.key.rfind("energy.", 0) != 0 && difference.key.rfind("technology.", 0) != 0)
      others += (others.empty() ? "" : ", ") + difference.key + " = " + difference.right + " for " +
                difference.left;
  if (!others.empty())
    throw InputError("chip " + other.name + " differs in more than its energies: " + others);
}

} // namespace arsis::sim
