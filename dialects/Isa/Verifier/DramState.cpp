// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Grouping of tensors into buffers, and what loads and stores do to them.
#include "dialects/Isa/Verifier/DramState.h"
#include "dialects/Isa/Encoding/ErrorKind.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace arsis::isa {

Box DramState::wholeOf(const Tensor &tensor) {
  int64_t bytes = numerics::sizeInBytes(tensor.type);
  Box::Dimensions dimensions;
  for (unsigned d = 0; d < 4; ++d)
    dimensions.push_back({tensor.shape[d], tensor.stride[d] * bytes});
  return Box(int64_t(tensor.address), bytes, dimensions);
}

bool DramState::definedAtLaunch(const Tensor &tensor) {
  switch (tensor.role) {
  case TensorRole::Input:
  case TensorRole::Label:
  case TensorRole::Parameter:
  case TensorRole::State:
  case TensorRole::Hyper:
  case TensorRole::Constant:
    return true;
  case TensorRole::Gradient:
    return isCompleteAtLaunch(tensor);
  default:
    return false;
  }
}

DramState::DramState(const Program &program, int64_t granuleBytes)
    : program(program), groupOf(program.tensors.size()) {
  makeGroups(granuleBytes);
  findPartners();
  defineHostTensors();
}

void DramState::makeGroups(int64_t granuleBytes) {
  for (size_t t = 0; t < program.tensors.size(); ++t) {
    const Tensor &tensor = program.tensors[t];
    if (tensor.alias) { // of an earlier tensor
      groupOf[t] = groupOf[*tensor.alias];
      continue;
    }
    groupOf[t] = uint32_t(groups.size());
    groups.push_back({wholeOf(tensor).hull(), Packing(tensor), DefinedBytes(granuleBytes), {}, -1});
  }
}

/// Sweeps the groups by address to find those that share bytes.
void DramState::findPartners() {
  std::vector<uint32_t> order(groups.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](uint32_t a, uint32_t b) { return groups[a].range.begin < groups[b].range.begin; });
  uint64_t pairs = 0;
  for (size_t i = 0; i < order.size(); ++i)
    for (size_t j = i + 1; j < order.size() && groups[order[j]].range.begin < groups[order[i]].range.end;
         ++j) {
      if (++pairs > kMostSharedPairs)
        throw ProgramError("more than " + std::to_string(kMostSharedPairs) +
                           " pairs of tensors share bytes of dram, expected at most that");
      groups[order[i]].partners.push_back(order[j]);
      groups[order[j]].partners.push_back(order[i]);
    }
}

void DramState::defineHostTensors() {
  std::vector<int> hostTensor(groups.size(), -1);
  auto define = [&](uint16_t t) {
    Group &group = groups[groupOf[t]];
    group.defined.set(group.packed(group.range));
    if (hostTensor[groupOf[t]] < 0)
      hostTensor[groupOf[t]] = t;
  };
  for (size_t t = 0; t < program.tensors.size(); ++t)
    if (definedAtLaunch(program.tensors[t]))
      define(uint16_t(t));
  for (const Initial &initial : program.initials)
    define(initial.tensor);
  for (size_t g = 0; g < groups.size(); ++g)
    for (uint32_t partner : groups[g].partners)
      if (g < partner && hostTensor[g] >= 0 && hostTensor[partner] >= 0)
        hostClashes.push_back({uint16_t(hostTensor[g]), uint16_t(hostTensor[partner])});
}

std::optional<DramState::Undefined> DramState::read(uint16_t tensor, const Box &box) const {
  const Group &group = groups[groupOf[tensor]];
  if (group.defined.defined(group.packed(box.hull())))
    return std::nullopt;
  std::optional<int64_t> undefined;
  box.forEachRun([&](ByteRange run) {
    const ByteRange packed = group.packed(run);
    const int64_t at = group.defined.firstUndefined(packed);
    if (at != packed.end)
      undefined = run.begin + (at - packed.begin); // a run has no gaps
    return !undefined;
  });
  if (!undefined)
    return std::nullopt;
  return Undefined{*undefined, group.lastClobber < 0
                                   ? std::string("was never written")
                                   : "was never written, or was overwritten through tensor '" +
                                         program.tensors[size_t(group.lastClobber)].name + "'"};
}

std::optional<DramState::Undefined> DramState::readAll(uint16_t tensor) const {
  const Group &group = groups[groupOf[tensor]];
  if (group.defined.defined(group.packed(group.range)))
    return std::nullopt;
  return read(tensor, wholeOf(program.tensors[tensor]));
}

void DramState::write(uint16_t tensor, const Box &box) {
  Group &group = groups[groupOf[tensor]];
  if (!group.defined.defined(group.packed(box.hull())))
    box.forEachRun([&](ByteRange run) { return group.defined.set(group.packed(run)), true; });
  for (uint32_t p : group.partners) {
    Group &partner = groups[p];
    const ByteRange hull{std::max(box.hull().begin, partner.range.begin),
                         std::min(box.hull().end, partner.range.end)};
    if (hull.begin >= hull.end || !partner.defined.anyDefined(partner.packed(hull)))
      continue; // a byte is defined of one tensor at a time, so that this is so for most partners
    box.forEachRun([&](ByteRange run) {
      const ByteRange shared{std::max(run.begin, partner.range.begin), std::min(run.end, partner.range.end)};
      if (shared.begin >= shared.end)
        return true;
      if (const ByteRange packed = partner.packed(shared); packed.begin < packed.end) {
        partner.defined.clear(packed);
        partner.lastClobber = tensor;
      }
      return true;
    });
  }
}

} // namespace arsis::isa
