// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Scaling.h.
#include "technology/Scaling.h"
#include "technology/Table.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <sstream>
#include <vector>

namespace arsis::technology {
namespace {

struct Fit {
  double nodeNm;
  std::string transistor; // HP, LP, or planar for both
  double d3, d2, d1, d0, a2, a1, a0, area;

  double energy(double v) const { return a2 * v * v + a1 * v + a0; }
  double delay(double voltage) const { return cubic(std::min(voltage, minimum())); }

private:
  double cubic(double v) const { return ((d3 * v + d2) * v + d1) * v + d0; }
  /// Where the delay turns up again; infinity if it never does.
  double minimum() const {
    if (d3 == 0)
      return -d1 / (2 * d2);
    const double root = d2 * d2 - 3 * d3 * d1; // of the derivative 3 d3 v^2 + 2 d2 v + d1
    return root > 0 ? (-d2 + std::sqrt(root)) / (3 * d3) : INFINITY;
  }
};

/// From the largest node down.
const std::vector<Fit> &fits() {
  static const std::vector<Fit> all = [] {
    const Table table("scaling");
    std::vector<Fit> read;
    for (size_t row = 0; row < table.rows(); ++row) {
      const auto number = [&](const char *column) { return table.number(row, column); };
      read.push_back({number("node_nm"), table.text(row, "transistor"), number("delay_d3"),
                      number("delay_d2"), number("delay_d1"), number("delay_d0"), number("energy_a2"),
                      number("energy_a1"), number("energy_a0"), number("area_relative_to_45nm")});
    }
    std::stable_sort(read.begin(), read.end(),
                     [](const Fit &a, const Fit &b) { return a.nodeNm > b.nodeNm; });
    return read;
  }();
  return all;
}

/// Between the fits around a node, on logarithms. REQUIRES: the node lies between the first and the last.
double between(double nodeNm, Transistor transistor, const std::function<double(const Fit &)> &value) {
  const char *kind = transistor == Transistor::HighPerformance ? "HP" : "LP";
  const Fit *above = nullptr;
  for (const Fit &fit : fits()) {
    if (fit.transistor != kind && fit.transistor != "planar")
      continue;
    if (fit.nodeNm == nodeNm || !above) {
      above = &fit;
      if (fit.nodeNm <= nodeNm)
        break;
      continue;
    }
    if (fit.nodeNm < nodeNm) {
      const double share = std::log(nodeNm / above->nodeNm) / std::log(fit.nodeNm / above->nodeNm);
      return value(*above) * std::pow(value(fit) / value(*above), share);
    }
    above = &fit;
  }
  return value(*above);
}

double energyOf(const OperatingPoint &point) {
  return between(point.nodeNm, point.transistor, [&](const Fit &fit) { return fit.energy(point.voltage); });
}
double delayOf(const OperatingPoint &point) {
  return between(point.nodeNm, point.transistor, [&](const Fit &fit) { return fit.delay(point.voltage); });
}

} // namespace

std::string complaintAbout(const OperatingPoint &point) {
  std::ostringstream text;
  if (point.nodeNm < kSmallestNm || point.nodeNm > kLargestNm)
    text << point.nodeNm << " nm is outside of the fits, expected " << kSmallestNm << " to " << kLargestNm
         << " nm";
  // Between the last bulk node and the first behind it a voltage needs both fits.
  constexpr double kLastBulkNm = 65, kNextNm = 45;
  const double least = point.nodeNm > kNextNm ? 0.7 : 0.6, most = point.nodeNm < kLastBulkNm ? 1.1 : 1.3;
  if (point.voltage < least || point.voltage > most)
    text << (text.tellp() > 0 ? "; " : "") << point.voltage << " V at " << point.nodeNm
         << " nm is outside of the fits, expected " << least << " to " << most << " V";
  return text.str();
}

double energyRatio(const OperatingPoint &from, const OperatingPoint &to) {
  return energyOf(to) / energyOf(from);
}
double delayRatio(const OperatingPoint &from, const OperatingPoint &to) {
  return delayOf(to) / delayOf(from);
}
double areaRatio(double fromNm, double toNm) {
  const auto area = [](double nm) {
    return between(nm, Transistor::HighPerformance, [](const Fit &fit) { return fit.area; });
  };
  return area(toNm) / area(fromNm);
}

double shortestPeriodNs(const OperatingPoint &point) {
  constexpr double kInvertersPerStage = 10;
  return kInvertersPerStage * delayOf(point) / 1000; // ps to ns
}

} // namespace arsis::technology
