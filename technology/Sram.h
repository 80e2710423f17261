// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// An SRAM array by what it holds: energy of an access to a whole word, leakage, area, and how fast it cycles.
// Models: CACTI's table (arch_configs/technology/sram.csv) on straight lines between the logarithms of size,
// word and node, at the cells' own voltage; other voltages by the ratios of Scaling.h, leakage in proportion
// to the voltage. An array that cannot follow the clock is cut into 2, 4, 8 ... parts that can, one of which
// an access opens, and where that is not enough into arrays of narrower words side by side, too (down to
// 16 B): area and leakage are those of the parts; the energy is not less than that of the whole, whose wires
// remain.
//
// Extrapolated, and said so in `note`: nodes outside of 22 to 65 nm by Scaling.h (leakage with the area);
// words above 256 B as arrays side by side; sizes above 8 MiB (energy with the root of the size, leakage and
// area with it); arrays below 1 KiB, or below 64 words of the table's width that is not below the
// word's, a power of two (leakage and area with the size).
//
// The range: published energies of 8 KiB to 1 MiB (sram_published.csv) exceed CACTI's, at 45 nm by 0.09 to
// 0.7 pJ per bit, which is `high`; those of 7 nm exceed 22 nm scaled to there by 0.11 to 0.13 pJ per bit.
// Below 22 nm the nominal figure moves from the one to the other with the logarithm of the node; `low` is
// scaled CACTI.
//
// Does not model: banks in use at once (each is an array of its own), masks, error correction, sleep.
#pragma once

#include "technology/Range.h"
#include "technology/Scaling.h"

#include <cmath>
#include <string>

namespace arsis::technology {

struct SramShape {
  double bytes = 0, wordBytes = 0;
  bool twoPorts = false;   // one to read and one to write; else one for both
  bool lowStandby = false; // itrs-lstp cells and low-power periphery; else itrs-hp
  double nodeNm = 45, voltage = 1;
  double periodNs = INFINITY; // of the clock; a word per period
};

struct Sram {
  Range readPj, writePj; // per access of a word
  Range leakageMw;
  double areaMm2 = 0;
  double cycleNs = 0; // of the parts; above the period if even the smallest parts are too slow
  int parts = 1;
  std::string note; // what was extrapolated or cut, "" if nothing
};

/// REQUIRES: bytes and wordBytes positive, no complaint about the operating point.
Sram sram(const SramShape &shape);

/// Leakage of one and the same array of 64 KiB at a node, relative to another one, each at its own voltage:
/// how leakage of logic is taken to follow the node, too. Beyond the table with the area.
double leakageRatio(double fromNm, double toNm);

} // namespace arsis::technology
