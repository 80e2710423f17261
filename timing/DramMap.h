// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Where a burst of a channel lies: in which bank of which group and rank, and in which of its rows. The plain
// order divides and takes any number of banks; another order (`dram.order`) takes bits. Permuted, the banks
// of each row number begin at one by its hash, so that rows of two numbers meet with the chance of one in the
// number of banks, whatever their distance.
#pragma once

#include "timing/Divisor.h"
#include "timing/Dram.h"

namespace arsis::timing {

struct DramPlace {
  int64_t row;
  size_t bank; // of all of a channel: (rank x banks of a group + bank) x groups + group
};

class DramMap {
public:
  explicit DramMap(const Dram &dram);

  DramPlace of(int64_t burst) const {
    if (!plain)
      return ofBits(burst);
    const int64_t number = burstsPerRow.quotient(burst), row = banks.quotient(number);
    return {row, turned(row, banks.remainder(number))};
  }
  /// Behind the last burst that follows `burst` without leaving its row.
  int64_t endOfRun(int64_t burst) const { return (run.quotient(burst) + 1) * run.value; }
  /// The bursts of such a run; a burst divided by them is its number.
  const Divisor &burstsOfRun() const { return run; }
  DramPlace ofRun(int64_t number) const { return of(number * run.value); }
  size_t bankCount() const { return static_cast<size_t>(banks.value); }
  size_t groupOf(size_t bank) const { return rankOf(bank) * groups + bank % groups; } // of all of a channel
  size_t rankOf(size_t bank) const { return bank / banksPerRank; }

private:
  struct Bits {
    int shift = 0;
    int64_t mask = 0;
    int64_t in(int64_t burst) const { return (burst >> shift) & mask; }
  };
  DramPlace ofBits(int64_t burst) const;
  size_t turned(int64_t row, int64_t bank) const {
    return static_cast<size_t>(permuted ? banks.remainder(bank + banks.remainder(hashOf(row))) : bank);
  }

  const bool plain, permuted;
  const Divisor burstsPerRow, banks; // banks of all ranks
  Divisor run;
  const size_t groups, banksPerRank;
  Bits rank, bank, group;
  int rowShift = 0;
};

} // namespace arsis::timing
