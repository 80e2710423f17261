// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Encoding of single values. Reader and writer stand side by side, kind by kind.
#include "dialects/Isa/Encoding/Bytes.h"
#include "dialects/Isa/Encoding/ErrorKind.h"

#include <limits>

namespace arsis::isa {

// Address flags: the number of strides in the low bits, and whether a ring follows.
constexpr uint8_t kAddressStrideMask = 0x0f;
constexpr uint8_t kAddressRing = 0x10;

void ByteReader::failAt(size_t position, const std::string &what) const {
  throw ProgramError("program file, section " + section + ", offset " + std::to_string(position) +
                     (item.empty() ? "" : " (" + item + ")") + ": " + what);
}

// ---- Numbers ----

void ByteWriter::unsignedNumber(uint64_t value) {
  for (; value >= 0x80; value >>= 7)
    bytes.push_back(uint8_t(value) | 0x80);
  bytes.push_back(uint8_t(value));
}

uint64_t ByteReader::unsignedNumber(uint64_t most) {
  size_t start = offset;
  uint64_t value = 0;
  for (unsigned shift = 0;; shift += 7) {
    uint8_t byte = *raw(1);
    if (shift == 63 && byte > 1)
      failAt(start, "number longer than 64 bits");
    value |= uint64_t(byte & 0x7f) << shift;
    if (byte & 0x80)
      continue;
    if (byte == 0 && shift != 0)
      failAt(start, "number not in its shortest form");
    break;
  }
  if (value > most)
    failAt(start, "number is " + std::to_string(value) + ", expected at most " + std::to_string(most));
  return value;
}

int64_t ByteReader::signedNumber() {
  uint64_t value = unsignedNumber(std::numeric_limits<uint64_t>::max());
  return int64_t(value >> 1) ^ -int64_t(value & 1);
}

void ByteReader::operator()(int32_t &value) {
  size_t start = offset;
  int64_t wide = signedNumber();
  if (wide < INT32_MIN || wide > INT32_MAX)
    failAt(start, "number is " + std::to_string(wide) + ", expected 32 bits");
  value = int32_t(wide);
}

size_t ByteReader::count() {
  size_t start = offset;
  uint64_t value = unsignedNumber(std::numeric_limits<uint64_t>::max());
  if (value > left())
    failAt(start, "truncated: " + std::to_string(value) + " elements expected, " + std::to_string(left()) +
                      " bytes left");
  return size_t(value);
}

void ByteReader::operator()(bool &value) {
  size_t start = offset;
  uint8_t byte = *raw(1);
  if (byte > 1)
    failAt(start, "flag is " + std::to_string(byte) + ", expected 0 or 1");
  value = byte;
}

void ByteWriter::operator()(float value) {
  uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  fixed(bits);
}

void ByteReader::operator()(float &value) {
  uint32_t bits = fixed<uint32_t>();
  std::memcpy(&value, &bits, sizeof bits);
}

void ByteWriter::operator()(const std::string &value) {
  unsignedNumber(value.size());
  raw(value.data(), value.size());
}

void ByteReader::operator()(std::string &value) {
  size_t length = count();
  value.assign(reinterpret_cast<const char *>(raw(length)), length);
}

// ---- Kinds of fields ----

void ByteWriter::checkTerms(const Terms &terms) {
  int previous = -1;
  for (const Term &term : terms) {
    if (term.loop <= previous || term.loop >= kMaxLoopDepth || term.stride == 0)
      throw ProgramError("terms of an affine value are not canonical: loop " + std::to_string(term.loop) +
                         " with stride " + std::to_string(term.stride) + " after loop " +
                         std::to_string(previous));
    previous = term.loop;
  }
}

void ByteWriter::operator()(const Terms &terms) {
  checkTerms(terms);
  for (const Term &term : terms) {
    (*this)(term.loop);
    (*this)(term.stride);
  }
}

void ByteReader::terms(Terms &terms, size_t count) {
  if (count > kMaxLoopDepth)
    fail(std::to_string(count) + " terms, expected at most " + std::to_string(kMaxLoopDepth));
  terms.clear();
  int previous = -1;
  for (size_t i = 0; i < count; ++i) {
    size_t start = offset;
    Term term;
    (*this)(term.loop);
    (*this)(term.stride);
    if (term.loop <= previous || term.loop >= kMaxLoopDepth || term.stride == 0)
      failAt(start, "term of loop " + std::to_string(term.loop) + " with stride " +
                        std::to_string(term.stride) + ", expected ascending loops below " +
                        std::to_string(kMaxLoopDepth) + " and strides that are not zero");
    previous = term.loop;
    terms.push_back(term);
  }
}

void ByteWriter::operator()(const Affine &value) {
  (*this)(uint8_t(value.terms.size()));
  (*this)(value.base);
  (*this)(value.terms);
}

void ByteReader::operator()(Affine &value) {
  uint8_t count;
  (*this)(count);
  (*this)(value.base);
  terms(value.terms, count);
}

void ByteWriter::operator()(const Extent &value) {
  (*this)(value.clamped);
  (*this)(value.tile);
  if (value.clamped)
    (*this)(value.limit);
}

void ByteReader::operator()(Extent &value) {
  (*this)(value.clamped);
  (*this)(value.tile);
  if (value.clamped)
    (*this)(value.limit);
}

void ByteWriter::operator()(const Address &value) {
  if (value.slots == 0)
    throw ProgramError("address with a ring of 0 slots, expected at least 1");
  (*this)(uint8_t(value.strides.size() | (value.hasRing() ? kAddressRing : 0)));
  (*this)(value.base);
  if (value.hasRing()) {
    (*this)(value.slotSize);
    (*this)(value.slots);
    (*this)(value.slot);
  }
  (*this)(value.strides);
}

void ByteReader::operator()(Address &value) {
  size_t start = offset;
  uint8_t flags;
  (*this)(flags);
  if (flags & ~(kAddressStrideMask | kAddressRing))
    failAt(start, "address flags are " + std::to_string(flags) + ", expected only ring and stride count");
  (*this)(value.base);
  if (flags & kAddressRing) {
    (*this)(value.slotSize);
    (*this)(value.slots);
    (*this)(value.slot);
    if (value.slots == 0 || !value.hasRing())
      failAt(start, value.slots == 0 ? "ring of 0 slots, expected at least 1"
                                     : "ring without effect, expected none");
  }
  terms(value.strides, flags & kAddressStrideMask);
}

void ByteWriter::operator()(const Wait &value) {
  (*this)(value.counter);
  (*this)(value.value);
}

void ByteReader::operator()(Wait &value) {
  (*this)(value.counter);
  (*this)(value.value);
}

} // namespace arsis::isa
