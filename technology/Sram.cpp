// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Sram.h. The table is a full grid of sizes, words (as wide as a 64th of the size) and nodes for each
// kind of ports and cell.
#include "technology/Sram.h"
#include "technology/Table.h"

#include <array>
#include <map>
#include <sstream>
#include <stdexcept>
#include <vector>

namespace arsis::technology {
namespace {

constexpr double kLeastBytes = 1024, kMostBytes = 8 << 20;
constexpr double kLeastWord = 4, kMostWord = 256, kLeastWords = 64;
constexpr double kFirstNm = 65, kLastNm = 22;
constexpr std::array<double, 4> kNodes = {65, 45, 32, 22};

/// What the table has of one array. Leakage includes that of the gates.
struct Point {
  double read, write, leakage, cycle, area;

  /// On a line between logarithms, at `share` of the way to `other`.
  Point towards(const Point &other, double share) const {
    const auto mix = [&](double a, double b) { return a * std::pow(b / a, share); };
    return {mix(read, other.read), mix(write, other.write), mix(leakage, other.leakage),
            mix(cycle, other.cycle), mix(area, other.area)};
  }
  Point times(double energy, double leak, double delay, double areas) const {
    return {read * energy, write * energy, leakage * leak, cycle * delay, area * areas};
  }
};

struct Kind {
  bool twoPorts, lowStandby;
};

class Arrays {
public:
  Arrays() {
    const Table table("sram");
    for (size_t row = 0; row < table.rows(); ++row) {
      const auto number = [&](const char *column) { return table.number(row, column); };
      points[keyOf({table.text(row, "ports") == "0rw1r1w", table.text(row, "cell") == "itrs-lstp"},
                   number("node_nm"), number("size_bytes"), number("word_bytes"))] = {
          number("read_pJ"), number("write_pJ"), number("leakage_mW") + number("gate_leakage_mW"),
          number("cycle_ns"), number("area_mm2")};
    }
    const Table cells("cells");
    for (size_t row = 0; row < cells.rows(); ++row)
      voltages[{cells.text(row, "cell") == "itrs-lstp", static_cast<int>(cells.number(row, "node_nm"))}] =
          cells.number(row, "voltage_v");
  }

  /// At one of the table's nodes. REQUIRES: size and word inside of it, at least 64 words of the width of the
  /// table that is not below the word's.
  Point at(const Kind &kind, double nodeNm, double bytes, double word) const {
    const auto [smaller, larger, up] = neighbours(bytes, kMostBytes);
    const auto [narrow, wide, aside] = neighbours(word, kMostWord);
    const auto row = [&](double size) {
      return point(kind, nodeNm, size, narrow).towards(point(kind, nodeNm, size, wide), aside);
    };
    return row(smaller).towards(row(larger), up);
  }
  double voltage(bool lowStandby, double nodeNm) const {
    return voltages.at({lowStandby, static_cast<int>(nodeNm)});
  }

private:
  struct Neighbours {
    double below, above, share;
  };
  /// The powers of two around a value, of which there is one if it is one; none above `most`.
  static Neighbours neighbours(double value, double most) {
    const double below = std::min(most, std::exp2(std::floor(std::log2(value))));
    const double above = value > below ? std::min(most, 2 * below) : below;
    return {below, above, above > below ? std::log2(value / below) : 0};
  }
  using Key = std::array<int, 5>;
  static Key keyOf(const Kind &kind, double nodeNm, double bytes, double word) {
    return {kind.twoPorts, kind.lowStandby, static_cast<int>(nodeNm), static_cast<int>(bytes),
            static_cast<int>(word)};
  }
  const Point &point(const Kind &kind, double nodeNm, double bytes, double word) const {
    return points.at(keyOf(kind, nodeNm, bytes, word));
  }

  std::map<Key, Point> points;
  std::map<std::pair<bool, int>, double> voltages;
};

const Arrays &arrays() {
  static const Arrays all;
  return all;
}

/// One node of the table, moved to a voltage and, outside of the table, to a node.
Point moved(const Kind &kind, double tableNm, double nodeNm, double voltage, double bytes, double word) {
  const Transistor transistor = kind.lowStandby ? Transistor::LowPower : Transistor::HighPerformance;
  const double own = arrays().voltage(kind.lowStandby, tableNm);
  const OperatingPoint from{tableNm, own, transistor}, to{nodeNm, voltage, transistor};
  const double area = areaRatio(tableNm, nodeNm);
  return arrays()
      .at(kind, tableNm, bytes, word)
      .times(energyRatio(from, to), area * voltage / own, delayRatio(from, to), area);
}

Point atNode(const Kind &kind, double nodeNm, double voltage, double bytes, double word) {
  if (nodeNm >= kFirstNm || nodeNm <= kLastNm)
    return moved(kind, nodeNm >= kFirstNm ? kFirstNm : kLastNm, nodeNm, voltage, bytes, word);
  size_t next = 1;
  while (kNodes[next] > nodeNm)
    ++next;
  const double above = kNodes[next - 1], below = kNodes[next];
  return moved(kind, above, above, voltage, bytes, word)
      .towards(moved(kind, below, below, voltage, bytes, word),
               std::log(nodeNm / above) / std::log(below / above));
}

/// Arrays side by side that the table needs at least for a word.
double leastAside(const SramShape &shape) { return std::ceil(shape.wordBytes / kMostWord); }

/// The width of the table that is not below a word's, up to 256 B. Between two widths both have to have rows.
double tableWidth(double wordBytes) {
  return std::exp2(std::ceil(std::log2(std::max(kLeastWord, wordBytes))));
}

/// An array of any size and word at least 4 bytes wide, as one or several side by side.
Point whole(const SramShape &shape, double bytes, double aside) {
  const double word = std::max(kLeastWord, shape.wordBytes / aside), own = bytes / aside;
  const double inside = std::min(kMostBytes, std::max({own, kLeastBytes, kLeastWords * tableWidth(word)}));
  const Point point = atNode({shape.twoPorts, shape.lowStandby}, shape.nodeNm, shape.voltage, inside, word);
  const double more = own / inside; // below 1: smaller than the table has
  return point.times(aside * (more > 1 ? std::sqrt(more) : 1), aside * more, std::max(1.0, std::sqrt(more)),
                     aside * more);
}

/// By what the published access of one node exceeds CACTI's, in pJ per bit at a node and voltage.
double publishedExcess(double publishedNm, const SramShape &shape) {
  static const Table table("sram_published");
  constexpr double kBitsPerByte = 8;
  std::vector<std::pair<double, double>> excess; // by logarithm of the size
  double voltage = 0;
  for (size_t row = 0; row < table.rows(); ++row) {
    if (table.number(row, "node_nm") != publishedNm)
      continue;
    const double size = table.number(row, "bytes"), word = table.number(row, "word_bytes");
    voltage = table.number(row, "voltage_v");
    const Point computed = atNode({false, false}, publishedNm, voltage, size, word);
    excess.emplace_back(std::log(size),
                        (table.number(row, "access_pj") - computed.read) / (kBitsPerByte * word));
  }
  const double size = std::log(shape.bytes);
  double found = excess.back().second;
  for (size_t i = excess.size() - 1; i-- > 0;) {
    const auto &[below, first] = excess[i];
    const auto &[above, second] = excess[i + 1];
    if (size < above)
      found = first * std::pow(second / first, std::max(0.0, size - below) / (above - below));
  }
  return found * energyRatio({publishedNm, voltage, Transistor::HighPerformance},
                             {shape.nodeNm, shape.voltage, Transistor::HighPerformance});
}

/// Energies of the table as a range.
Range ranged(double computed, const SramShape &shape) {
  const double bits = 8 * shape.wordBytes, old = bits * publishedExcess(45, shape);
  if (shape.nodeNm >= kLastNm)
    return {computed, computed, computed + old};
  const double recent = bits * publishedExcess(kSmallestNm, shape);
  const double share = std::log(kLastNm / shape.nodeNm) / std::log(kLastNm / kSmallestNm);
  return {computed, computed + recent * share, computed + std::max(old, recent)};
}

} // namespace

Sram sram(const SramShape &shape) {
  constexpr double kNarrowest = 16; // bytes of a word; narrower ones cycle no faster
  const double least = leastAside(shape);
  const double leastPart = std::max(kLeastBytes, least * kLeastWords * tableWidth(shape.wordBytes / least));
  Sram found;
  const Point all = whole(shape, shape.bytes, least);
  Point cost = all; // a finer cut is never charged less than a coarser one
  double fastest = all.cycle;
  for (double aside = least; aside == least || shape.wordBytes / aside >= kNarrowest; aside *= 2)
    for (int n = 1; fastest > shape.periodNs && shape.bytes / n >= std::max(leastPart, kLeastBytes * aside);
         n *= 2) {
      const Point part = whole(shape, shape.bytes / n, aside);
      if (part.cycle >= fastest)
        continue;
      fastest = part.cycle;
      found.parts = static_cast<int>(n * aside / least);
      cost.read = std::max(cost.read, part.read);
      cost.write = std::max(cost.write, part.write);
      cost.leakage = std::max(cost.leakage, n * part.leakage);
      cost.area = std::max(cost.area, n * part.area);
    }
  found.readPj = ranged(cost.read, shape);
  found.writePj = ranged(cost.write, shape);
  found.leakageMw = Range::exactly(cost.leakage);
  found.areaMm2 = cost.area;
  found.cycleNs = fastest;

  std::ostringstream note;
  const auto say = [&](const std::string &what) { note << (note.tellp() > 0 ? "; " : "") << what; };
  if (found.parts > 1)
    say("in " + std::to_string(found.parts) + " parts, for the clock");
  if (shape.nodeNm > kFirstNm || shape.nodeNm < kLastNm)
    say("extrapolated beyond 22 to 65 nm by Stillmaker and Baas");
  if (shape.wordBytes > kMostWord)
    say("words above 256 B as arrays side by side");
  if (shape.bytes > kMostBytes * least)
    say("extrapolated beyond 8 MiB");
  if (shape.bytes < leastPart)
    say("extrapolated below 1 KiB or 64 words of a width of the table");
  found.note = note.str();
  return found;
}

double leakageRatio(double fromNm, double toNm) {
  const auto leakage = [](double nodeNm) {
    const double inside = std::min(kFirstNm, std::max(kLastNm, nodeNm));
    size_t next = 1;
    while (kNodes[next] > inside)
      ++next;
    const Point above = arrays().at({false, false}, kNodes[next - 1], 65536, 64),
                below = arrays().at({false, false}, kNodes[next], 65536, 64);
    const double share = std::log(inside / kNodes[next - 1]) / std::log(kNodes[next] / kNodes[next - 1]);
    return above.towards(below, share).leakage * areaRatio(inside, nodeNm);
  };
  return leakage(toNm) / leakage(fromNm);
}

} // namespace arsis::technology
