// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The kinds of operands that instructions are made of. Each is a pure function of the indices of the
// enclosing hardware loops: index[d] belongs to the loop at nesting depth d, 0 is the outermost.
#pragma once

#include "dialects/Isa/Numerics/ElementType.h"
#include "dialects/Isa/Numerics/Functions.h"

#include <boost/container/static_vector.hpp>

#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

namespace arsis::isa {

using numerics::ElementType;
using numerics::VectorFunction;

constexpr unsigned kMaxLoopDepth = 8;
constexpr unsigned kMaxWaits = 2;

/// One summand of an affine value: stride times the index of loop `loop`.
struct Term {
  uint8_t loop = 0;
  int64_t stride = 0;
  bool operator==(const Term &o) const { return loop == o.loop && stride == o.stride; }
  bool operator!=(const Term &o) const { return !(*this == o); }
};

/// Canonical: sorted by loop, every loop at most once, no stride is zero.
using Terms = boost::container::static_vector<Term, kMaxLoopDepth>;

inline int64_t evaluateTerms(const Terms &terms, const int64_t *index) {
  int64_t sum = 0;
  for (const Term &term : terms)
    sum += term.stride * index[term.loop];
  return sum;
}

/// Adds stride * index[loop] to `terms` and keeps them canonical. REQUIRES: loop < kMaxLoopDepth.
void addTerm(Terms &terms, uint8_t loop, int64_t stride);

/// base + sum of strides times loop indices.
struct Affine {
  int64_t base = 0;
  Terms terms;

  Affine() = default;
  Affine(int64_t constant) : base(constant) {}
  Affine(int64_t constant, Terms theTerms) : base(constant), terms(std::move(theTerms)) {}

  int64_t evaluate(const int64_t *index) const { return base + evaluateTerms(terms, index); }
  bool isConstant() const { return terms.empty(); }
  bool operator==(const Affine &o) const { return base == o.base && terms == o.terms; }
  bool operator!=(const Affine &o) const { return !(*this == o); }
};

/// A size: `tile`, or clamp(limit, 0, tile) at a ragged edge.
struct Extent {
  int64_t tile = 1;
  Affine limit; // meaningless unless clamped
  bool clamped = false;

  Extent() = default;
  Extent(int64_t size) : tile(size) {}
  Extent(int64_t size, Affine theLimit) : tile(size), limit(std::move(theLimit)), clamped(true) {}

  int64_t evaluate(const int64_t *index) const {
    if (!clamped)
      return tile;
    int64_t value = limit.evaluate(index);
    return value < 0 ? 0 : value > tile ? tile : value;
  }
  bool operator==(const Extent &o) const {
    return tile == o.tile && clamped == o.clamped && (!clamped || limit == o.limit);
  }
  bool operator!=(const Extent &o) const { return !(*this == o); }
};

/// base + slotSize * floorMod(slot, slots) + sum of strides. Bytes in the scratchpad, rows in an accumulator.
struct Address {
  int64_t base = 0;
  uint32_t slots = 1; // at least 1
  int64_t slotSize = 0;
  Affine slot;
  Terms strides;

  Address() = default;
  Address(int64_t constant) : base(constant) {}

  int64_t evaluate(const int64_t *index) const {
    int64_t value = base + evaluateTerms(strides, index);
    if (slots > 1) {
      int64_t position = slot.evaluate(index) % int64_t(slots);
      value += slotSize * (position < 0 ? position + int64_t(slots) : position);
    }
    return value;
  }
  bool hasRing() const { return slots != 1 || slotSize != 0 || slot != Affine(); }
  bool operator==(const Address &o) const {
    return base == o.base && slots == o.slots && slotSize == o.slotSize && slot == o.slot &&
           strides == o.strides;
  }
  bool operator!=(const Address &o) const { return !(*this == o); }
};

/// Satisfied when the counter has reached the value; values of zero and less always are.
struct Wait {
  uint8_t counter = 0;
  Affine value;
  bool operator==(const Wait &o) const { return counter == o.counter && value == o.value; }
  bool operator!=(const Wait &o) const { return !(*this == o); }
};

/// An entry of the program's tensor table; a type of its own so that it is written by name.
struct TensorIndex {
  uint16_t value = 0;
  TensorIndex() = default;
  TensorIndex(uint16_t index) : value(index) {}
  operator uint16_t() const { return value; }
};

/// Equality of fields: floats by their bits, so that NaN equals itself and -0 differs from +0.
template <class T> bool same(const T &a, const T &b) { return a == b; }
inline bool same(float a, float b) {
  uint32_t aBits, bBits;
  std::memcpy(&aBits, &a, sizeof a);
  std::memcpy(&bBits, &b, sizeof b);
  return aBits == bBits;
}

} // namespace arsis::isa
