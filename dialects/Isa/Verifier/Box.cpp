// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Normal form and intersection of strided sets.
#include "dialects/Isa/Verifier/Box.h"

#include "dialects/Isa/Encoding/Volume.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace arsis::isa {

/// Adds a dimension with its stride made positive, in ascending order of the strides.
static void insertSorted(Box::Dimensions &sorted, Dimension d) {
  d.stride = std::abs(d.stride);
  auto at = std::upper_bound(sorted.begin(), sorted.end(), d,
                             [](const Dimension &a, const Dimension &b) { return a.stride < b.stride; });
  sorted.insert(at, d);
}

Box::Box(int64_t first, int64_t elementBytes, const Dimensions &dimensions) : length(elementBytes) {
  Dimensions sorted;
  Reach reach;
  for (Dimension d : dimensions) {
    if (d.count == 1 || d.stride == 0)
      continue;
    reach.extend(d.count, d.stride);
    insertSorted(sorted, d);
  }
  const Reach::Bytes hull = reach.bytes(first, 1);
  range = {hull.begin, hull.end - 1 + elementBytes};
  if (hull.begin == -kSaturated || hull.end - 1 == kSaturated)
    return; // out of range whatever the memory
  for (const Dimension &d : sorted) {
    if (outer.empty() && d.stride <= length) {
      length += (d.count - 1) * d.stride; // runs touch or overlap: one longer run
      continue;
    }
    if (!outer.empty() && d.stride % outer.back().stride == 0) {
      int64_t steps = d.stride / outer.back().stride;
      if (steps <= outer.back().count) { // the union of two progressions is one progression
        outer.back().count += (d.count - 1) * steps;
        continue;
      }
    }
    outer.push_back(d);
  }
}

int64_t Box::runs() const {
  int64_t product = 1;
  for (const Dimension &d : outer)
    product *= d.count;
  return product;
}

bool Box::intersects(ByteRange other, size_t levels, int64_t at) const {
  if (levels == 0)
    return at < other.end && other.begin < at + length;
  const Dimension &d = outer[levels - 1];
  int64_t span = length; // bytes that one position of this dimension spans
  for (size_t inner = 0; inner + 1 < levels; ++inner)
    span += (outer[inner].count - 1) * outer[inner].stride;
  // Positions i with at + i*stride < other.end and at + i*stride + span > other.begin.
  int64_t before = other.begin - span - at, after = other.end - 1 - at;
  if (after < 0)
    return false;
  int64_t firstIndex = before < 0 ? 0 : before / d.stride + 1;
  int64_t lastIndex = std::min(d.count - 1, after / d.stride);
  // Only the first and the last of these can fail: the others lie wholly inside `other`.
  for (int64_t i = firstIndex; i <= lastIndex; ++i)
    if (intersects(other, levels - 1, at + i * d.stride))
      return true;
  return false;
}

/// Whether steps along the lowest `levels` dimensions, forwards or backwards but less than each count, lead
/// from `away` to 0; with `moved` false, whether they do so and are not all zero.
static bool returns(const Box::Dimensions &sorted, size_t levels, int64_t away, bool moved) {
  if (levels == 0)
    return away == 0 && moved;
  int64_t reach = 0; // how far the dimensions below can go
  for (size_t d = 0; d + 1 < levels; ++d)
    reach += (sorted[d].count - 1) * sorted[d].stride;
  const Dimension &d = sorted[levels - 1];
  // Steps s with |away + s * stride| <= reach, division rounded towards minus infinity.
  auto floorDivide = [&](int64_t value) { return value / d.stride - (value % d.stride < 0); };
  int64_t lowest = std::max(1 - d.count, -floorDivide(reach + away));
  int64_t highest = std::min(d.count - 1, floorDivide(reach - away));
  for (int64_t steps = moved ? lowest : std::max<int64_t>(lowest, 0); steps <= highest; ++steps)
    if (returns(sorted, levels - 1, away + steps * d.stride, moved || steps != 0))
      return true;
  return false;
}

bool visitsTwice(const Box::Dimensions &dimensions) {
  Box::Dimensions sorted;
  for (const Dimension &d : dimensions) {
    if (d.count == 1)
      continue;
    if (d.stride == 0)
      return true;
    insertSorted(sorted, d);
  }
  return returns(sorted, sorted.size(), 0, false);
}

bool Box::inOtherPhase(const Box &other) const {
  int64_t period = 0;
  for (const Dimension &d : outer)
    period = std::gcd(period, d.stride);
  for (const Dimension &d : other.outer)
    period = std::gcd(period, d.stride);
  if (period == 0)
    return false; // two runs
  int64_t distance = (other.range.begin - range.begin) % period;
  distance += distance < 0 ? period : 0;
  return distance >= length && distance + other.length <= period;
}

std::optional<ByteRange> overlap(const Box &a, const Box &b) {
  if (a.hull().begin >= b.hull().end || b.hull().begin >= a.hull().end || a.inOtherPhase(b))
    return std::nullopt;
  const Box &few = a.runs() <= b.runs() ? a : b, &many = a.runs() <= b.runs() ? b : a;
  std::optional<ByteRange> found;
  few.forEachRun([&](ByteRange run) {
    if (!many.intersects(run))
      return true;
    found = ByteRange{std::max(run.begin, many.hull().begin), std::min(run.end, many.hull().end)};
    return false;
  });
  return found;
}

} // namespace arsis::isa
