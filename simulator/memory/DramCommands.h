// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The commands of a DRAM channel and the distances that the standards (JEDEC) put between them, as a table:
// after such a command another one waits so long, in the same bank, bank group or rank, or in the other
// ranks. The data bus is a resource of its own: its rules hold whatever the table says of reads and writes.
// Does not model: the bus of commands, refresh bank by bank, power down. Figures: timing/Dram.h.
#pragma once

#include "simulator/base/Clock.h"
#include "timing/DramMap.h"

#include <algorithm>
#include <array>
#include <vector>

namespace arsis::sim {

enum class DramCommand : uint8_t { Activate, Precharge, Read, Write, Refresh };
constexpr size_t kDramCommands = 5;
enum class DramScope : uint8_t { Bank, Group, Rank, OtherRanks };

struct DramRule {
  const char *name; // in the words of the standards
  DramCommand from, to;
  DramScope scope;
  Femtoseconds gap;
  int64_t back = 1; // counts from the so many-th last `from`; 1 or 4
};

/// The rules of a DRAM. A refresh is of a whole rank, whose banks are closed.
std::vector<DramRule> dramRules(const timing::Dram &dram);

/// When which command may go on one channel.
class DramCommands {
public:
  explicit DramCommands(const timing::Dram &dram);

  /// The earliest time for a command to a bank, as far as distances go; of a refresh any bank of the rank.
  Femtoseconds earliest(DramCommand command, size_t bank) const {
    const auto to = static_cast<size_t>(command);
    return std::max({banks[bank][to], groups[map.groupOf(bank)][to], ranks[map.rankOf(bank)][to]});
  }
  /// REQUIRES: at >= earliest(command, bank), and no command of the same rank later than `at` before.
  void issue(DramCommand command, size_t bank, Femtoseconds at);

  const timing::DramMap map;

private:
  using Earliest = std::array<Femtoseconds, kDramCommands>;
  std::array<std::vector<DramRule>, kDramCommands> rules; // by `from`
  std::vector<Earliest> banks, groups, ranks;             // all at 0 first
  struct Activations {
    std::array<Femtoseconds, 4> at; // a ring, the oldest at `next`
    size_t next = 0;
  };
  std::vector<Activations> activations; // by rank
};

} // namespace arsis::sim
