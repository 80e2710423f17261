// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Shorthands in which operations write their structures.
#ifndef ARSIS_DIALECTS_NN_STRUCTURE_BUILD_H
#define ARSIS_DIALECTS_NN_STRUCTURE_BUILD_H

#include "dialects/NN/Structure/Structure.h"

namespace arsis::nn {

/// Dimensions of the tensor and of the domain, one for one.
inline Access accessOf(const std::vector<int> &dimensions) {
  Access access;
  for (int dimension : dimensions)
    access.indices.push_back({{{dimension}}});
  return access;
}

/// One spatial dimension of a window: tap t of window o reads input position o * stride + t * dilation - pad.
struct WindowAxis {
  int64_t stride, dilation, pad;

  /// The position that a tap of a window reads.
  Index position(int window, int tap) const { return {{{window, stride}, {tap, dilation}}, -pad}; }
  /// The window of which a tap reads a position: none if it does not divide.
  Index window(int position, int tap) const { return {{{position}, {tap, -dilation}}, pad, stride}; }
};

/// Each dimension is cut by a loop of its own; the order within a chunk is another one.
inline Reduction cutEach(const std::vector<Dimension> &domain, const std::vector<int> &chunks,
                         const std::vector<int> &inside) {
  Reduction reduction;
  for (int dimension : chunks)
    reduction.chunks.push_back({domain[dimension].name, {dimension}});
  for (int dimension : inside)
    reduction.inside.push_back({dimension});
  return reduction;
}

} // namespace arsis::nn

#endif
