// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which bytes of each DRAM tensor hold the tensor's own values. Tensors may share bytes when their lives do
// not overlap; a store through one then undefines the other, and reading it before it is written again is an
// error. An alias is another shape of a tensor, or of a part of it: the same buffer. A tensor
// with gaps between its elements is kept packed, without them.
#pragma once

#include "dialects/Isa/Encoding/Packing.h"
#include "dialects/Isa/Verifier/DefinedBytes.h"
#include "dialects/Isa/Verifier/Footprint.h"

#include <optional>

namespace arsis::isa {

class DramState {
public:
  /// Throws Error if more pairs of tensors share bytes than it remembers. REQUIRES: a validated program;
  /// tensor addresses are multiples of granuleBytes.
  DramState(const Program &, int64_t granuleBytes);

  /// A byte of `box` that does not hold a value of the tensor, and how that came about ("was never written").
  struct Undefined {
    int64_t byte;
    std::string why;
  };
  std::optional<Undefined> read(uint16_t tensor, const Box &box) const;
  void write(uint16_t tensor, const Box &box);

  /// The whole tensor, as `read`.
  std::optional<Undefined> readAll(uint16_t tensor) const;

  /// Two tensors that the host writes before a step and that share bytes.
  struct Clash {
    uint16_t first, second;
  };
  const std::vector<Clash> &clashes() const { return hostClashes; }

  /// The buffer of a tensor; aliases share one. Buffers are numbered below bufferCount().
  size_t bufferOf(uint16_t tensor) const { return groupOf[tensor]; }
  size_t bufferCount() const { return groups.size(); }

  static Box wholeOf(const Tensor &);
  static bool definedAtLaunch(const Tensor &);

private:
  struct Group {
    ByteRange range;
    Packing packing;
    DefinedBytes defined;           // packed
    std::vector<uint32_t> partners; // other groups that share bytes
    int lastClobber = -1;           // tensor through which a partner last undefined bytes here
    /// The packed bytes of the group among bytes of DRAM.
    ByteRange packed(ByteRange bytes) const {
      return {packing.packed(bytes.begin - range.begin), packing.packed(bytes.end - range.begin)};
    }
  };
  void makeGroups(int64_t granuleBytes);
  void findPartners();
  void defineHostTensors();

  const Program &program;
  std::vector<Group> groups;
  std::vector<uint32_t> groupOf; // per tensor
  std::vector<Clash> hostClashes;
};

} // namespace arsis::isa
