// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Convolutions in groups, by the dense loops. Packs of neighbouring groups, as many as the plan says under
// `g`, are one dense convolution each: its channels are those of the pack, and its weights are +0 where
// channel and output are of different groups. Within a chunk of a group's channels the pack counts groups
// outside of channels. Without a plan each group stands alone, as it does in the gradient by the weight.
#pragma once

#include "runtime/cpu/Conv2d.h"
#include "runtime/cpu/Conv2dGradInput.h"
#include "runtime/cpu/Conv2dGradWeight.h"

namespace arsis::ref {

/// The channels of a group that a sum runs over, in the order of the dense sum of a pack: chunk by chunk, in
/// it group by group.
struct PackedChannels {
  std::vector<std::pair<int64_t, int64_t>> order; // (group in the pack, channel in the group)
  ReductionPlan plan;                             // of the dense sum

  PackedChannels(const ReductionPlan &grouped, int64_t pack, int64_t channels)
      : plan{{grouped.dims.begin() + 1, grouped.dims.end()},
             {grouped.chunks.begin() + 1, grouped.chunks.end()},
             grouped.continues} {
    const int64_t chunk = std::min(plan.chunks[0], channels);
    for (int64_t begin = 0; begin < channels; begin += chunk)
      for (int64_t group = 0; group < pack; ++group)
        for (int64_t c = begin; c < std::min(begin + chunk, channels); ++c)
          order.emplace_back(group, c);
    plan.chunks[0] = chunk * pack;
  }
};

/// Calls `work(first, count, channels)` with each pack of groups and the order of the channels that are
/// summed, of which a group has so many; `dim` is what a plan calls them. Throws arsis::Error if the plan's
/// dims are others.
template <class Work>
void forPacks(const ReductionPlan *plan, const std::string &dim, int64_t groups, int64_t channels,
              Work work) {
  ReductionPlan apart{{"g", dim, "kh", "kw"}, {1, channels, INT64_MAX, INT64_MAX}};
  chunksOf(plan, apart.dims, {1, 1, 1, 1}, true); // checks the dims
  const ReductionPlan &used = plan ? *plan : apart;
  for (int64_t first = 0; first < groups; first += used.chunks[0]) {
    const int64_t count = std::min(used.chunks[0], groups - first);
    work(first, count, PackedChannels(used, count, channels));
  }
}

/// Rows of a tensor whose innermost dimension has `width` elements, and of a dense one, exchange the elements
/// that `at` names for each of the dense row's.
template <class T>
std::vector<T> gathered(const T *from, int64_t rows, int64_t width, const std::vector<int64_t> &at) {
  std::vector<T> dense;
  dense.reserve(rows * at.size());
  for (int64_t row = 0; row < rows; ++row)
    for (int64_t position : at)
      dense.push_back(from[row * width + position]);
  return dense;
}
template <class T>
void scatter(const std::vector<T> &dense, T *to, int64_t rows, int64_t width,
             const std::vector<int64_t> &at) {
  for (int64_t row = 0; row < rows; ++row)
    for (size_t i = 0; i < at.size(); ++i)
      to[row * width + at[i]] = dense[row * at.size() + i];
}

/// The channels of a tensor for an order of those of a pack that begins with group `first`.
inline std::vector<int64_t> channelsOf(const PackedChannels &channels, int64_t first, int64_t perGroup) {
  std::vector<int64_t> at;
  for (auto [group, c] : channels.order)
    at.push_back((first + group) * perGroup + c);
  return at;
}
inline std::vector<int64_t> neighbours(int64_t first, int64_t count) {
  std::vector<int64_t> at(count);
  for (int64_t i = 0; i < count; ++i)
    at[i] = first + i;
  return at;
}

/// As conv2d, of each group.
template <class T>
void groupedConv2d(const ConvolutionGeometry &g, const T *x, const T *w, T *y, const ReductionPlan *plan) {
  const Window2d &window = g.window;
  const int64_t taps = window.height.kernel * window.width.kernel;
  const int64_t inputs = g.groups * window.channels, outputs = g.groups * g.outputs;
  forPacks(
      plan, "c", g.groups, window.channels,
      [&](int64_t first, int64_t count, const PackedChannels &channels) {
        Window2d dense = window;
        dense.channels = count * window.channels;
        std::vector<T> weights(taps * dense.channels * count * g.outputs), result;
        for (int64_t tap = 0; tap < taps; ++tap)
          for (int64_t k = 0; k < dense.channels; ++k) {
            const auto [group, c] = channels.order[k];
            std::copy_n(w + (tap * window.channels + c) * outputs + (first + group) * g.outputs, g.outputs,
                        weights.data() + ((tap * dense.channels + k) * count + group) * g.outputs);
          }
        const std::vector<T> image =
            gathered(x, window.inputPixels(), inputs, channelsOf(channels, first, window.channels));
        result.resize(window.outputPixels() * count * g.outputs);
        conv2d<T>(dense, count * g.outputs, image.data(), weights.data(), result.data(), &channels.plan);
        scatter(result, y, window.outputPixels(), outputs, neighbours(first * g.outputs, count * g.outputs));
      });
}

/// As conv2dGradInput, of each group.
template <class T>
void groupedConv2dGradInput(const ConvolutionGeometry &g, const T *gy, const T *w, T *gx,
                            const ReductionPlan *plan) {
  const Window2d &window = g.window;
  const int64_t taps = window.height.kernel * window.width.kernel;
  const int64_t inputs = g.groups * window.channels, outputs = g.groups * g.outputs;
  forPacks(plan, "co", g.groups, g.outputs,
           [&](int64_t first, int64_t count, const PackedChannels &channels) {
             Window2d dense = window;
             dense.channels = count * window.channels;
             const int64_t summed = count * g.outputs;
             std::vector<T> weights(taps * dense.channels * summed), result;
             for (int64_t tap = 0; tap < taps; ++tap)
               for (int64_t c = 0; c < window.channels; ++c)
                 for (int64_t k = 0; k < summed; ++k) {
                   const auto [group, o] = channels.order[k];
                   weights[(tap * dense.channels + group * window.channels + c) * summed + k] =
                       w[(tap * window.channels + c) * outputs + (first + group) * g.outputs + o];
                 }
             const std::vector<T> image =
                 gathered(gy, window.outputPixels(), outputs, channelsOf(channels, first, g.outputs));
             result.resize(window.inputPixels() * dense.channels);
             conv2dGradInput<T>(dense, summed, image.data(), weights.data(), result.data(), &channels.plan);
             scatter(result, gx, window.inputPixels(), inputs,
                     neighbours(first * window.channels, dense.channels));
           });
}

/// As conv2dGradWeight, of each group.
template <class T>
void groupedConv2dGradWeight(const ConvolutionGeometry &g, const T *x, const T *gy, T *gw,
                             const ReductionPlan *plan) {
  const Window2d &window = g.window;
  const int64_t rows = window.height.kernel * window.width.kernel * window.channels;
  const int64_t inputs = g.groups * window.channels, outputs = g.groups * g.outputs;
  for (int64_t group = 0; group < g.groups; ++group) {
    const std::vector<int64_t> columns = neighbours(group * g.outputs, g.outputs);
    const std::vector<T> image = gathered(x, window.inputPixels(), inputs,
                                          neighbours(group * window.channels, window.channels)),
                         gradient = gathered(gy, window.outputPixels(), outputs, columns);
    std::vector<T> result(rows * g.outputs);
    conv2dGradWeight<T>(window, g.outputs, image.data(), gradient.data(), result.data(), plan);
    scatter(result, gw, rows, outputs, columns);
  }
}

} // namespace arsis::ref
