// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Logic.h.
#include "technology/Logic.h"
#include "technology/Sram.h"
#include "technology/Table.h"

#include <cmath>
#include <stdexcept>
#include <vector>

namespace arsis::technology {
namespace {

struct Part {
  std::string component, type;
  double nodeNm, voltage, energyPj, areaUm2;
};

const std::vector<Part> &parts() {
  static const std::vector<Part> all = [] {
    const Table table("logic");
    std::vector<Part> read;
    for (size_t row = 0; row < table.rows(); ++row)
      read.push_back({table.text(row, "component"), table.text(row, "type"), table.number(row, "node_nm"),
                      table.number(row, "voltage_v"), table.number(row, "energy_pj"),
                      table.has(row, "area_um2") ? table.number(row, "area_um2") : 0});
    return read;
  }();
  return all;
}

const char *nameOf(numerics::ElementType type) {
  switch (type) {
  case numerics::ElementType::F32:
    return "f32";
  case numerics::ElementType::F16:
    return "f16";
  case numerics::ElementType::BF16:
    return "bf16";
  default:
    throw std::out_of_range("no figures for this type");
  }
}

/// Rows of a component, from the largest node down.
std::vector<const Part *> rowsOf(const char *component, const char *type) {
  std::vector<const Part *> found;
  for (const Part &part : parts())
    if (part.component == component && part.type == type)
      found.push_back(&part);
  if (found.empty())
    throw std::out_of_range(std::string("no row for ") + component + " " + type);
  return found;
}

double movedPj(const Part &part, const OperatingPoint &point) {
  return part.energyPj * energyRatio({part.nodeNm, part.voltage, Transistor::HighPerformance}, point);
}

Range energyPj(const char *component, const char *type, const OperatingPoint &point) {
  constexpr double kFar = 4; // factor of nodes beyond which a source says nothing
  const std::vector<const Part *> rows = rowsOf(component, type);
  const double first = movedPj(*rows.front(), point);
  if (rows.size() == 1)
    return Range::exactly(first);
  const double last = movedPj(*rows.back(), point);
  const double largest = rows.front()->nodeNm, smallest = rows.back()->nodeNm;
  const double inside = std::min(largest, std::max(smallest, point.nodeNm));
  const double share = std::log(inside / largest) / std::log(smallest / largest);
  Range range = Range::exactly(first * std::pow(last / first, share));
  if (largest / point.nodeNm <= kFar)
    range = range.including(first);
  if (point.nodeNm / smallest <= kFar)
    range = range.including(last);
  return range;
}

double areaMm2(const char *component, const char *type, double nodeNm) {
  constexpr double kUm2PerMm2 = 1e6;
  const Part &part = *rowsOf(component, type).front();
  return part.areaUm2 * areaRatio(part.nodeNm, nodeNm) / kUm2PerMm2;
}

} // namespace

Range multiplyPj(numerics::ElementType type, const OperatingPoint &point) {
  return energyPj("multiply", nameOf(type), point);
}
Range addPj(const OperatingPoint &point) { return energyPj("add", "f32", point); }
Range comparePj(const OperatingPoint &point) { return energyPj("compare", "", point); }
Range registerPj(const OperatingPoint &point) { return energyPj("register", "bit", point); }

double multiplierMm2(numerics::ElementType type, double nodeNm) {
  return areaMm2("multiply", nameOf(type), nodeNm);
}
double adderMm2(double nodeNm) { return areaMm2("add", "f32", nodeNm); }
double comparatorMm2(double nodeNm) { return areaMm2("compare", "", nodeNm); }
double registerMm2(double nodeNm) { return areaMm2("register", "bit", nodeNm); }

double logicLeakageMw(double areaMm2, const OperatingPoint &point) {
  static const Table table("leakage");
  constexpr double kMwPerUw = 1e-3, kUm2PerMm2 = 1e6;
  const double nodeNm = table.number(0, "node_nm");
  const double areaThere = areaMm2 * areaRatio(point.nodeNm, nodeNm); // of the same logic
  return areaThere * kUm2PerMm2 * table.number(0, "uw_per_um2") * kMwPerUw *
         leakageRatio(nodeNm, point.nodeNm) * point.voltage / table.number(0, "voltage_v");
}

} // namespace arsis::technology
