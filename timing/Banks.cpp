// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Banks.h.
#include "timing/Banks.h"

#include <algorithm>
#include <numeric>

namespace arsis::timing {
namespace {

int64_t modulo(int64_t value, int64_t divisor) {
  const int64_t rest = value % divisor;
  return rest < 0 ? rest + divisor : rest;
}

int64_t powerOfTwoUpTo(int64_t value) {
  int64_t power = 1;
  while (2 * power <= value)
    power *= 2;
  return power;
}

/// Adds `times` copies of `counts` to `sum`, the first one turned by `turn` banks, each other by `step` banks
/// against the one before. Along an orbit of the turn this is a sliding sum, so that its cost does not depend
/// on `times`.
void addTurned(std::vector<int64_t> &sum, const std::vector<int64_t> &counts, int64_t turn, int64_t step,
               int64_t times) {
  const auto banks = static_cast<int64_t>(counts.size());
  const auto after = [banks](int64_t bank, int64_t more) {
    return bank + more < banks ? bank + more : bank + more - banks;
  };
  if (times == 1) {
    for (int64_t bank = 0, to = turn; bank < banks; ++bank, to = after(to, 1))
      sum[static_cast<size_t>(to)] += counts[static_cast<size_t>(bank)];
    return;
  }
  const int64_t orbits = std::gcd(step, banks), length = banks / orbits; // gcd(0, banks) = banks
  const int64_t rounds = times / length, rest = times % length;
  std::vector<int64_t> orbit(static_cast<size_t>(length));
  const auto at = [&](int64_t i) { return orbit[static_cast<size_t>(i < 0 ? i + length : i)]; };
  for (int64_t first = 0; first < orbits; ++first) {
    for (int64_t i = 0, bank = first; i < length; ++i, bank = after(bank, step))
      orbit[static_cast<size_t>(i)] = counts[static_cast<size_t>(bank)];
    const int64_t whole = rounds * std::accumulate(orbit.begin(), orbit.end(), int64_t(0));
    int64_t window = 0; // the last `rest` up to i
    for (int64_t i = 1; i <= rest; ++i)
      window += at(-i);
    for (int64_t i = 0, to = after(first, turn); i < length; ++i, to = after(to, step)) {
      if (rest > 0)
        window += at(i) - at(i - rest);
      sum[static_cast<size_t>(to)] += whole + window;
    }
  }
}

/// Axes of a beat in a canonical form: strides not negative and falling from outer to inner, neighbours that
/// continue each other joined, repetitions left out. Moves the start where a stride was negative.
void inOrder(Axes &axes, int64_t &start) {
  for (Axis &axis : axes) {
    if (axis.count == 1 || axis.strideBytes == 0)
      axis = {};
    if (axis.strideBytes < 0) {
      start += (axis.count - 1) * axis.strideBytes;
      axis.strideBytes = -axis.strideBytes;
    }
  }
  const auto single =
      std::partition(axes.begin(), axes.end(), [](const Axis &axis) { return axis.count == 1; });
  std::sort(single, axes.end(), [](const Axis &a, const Axis &b) { return a.strideBytes > b.strideBytes; });
  for (size_t d = axes.size() - 1; d > 0; --d)
    while (axes[d - 1].count > 1 && axes[d - 1].strideBytes == axes[d].count * axes[d].strideBytes) {
      axes[d].count *= axes[d - 1].count;
      std::move_backward(axes.begin(), axes.begin() + d - 1, axes.begin() + d);
      axes[0] = {};
    }
}

} // namespace

Beats inBeats(const Axes &given, int64_t n, int64_t elementBytes, int64_t start) {
  Axes box; // innermost last, without axes of one step
  size_t outermost = box.size();
  for (size_t d = given.size(); d-- > 0;) {
    const Axis &axis = given[d];
    if (axis.count == 1)
      continue;
    if (outermost < box.size() && axis.strideBytes == box[outermost].count * box[outermost].strideBytes)
      box[outermost].count *= axis.count;
    else
      box[--outermost] = axis;
  }
  Beats beats;
  beats.whole = {box, {}, elementBytes, start};
  beats.rest = beats.whole;
  beats.rest.outer[0].count = 0;
  int64_t taken = 1;
  for (size_t d = box.size(); d-- > outermost;) {
    auto [count, stride] = box[d];
    int64_t part = std::min(count, n / taken);
    if (taken > 1 && part < count)
      part = powerOfTwoUpTo(part);
    beats.whole.outer[d] = {count / part, part * stride};
    beats.whole.beat[d] = {part, stride};
    if (part == count) {
      taken *= count;
      continue;
    }
    if (count % part > 0) {
      beats.rest = beats.whole;
      beats.rest.outer[d] = {};
      beats.rest.beat[d].count = count % part;
      beats.rest.start = start + count / part * part * stride;
    }
    break;
  }
  return beats;
}

Banks::Banks(int64_t banks, int64_t widthBytes) : banks(banks), widthBytes(widthBytes) {}

Banks::Banks(const chip::Chip &chip)
    : Banks(chip.integer("scratchpad.banks"), chip.integer("scratchpad.bank_width_bytes")) {}

BankUse Banks::use(int64_t n, int64_t strideBytes, int64_t elementBytes, int64_t start) const {
  if (n <= 0)
    return {};
  Axes axes;
  axes.back() = {n, strideBytes};
  inOrder(axes, start);
  start = modulo(start, widthBytes);
  // From this stride on no two elements share a word, and a stride longer by all banks changes nothing.
  const int64_t apart = widthBytes + elementBytes - 1;
  int64_t &stride = axes.back().strideBytes;
  if (stride > apart)
    stride = apart + (stride - apart) % (banks * widthBytes);
  return uses.get({axes.back().count, stride, elementBytes, start},
                  [&] { return beat(axes, elementBytes, start); });
}

WalkUse Banks::walk(const Walk &given) const {
  Walk walk = given;
  if (!canonicalise(walk))
    return {};
  walk.start = modulo(walk.start, widthBytes);
  Memo<WalkUse, 18>::Key key{walk.elementBytes, walk.start};
  for (size_t d = 0; d < walk.outer.size(); ++d) {
    const Axis axes[] = {walk.outer[d], walk.beat[d]};
    for (size_t i = 0; i < 2; ++i) {
      key[2 + 4 * d + 2 * i] = axes[i].count;
      key[3 + 4 * d + 2 * i] = axes[i].strideBytes;
    }
  }
  return walks.get(key, [&] {
    std::map<std::pair<size_t, int64_t>, WalkUse> known;
    return walkFrom(walk, 0, walk.start, known);
  });
}

int64_t Banks::fullest(const Beats &beats) const {
  InBank sum(static_cast<size_t>(banks));
  for (Walk walk : {beats.whole, beats.rest}) {
    if (!canonicalise(walk))
      continue;
    const int64_t start = modulo(walk.start, banks * widthBytes);
    std::map<std::pair<size_t, int64_t>, InBank> known;
    addTurned(sum, inBankFrom(walk, 0, start % widthBytes, known), start / widthBytes, 0, 1);
  }
  return *std::max_element(sum.begin(), sum.end());
}

bool Banks::canonicalise(Walk &walk) const {
  for (const Axes *axes : {&walk.outer, &walk.beat})
    for (const Axis &axis : *axes)
      if (axis.count == 0)
        return false;
  for (Axis &axis : walk.outer) // a round of the banks more or less changes nothing
    axis.strideBytes = axis.count == 1 ? 0 : modulo(axis.strideBytes, banks * widthBytes);
  inOrder(walk.beat, walk.start);
  return true;
}

/// Fills `words` with the words under a beat, each once.
void Banks::enumerate(const Axes &axes, int64_t elementBytes, int64_t start) const {
  words.clear();
  const Axis &run = axes[3];
  const bool consecutive = run.strideBytes <= widthBytes; // no word is left out
  const auto add = [&](int64_t firstByte, int64_t lastByte) {
    const int64_t last = lastByte / widthBytes;
    for (int64_t word = firstByte / widthBytes; word <= last; ++word)
      if (words.empty() || words.back() != word)
        words.push_back(word);
  };
  for (int64_t i = 0; i < axes[0].count; ++i)
    for (int64_t j = 0; j < axes[1].count; ++j)
      for (int64_t k = 0; k < axes[2].count; ++k) {
        const int64_t first =
            start + i * axes[0].strideBytes + j * axes[1].strideBytes + k * axes[2].strideBytes;
        if (consecutive) {
          add(first, first + (run.count - 1) * run.strideBytes + elementBytes - 1);
          continue;
        }
        for (int64_t l = 0, address = first; l < run.count; ++l, address += run.strideBytes)
          add(address, address + elementBytes - 1);
      }
  if (!std::is_sorted(words.begin(), words.end()))
    std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
}

BankUse Banks::beat(const Axes &axes, int64_t elementBytes, int64_t start) const {
  enumerate(axes, elementBytes, start);
  const auto all = static_cast<int64_t>(words.size());
  if (all == 1 || words.back() - words.front() == all - 1) // consecutive words take the banks in turn
    return {(all + banks - 1) / banks, all};
  counts.assign(static_cast<size_t>(banks), 0);
  int64_t most = 0;
  for (int64_t word : words)
    most = std::max(most, ++counts[static_cast<size_t>(word % banks)]);
  return {most, all};
}

WalkUse Banks::walkFrom(const Walk &walk, size_t axis, int64_t start,
                        std::map<std::pair<size_t, int64_t>, WalkUse> &known) const {
  while (axis < walk.outer.size() && walk.outer[axis].count == 1)
    ++axis;
  if (const auto found = known.find({axis, start}); found != known.end())
    return found->second;
  WalkUse sum;
  if (axis == walk.outer.size()) {
    const BankUse use = beat(walk.beat, walk.elementBytes, start);
    sum = {1, use.cycles, use.words};
  } else {
    const auto [count, stride] = walk.outer[axis];
    // Every `classes` steps the walk is back at the same byte of a word.
    const int64_t classes = widthBytes / std::gcd(stride, widthBytes);
    for (int64_t first = 0; first < std::min(classes, count); ++first) {
      const int64_t times = (count - first + classes - 1) / classes;
      const WalkUse part = walkFrom(walk, axis + 1, (start + first * stride) % widthBytes, known);
      sum.beats += times * part.beats;
      sum.cycles += times * part.cycles;
      sum.words += times * part.words;
    }
  }
  known[{axis, start}] = sum;
  return sum;
}

const Banks::InBank &Banks::inBankFrom(const Walk &walk, size_t axis, int64_t start,
                                       std::map<std::pair<size_t, int64_t>, InBank> &known) const {
  while (axis < walk.outer.size() && walk.outer[axis].count == 1)
    ++axis;
  const auto [found, isNew] = known.try_emplace({axis, start});
  InBank &sum = found->second;
  if (!isNew)
    return sum;
  sum.resize(static_cast<size_t>(banks));
  if (axis == walk.outer.size()) {
    enumerate(walk.beat, walk.elementBytes, start);
    for (int64_t word : words)
      ++sum[static_cast<size_t>(word % banks)];
    return sum;
  }
  const auto [count, stride] = walk.outer[axis];
  const int64_t classes = widthBytes / std::gcd(stride, widthBytes); // as in walkFrom
  for (int64_t first = 0; first < std::min(classes, count); ++first) {
    const int64_t times = (count - first + classes - 1) / classes, at = start + first * stride;
    addTurned(sum, inBankFrom(walk, axis + 1, at % widthBytes, known), at / widthBytes % banks,
              classes * stride / widthBytes % banks, times);
  }
  return sum;
}

} // namespace arsis::timing
