// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Sites.h.
#include "simulator/units/Sites.h"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string_view>
#include <type_traits>

namespace arsis::sim {
namespace {

/// Calls visit(name, field) for every field of a body, those of arrays one by one.
template <class Body, class Visit> void forEachField(Body &body, Visit visit) {
  std::visit(
      [&](auto &fields) {
        if constexpr (!std::is_same_v<std::decay_t<decltype(fields)>, isa::External>)
          fields.visitFields([&](std::string_view name, auto &field) {
            if constexpr (std::is_same_v<std::decay_t<decltype(field)>, std::array<isa::Extent, 3>> ||
                          std::is_same_v<std::decay_t<decltype(field)>, std::array<isa::Extent, 4>>)
              for (auto &one : field)
                visit(name, one);
            else
              visit(name, field);
          });
      },
      body);
}

/// The values that an operand takes: all lie in [least, most] and apart by multiples of `step`.
struct Range {
  int64_t least = 0, most = 0, step = 0;

  explicit Range(int64_t base) : least(base), most(base) {}
  void add(const isa::Terms &terms, const std::vector<uint32_t> &loops) {
    for (const isa::Term &term : terms)
      add(term.stride, term.loop < loops.size() ? loops[term.loop] : 1);
  }
  void add(int64_t stride, int64_t count) {
    if (count <= 1)
      return;
    (stride < 0 ? least : most) += stride * (count - 1);
    step = std::gcd(step, stride);
  }
};

Range rangeOf(const isa::Address &address, const std::vector<uint32_t> &loops) {
  Range range(address.base);
  range.add(address.strides, loops);
  range.add(address.slotSize, address.slots);
  return range;
}

/// The largest size, so that what it reaches covers what each of its instances reaches.
int64_t mostOf(const isa::Extent &extent, const std::vector<uint32_t> &loops) {
  if (!extent.clamped)
    return extent.tile;
  Range range(extent.limit.base);
  range.add(extent.limit.terms, loops);
  return std::clamp<int64_t>(range.most, 0, extent.tile);
}

/// Whether the largest box stays inside the memories at the first and the last address of every operand, and
/// is aligned there and one step behind the first: then every instance is and does.
bool staysWithin(const isa::Instruction &instruction, const std::vector<uint32_t> &loops,
                 const isa::Program &program, int64_t weightBanks, const MemorySizes &sizes) {
  constexpr int64_t none[isa::kMaxLoopDepth] = {};
  for (int64_t Range::*place : {&Range::least, &Range::most, &Range::step}) {
    isa::Instruction extreme = instruction;
    forEachField(extreme.body, [&](std::string_view, auto &field) {
      using Field = std::decay_t<decltype(field)>;
      if constexpr (std::is_same_v<Field, isa::Extent>) {
        field = isa::Extent(mostOf(field, loops));
      } else if constexpr (std::is_same_v<Field, isa::Address>) {
        const Range range = rangeOf(field, loops);
        field = isa::Address(place == &Range::step ? range.least + range.step : range.*place);
      }
    });
    Operation operation;
    try {
      resolve(extreme, none, program, weightBanks, operation);
      checkBounds(operation, sizes);
    } catch (const Error &) {
      return false; // some instance may be at fault: each is looked at
    }
  }
  return true;
}

} // namespace

Site::Site(const isa::Instruction &instruction, const std::vector<uint32_t> &loops,
           const isa::Program &program, int64_t weightBanks, int64_t wordBytes, const MemorySizes &memories)
    : instruction(instruction), loops(loops), program(program), weightBanks(weightBanks),
      wordBytes(wordBytes), memories(memories) {
  const isa::Body &body = instruction.body;
  opcode = static_cast<uint8_t>(isa::opcodeOf(instruction));
  multiplies = std::holds_alternative<isa::Multiply>(body);
  const bool executes =
      !std::holds_alternative<isa::Loop>(body) && !std::holds_alternative<isa::EndLoop>(body);
  recurs = executes && !std::holds_alternative<isa::Load>(body) &&
           !std::holds_alternative<isa::Store>(body) && !std::holds_alternative<isa::External>(body);
  if (!recurs)
    return;
  forEachField(body, [&](std::string_view name, const auto &field) {
    using Field = std::decay_t<decltype(field)>;
    if constexpr (std::is_same_v<Field, isa::Extent>) {
      if (field.clamped && !field.limit.isConstant())
        sizes.push_back(&field);
    } else if constexpr (std::is_same_v<Field, isa::Address>) {
      if (name != "acc" && rangeOf(field, loops).step % wordBytes != 0)
        addresses.push_back(&field);
    } else if constexpr (std::is_same_v<Field, isa::Affine>) {
      if (name == "bank")
        bank = &field;
      else if (!field.isConstant())
        (name == "accumulate" ? flags : values).push_back(&field);
    }
  });
  wordCount = sizes.size() + addresses.size() + flags.size() + values.size() + (multiplies ? 1 : 0);
  recurs = wordCount <= Variant::kMostWords;
}

bool Site::isWithin() {
  if (!within)
    within = staysWithin(instruction, loops, program, weightBanks, memories);
  return *within;
}

Variant *Site::find(const int64_t *index, const BankShape &weights) {
  if (wordCount == 0)
    return variants.empty() ? nullptr : variants.front().get();
  size_t n = 0;
  for (const isa::Extent *size : sizes)
    asked[n++] = size->evaluate(index);
  for (const isa::Address *address : addresses)
    asked[n++] = address->evaluate(index) % wordBytes;
  for (const isa::Affine *flag : flags)
    asked[n++] = flag->evaluate(index) != 0;
  for (const isa::Affine *value : values)
    asked[n++] = value->evaluate(index);
  if (multiplies)
    asked[n++] = weights.rows << 36 | weights.columns << 8 | static_cast<int64_t>(weights.type);
  const auto isAsked = [&](const Variant &variant) {
    int64_t differs = 0; // a comparison of arrays would be a call
    for (size_t w = 0; w < wordCount; ++w)
      differs |= asked[w] ^ variant.words[w];
    return differs == 0;
  };
  if (latest < variants.size() && isAsked(*variants[latest]))
    return variants[latest].get();
  for (latest = 0; latest < variants.size(); ++latest)
    if (isAsked(*variants[latest]))
      return variants[latest].get();
  return nullptr;
}

Variant &Site::add() {
  latest = variants.size();
  variants.push_back(std::make_unique<Variant>());
  variants.back()->words = asked;
  return *variants.back();
}

} // namespace arsis::sim
