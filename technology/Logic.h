// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Multipliers, adders, comparators and registers: energy of one operation, area, and leakage. Models: the
// published figures of two nodes (arch_configs/technology/logic.csv: 45 and 7 nm), each moved to a node and
// voltage by Scaling.h; between the nodes the nominal figure moves from the one to the other with the
// logarithm of the node, and what either source says is the range as long as its node is within a factor of
// four. Areas by node alone; leakage by area at the source's node, from there as CACTI's arrays leak,
// below 22 nm with the area, in proportion to the voltage. Does not model: data (every operation costs the
// same), glitches, the clock's network but for what the registers' figure has of it, leakage of low-power
// logic (as the other).
#pragma once

#include "dialects/Isa/Numerics/ElementType.h"
#include "technology/Range.h"
#include "technology/Scaling.h"

namespace arsis::technology {

/// Energy in pJ of one operation.
Range multiplyPj(numerics::ElementType type, const OperatingPoint &point);
/// Of fp32, as all sums are.
Range addPj(const OperatingPoint &point);
/// Comparison, selection or sign of one fp32 number.
Range comparePj(const OperatingPoint &point);
/// One access of one bit.
Range registerPj(const OperatingPoint &point);

/// Area in mm2.
double multiplierMm2(numerics::ElementType type, double nodeNm);
double adderMm2(double nodeNm);
double comparatorMm2(double nodeNm);
double registerMm2(double nodeNm); // of one bit

/// Leakage in mW of so much logic.
double logicLeakageMw(double areaMm2, const OperatingPoint &point);

} // namespace arsis::technology
