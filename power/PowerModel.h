// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the events, the time and the parts of one chip cost. Each energy of an event is a function of the
// chip's sizes and technology (technology/), unless the chip file or an override gives the key: then that
// figure counts, and is marked. Energies of the DRAM are figures of the chip file. Models: scratchpad and
// accumulators as SRAM by bank and word; products as a multiplier of the operands' type and an fp32 adder, or
// several passes of a narrower type; registers of PEs and lanes by the bit; lanes as an fp32 multiplier,
// adder and comparator each; functions such as exp as a polynomial of degree 7 (8 fused multiply-adds);
// leakage and area of all these by part. PEs and lanes that an instruction does not use cost no energy but
// leakage. Does not model: the network of the clock beyond the registers, wires between units, control, DMA
// engines, the PHY's area and idle power, sleep, temperature (CACTI: 350 K).
#pragma once

#include "arch_configs/reader/Chip.h"
#include "technology/Range.h"

#include <string>
#include <string_view>
#include <vector>

namespace arsis::power {

using technology::Range;

/// Energy of one event.
struct Coefficient {
  std::string key, unit, source;
  Range value;        // in `unit`
  bool given = false; // by the chip file or an override, where a function would have served
};

/// What belongs to one part of the chip: leakage in mW, or an area in mm2.
struct Part {
  std::string name; // "array", "scratchpad", ...
  Range value;
  std::string source;
};

class PowerModel {
public:
  explicit PowerModel(const chip::Chip &chip);

  /// Throws Error for a key without a coefficient.
  const Coefficient &coefficient(std::string_view key) const;
  const std::vector<Coefficient> &coefficients() const { return energies; }

  /// Power that is drawn all the time, in mW: leakage by part (or one figure for all of it where
  /// energy.static_mw is given), then "dram_background" and "dram_refresh".
  const std::vector<Part> &statics() const { return staticParts; }
  /// In mm2, DRAM devices excluded.
  const std::vector<Part> &areas() const { return areaParts; }
  double areaMm2() const;

  /// What bounds the clock of the chip at its voltage, in MHz.
  double clockLimitMhz = 0;
  std::string clockLimit; // what it is: "the scratchpad's banks"

private:
  void add(const chip::Chip &chip, const char *key, const Range &value, const std::string &source);
  void addMemories(const chip::Chip &chip);
  void addLogic(const chip::Chip &chip);
  void addDram(const chip::Chip &chip);

  std::vector<Coefficient> energies;
  std::vector<Part> staticParts, areaParts;
};

} // namespace arsis::power
