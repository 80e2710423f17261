// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Grouping of tensors into buffers, and what loads and stores do to them.
#include "dialects/Isa/Verifier/DramState.h"

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

bool DramState::writtenByHost(TensorRole role) {
  switch (role) {
  case TensorRole::Input:
  case TensorRole::Label:
  case TensorRole::Parameter:
  case TensorRole::State:
  case TensorRole::Hyper:
  case TensorRole::Constant:
    return true;
  default:
    return false;
  }
}

DramState::DramState(const Program &program, int64_t granuleBytes)
    : program(program), groupOf(program.tensors.size()) {
  std::map<std::string_view, size_t> byName;
  for (size_t t = 0; t < program.tensors.size(); ++t)
    byName.emplace(program.tensors[t].name, t);
  auto rangeOf = [&](size_t t) { return wholeOf(program.tensors[t]).hull(); };
  auto shapedFrom = [&](size_t t) { // the tensor that t is another shape of, or t
    const std::string &name = program.tensors[t].name;
    size_t at = name.rfind('@');
    auto root = at == std::string::npos ? byName.end() : byName.find(std::string_view(name).substr(0, at));
    if (root == byName.end())
      return t;
    ByteRange mine = rangeOf(t), theirs = rangeOf(root->second);
    return mine.begin == theirs.begin && mine.end == theirs.end ? root->second : t;
  };
  auto rootOf = [&](size_t t) {
    for (size_t next = shapedFrom(t); next != t; next = shapedFrom(t))
      t = next;
    return t;
  };
  for (size_t t = 0; t < program.tensors.size(); ++t)
    if (rootOf(t) == t) {
      groupOf[t] = uint32_t(groups.size());
      groups.push_back({rangeOf(t), WrittenMap(rangeOf(t).end - rangeOf(t).begin, granuleBytes), {}, -1});
    }
  for (size_t t = 0; t < program.tensors.size(); ++t)
    groupOf[t] = groupOf[rootOf(t)];

  // Sweep the groups by address to find those that share bytes.
  std::vector<uint32_t> order(groups.size());
  std::iota(order.begin(), order.end(), 0);
  std::sort(order.begin(), order.end(),
            [&](uint32_t a, uint32_t b) { return groups[a].range.begin < groups[b].range.begin; });
  for (size_t i = 0; i < order.size(); ++i)
    for (size_t j = i + 1; j < order.size() && groups[order[j]].range.begin < groups[order[i]].range.end;
         ++j) {
      groups[order[i]].partners.push_back(order[j]);
      groups[order[j]].partners.push_back(order[i]);
    }

  std::vector<int> hostTensor(groups.size(), -1);
  auto define = [&](uint16_t t) {
    Group &group = groups[groupOf[t]];
    group.defined.set(relative(wholeOf(program.tensors[t]), group));
    if (hostTensor[groupOf[t]] < 0)
      hostTensor[groupOf[t]] = t;
  };
  for (size_t t = 0; t < program.tensors.size(); ++t)
    if (writtenByHost(program.tensors[t].role))
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
  Box inside = relative(box, group);
  int64_t at = group.defined.firstUndefined(inside);
  if (at == inside.hull().end)
    return std::nullopt;
  return Undefined{group.range.begin + at, group.lastClobber < 0
                                               ? std::string("was never written")
                                               : "was never written, or was overwritten through tensor '" +
                                                     program.tensors[size_t(group.lastClobber)].name + "'"};
}

void DramState::write(uint16_t tensor, const Box &box) {
  Group &group = groups[groupOf[tensor]];
  group.defined.set(relative(box, group));
  for (uint32_t p : group.partners) {
    Group &partner = groups[p];
    box.forEachRun([&](ByteRange run) {
      ByteRange shared{std::max(run.begin, partner.range.begin) - partner.range.begin,
                       std::min(run.end, partner.range.end) - partner.range.begin};
      if (shared.begin < shared.end) {
        partner.defined.clear(shared);
        partner.lastClobber = tensor;
      }
      return true;
    });
  }
}

} // namespace arsis::isa
