// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Words.h. Beats of the innermost axis are spans of bytes; where a span begins in a word repeats along
// every other axis, so that an axis is summed over one period.
#include "timing/Words.h"

#include <algorithm>
#include <cstdlib>
#include <numeric>

namespace arsis::timing {
namespace {

struct Spans {
  std::array<Axis, 5> axes; // outermost first, `count` of them and that of the beats
  size_t count = 0;
  int64_t bytes = 0;
  int64_t width;

  /// All of them, with the axis of beats behind the others.
  int64_t over(int64_t start) const { return at(0, insideWord(start, width)); }

private:
  int64_t at(size_t axis, int64_t start) const {
    if (axis > count)
      return start + bytes <= width ? 1 : (start + bytes + width - 1) / width;
    const auto [steps, stride] = axes[axis];
    if (steps == 1)
      return at(axis + 1, start);
    const int64_t step = insideWord(stride, width);
    if (step == 0)
      return steps * at(axis + 1, start);
    const int64_t period = width / std::gcd(step, width);
    int64_t sum = 0;
    for (int64_t i = 0; i < std::min(period, steps); ++i) {
      const int64_t times = (steps - i + period - 1) / period; // steps that begin where this one does
      sum += times * at(axis + 1, insideWord(start + i * step, width));
    }
    return sum;
  }
};

} // namespace

int64_t wordsOpened(const Axes &box, int64_t elementBytes, int64_t start, int64_t beat, int64_t widthBytes) {
  // The innermost axis that is longer than one, joined with those that continue it.
  Axis inner{1, elementBytes};
  Spans spans{{}, 0, 0, widthBytes};
  size_t outer = box.size();
  bool found = false;
  while (outer > 0) {
    const Axis &axis = box[outer - 1];
    if (axis.count <= 0)
      return 0;
    if (axis.count > 1) {
      if (!found)
        inner = axis;
      else if (axis.strideBytes == inner.strideBytes * inner.count)
        inner.count *= axis.count;
      else
        break;
      found = true;
    }
    --outer;
  }
  for (size_t d = 0; d < outer; ++d) {
    if (box[d].count <= 0)
      return 0;
    if (box[d].count > 1)
      spans.axes[spans.count++] = box[d];
  }
  // Elements at least a word apart open one each, whatever the beat.
  const int64_t stride = inner.strideBytes, apart = std::abs(stride);
  const bool share = apart > 0 && apart < widthBytes;
  const int64_t group = !share ? 1 : beat > 0 ? std::min(beat, inner.count) : inner.count;
  const auto sum = [&](int64_t beats, int64_t elements, int64_t from) {
    spans.axes[spans.count] = {beats, stride * group};
    spans.bytes = (elements - 1) * apart + elementBytes;
    // The lowest byte of the first beat; along a falling axis that is its last element's.
    const int64_t first = start + from * stride + (stride < 0 ? (elements - 1) * stride : 0);
    return spans.over(first);
  };
  if (group == inner.count)
    return sum(1, group, 0);
  const int64_t beats = inner.count / group, rest = inner.count % group;
  return sum(beats, group, 0) + (rest > 0 ? sum(1, rest, beats * group) : 0);
}

} // namespace arsis::timing
