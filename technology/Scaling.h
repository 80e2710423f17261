// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How energy, delay and area of logic change between nodes and voltages: the fits of Stillmaker and Baas,
// Integration 58 (2017) 74-81, used as ratios only. Models: nodes between two of theirs, on a straight line
// between logarithms; bulk transistors above 45 nm, there one kind. Where a fit of the delay turns up again
// beyond its minimum, the minimum holds: more voltage is never slower. Does not model: temperature, leakage.
#pragma once

#include <string>

namespace arsis::technology {

enum class Transistor { HighPerformance, LowPower };

/// A node and a supply voltage.
struct OperatingPoint {
  double nodeNm = 45, voltage = 1;
  Transistor transistor = Transistor::HighPerformance;
};

/// Empty if the fits hold there; else what is wrong: "1.4 V is ..., expected ...".
std::string complaintAbout(const OperatingPoint &point);

/// Of one operation, relative to another point: energy(to) / energy(from). REQUIRES, as delayRatio: no
/// complaint about the points' nodes.
double energyRatio(const OperatingPoint &from, const OperatingPoint &to);
double delayRatio(const OperatingPoint &from, const OperatingPoint &to);
double areaRatio(double fromNm, double toNm);

/// The shortest clock period that logic of 10 inverter delays a stage allows, in ns. The fits' delay is that
/// of an inverter with a fan-out of four, in ps; ten of them are the shortest stages that processors have had
/// (Hrishikesh et al., ISCA 2002: 6 to 8 of logic and 2 of latch; from memory).
double shortestPeriodNs(const OperatingPoint &point);

constexpr double kSmallestNm = 7, kLargestNm = 180;

} // namespace arsis::technology
