// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The bytes of a tensor of DRAM in ascending order, without the gaps between them. Two tensors at one address
// with equal packings have the very same bytes, whatever their shapes.
#pragma once

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Encoding/Program.h"

namespace arsis::isa {

struct Packing {
  struct Step {
    int64_t count, stride; // bytes
  };
  int64_t run = 0;                                       // bytes without a gap
  boost::container::static_vector<Step, kMaxRank> outer; // ascending strides

  /// REQUIRES: the elements of the tensor lie apart as validateProgram asks, so that the order of addresses
  /// is that of nested loops.
  explicit Packing(const Tensor &);
  bool operator==(const Packing &) const;
  bool operator!=(const Packing &other) const { return !(*this == other); }
  bool isDense() const { return outer.empty(); }
  /// How many bytes of the tensor lie before its byte `offset`.
  int64_t packed(int64_t offset) const;
};

} // namespace arsis::isa
