// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Reading and writing the binary form. ByteWriter and ByteReader have the same call operator for every kind
// of value, so that one description of a record (Tables.h) serves both directions. Everything is little
// endian; integers wider than a byte are LEB128 (zigzag if signed) in their shortest form, so that equal
// values have equal bytes. The reader checks every access and throws an Error that names the section, the
// offset in it and what was being read.
#pragma once

#include "dialects/Isa/Encoding/Program.h"

namespace arsis::isa {

class ByteWriter {
public:
  static constexpr bool kReading = false;
  std::vector<uint8_t> bytes;

  void raw(const void *data, size_t size) {
    auto *begin = static_cast<const uint8_t *>(data);
    bytes.insert(bytes.end(), begin, begin + size);
  }
  template <class T> void fixed(T value) {
    for (size_t i = 0; i < sizeof(T); ++i)
      bytes.push_back(uint8_t(uint64_t(value) >> (8 * i)));
  }
  void unsignedNumber(uint64_t value);
  void signedNumber(int64_t value) { unsignedNumber((uint64_t(value) << 1) ^ uint64_t(value >> 63)); }

  void operator()(uint8_t value) { bytes.push_back(value); }
  void operator()(bool value) { bytes.push_back(value); }
  void operator()(uint16_t value) { unsignedNumber(value); }
  void operator()(uint32_t value) { unsignedNumber(value); }
  void operator()(uint64_t value) { unsignedNumber(value); }
  void operator()(int32_t value) { signedNumber(value); }
  void operator()(int64_t value) { signedNumber(value); }
  void operator()(float value);
  void operator()(TensorIndex value) { unsignedNumber(value.value); }
  void operator()(const std::string &value);
  void operator()(const Terms &);
  void operator()(const Affine &);
  void operator()(const Extent &);
  void operator()(const Address &);
  void operator()(const Wait &);
  template <class E, std::enable_if_t<std::is_enum_v<E>, int> = 0> void operator()(E value) {
    bytes.push_back(uint8_t(value));
  }
  template <class T, size_t n> void operator()(const std::array<T, n> &values) {
    for (const T &value : values)
      (*this)(value);
  }

private:
  void checkTerms(const Terms &);
};

class ByteReader {
public:
  static constexpr bool kReading = true;
  ByteReader(const uint8_t *theData, size_t theSize, std::string theSection)
      : data(theData), size(theSize), section(std::move(theSection)) {}

  size_t offset = 0;
  std::string item; // what is being read, for messages

  size_t left() const { return size - offset; }
  [[noreturn]] void fail(const std::string &what) const { failAt(offset, what); }
  [[noreturn]] void failAt(size_t position, const std::string &what) const;

  const uint8_t *raw(size_t count) {
    if (count > left())
      fail("truncated: " + std::to_string(count) + " bytes expected, " + std::to_string(left()) + " left");
    offset += count;
    return data + offset - count;
  }
  template <class T> T fixed() {
    const uint8_t *p = raw(sizeof(T));
    uint64_t value = 0;
    for (size_t i = 0; i < sizeof(T); ++i)
      value |= uint64_t(p[i]) << (8 * i);
    return T(value);
  }
  uint64_t unsignedNumber(uint64_t most);
  int64_t signedNumber();
  /// A number of elements that take at least one byte each, so at most as many as bytes are left.
  size_t count();

  void operator()(uint8_t &value) { value = *raw(1); }
  void operator()(bool &value);
  void operator()(uint16_t &value) { value = uint16_t(unsignedNumber(UINT16_MAX)); }
  void operator()(uint32_t &value) { value = uint32_t(unsignedNumber(UINT32_MAX)); }
  void operator()(uint64_t &value) { value = unsignedNumber(UINT64_MAX); }
  void operator()(int32_t &value);
  void operator()(int64_t &value) { value = signedNumber(); }
  void operator()(float &value);
  void operator()(TensorIndex &value) { (*this)(value.value); }
  void operator()(std::string &value);
  void operator()(Affine &);
  void operator()(Extent &);
  void operator()(Address &);
  void operator()(Wait &);
  template <class E, std::enable_if_t<std::is_enum_v<E>, int> = 0> void operator()(E &value) {
    size_t start = offset;
    uint8_t byte = *raw(1);
    if (byte >= std::size(EnumTraits<E>::kNames))
      failAt(start, std::string(EnumTraits<E>::kWhat) + " is " + std::to_string(byte) +
                        ", expected less than " + std::to_string(std::size(EnumTraits<E>::kNames)));
    value = E(byte);
  }
  template <class T, size_t n> void operator()(std::array<T, n> &values) {
    for (T &value : values)
      (*this)(value);
  }

private:
  void terms(Terms &, size_t count);

  const uint8_t *data;
  size_t size;
  std::string section;
};

} // namespace arsis::isa
