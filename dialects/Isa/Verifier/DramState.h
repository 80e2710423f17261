// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Which bytes of each DRAM tensor hold the tensor's own values. Tensors may share bytes when their lives do
// not overlap; a store through one then undefines the other, and reading it before it is written again is an
// error. A tensor called "t@..." at the bytes of tensor "t" is another shape of t: the same buffer.
#pragma once

#include "dialects/Isa/Verifier/Footprint.h"
#include "dialects/Isa/Verifier/WrittenMap.h"

#include <optional>

namespace arsis::isa {

class DramState {
public:
  /// REQUIRES: a validated program; tensor addresses are multiples of granuleBytes.
  DramState(const Program &, int64_t granuleBytes);

  /// A byte of `box` that does not hold a value of the tensor, and how that came about ("was never written").
  struct Undefined {
    int64_t byte;
    std::string why;
  };
  std::optional<Undefined> read(uint16_t tensor, const Box &box) const;
  void write(uint16_t tensor, const Box &box);

  /// The whole tensor, as `read`.
  std::optional<Undefined> readAll(uint16_t tensor) const {
    return read(tensor, wholeOf(program.tensors[tensor]));
  }

  /// Two tensors that the host writes before a step and that share bytes.
  struct Clash {
    uint16_t first, second;
  };
  const std::vector<Clash> &clashes() const { return hostClashes; }

  /// The buffer of a tensor; aliases share one. Buffers are numbered below bufferCount().
  size_t bufferOf(uint16_t tensor) const { return groupOf[tensor]; }
  size_t bufferCount() const { return groups.size(); }

  static Box wholeOf(const Tensor &);
  static bool writtenByHost(TensorRole);

private:
  struct Group {
    ByteRange range;
    WrittenMap defined;             // relative to range.begin
    std::vector<uint32_t> partners; // other groups that share bytes
    int lastClobber = -1;           // tensor through which a partner last undefined bytes here
  };
  static Box relative(const Box &box, const Group &group) { return box.shifted(-group.range.begin); }

  const Program &program;
  std::vector<Group> groups;
  std::vector<uint32_t> groupOf; // per tensor
  std::vector<Clash> hostClashes;
};

} // namespace arsis::isa
