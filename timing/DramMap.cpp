// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See DramMap.h.
#include "timing/DramMap.h"

namespace arsis::timing {

/// REQUIRES: a power of two.
static int log2Of(int64_t value) {
  int bits = 0;
  while ((int64_t(1) << bits) < value)
    ++bits;
  return bits;
}

DramMap::DramMap(const Dram &dram)
    : plain(dram.plainOrder), permuted(dram.banksPermuted),
      burstsPerRow(std::max<int64_t>(1, dram.rowBytes / dram.burstBytes)), banks(dram.banks * dram.ranks),
      run(burstsPerRow.value), groups(static_cast<size_t>(dram.groups)),
      banksPerRank(static_cast<size_t>(dram.banks)) {
  if (plain)
    return;
  bool lowest = true; // no field that tells bursts apart is below
  for (auto field = dram.order.rbegin(); field != dram.order.rend(); ++field) {
    const int64_t size = *field == chip::DramField::Column  ? burstsPerRow.value
                         : *field == chip::DramField::Group ? dram.groups
                         : *field == chip::DramField::Bank  ? dram.banks / dram.groups
                         : *field == chip::DramField::Rank  ? dram.ranks
                                                            : 1;
    const Bits bits{rowShift, size - 1};
    if (*field == chip::DramField::Group)
      group = bits;
    else if (*field == chip::DramField::Bank)
      bank = bits;
    else if (*field == chip::DramField::Rank)
      rank = bits;
    else if (*field == chip::DramField::Column && !lowest)
      run = Divisor(1);
    lowest &= size == 1;
    rowShift += log2Of(size);
  }
}

DramPlace DramMap::ofBits(int64_t burst) const {
  const int64_t row = burst >> rowShift,
                inRank = bank.in(burst) * static_cast<int64_t>(groups) + group.in(burst);
  return {row, turned(row, rank.in(burst) * static_cast<int64_t>(banksPerRank) + inRank)};
}

} // namespace arsis::timing
