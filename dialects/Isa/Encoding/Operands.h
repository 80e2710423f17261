// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The textual form of every kind of field: `print` and `parse` side by side, one overload per kind. Both are
// generic over arrays and enumerations, so a new field of a known kind needs nothing here.
#pragma once

#include "dialects/Isa/Encoding/Lexer.h"
#include "dialects/Isa/Encoding/Program.h"

#include <ostream>

namespace arsis::isa {

/// `text` as the assembly writes names: plain if it is a word, else quoted.
std::string quoteName(std::string_view text);

class OperandPrinter {
public:
  OperandPrinter(std::ostream &stream, const Program &theProgram) : out(stream), program(theProgram) {}

  void operator()(uint8_t value) { out << unsigned(value); }
  void operator()(uint16_t value) { out << value; }
  void operator()(uint32_t value) { out << value; }
  void operator()(int32_t value) { out << value; }
  void operator()(int64_t value) { out << value; }
  void operator()(float value);
  void operator()(TensorIndex value);
  void operator()(const Affine &value);
  void operator()(const Extent &value);
  void operator()(const Address &value);
  template <class E, std::enable_if_t<std::is_enum_v<E>, int> = 0> void operator()(E value) {
    out << EnumTraits<E>::kNames[unsigned(value)];
  }
  template <class T, size_t n> void operator()(const std::array<T, n> &values) {
    for (size_t i = 0; i < n; ++i) {
      out << (i ? ", " : "[");
      (*this)(values[i]);
    }
    out << "]";
  }

private:
  void terms(const Terms &terms, bool first);

  std::ostream &out;
  const Program &program;
};

class OperandParser {
public:
  /// `tensors`: name to index; entries may be added until the first use.
  OperandParser(Lexer &theLexer, const std::map<std::string, uint16_t> &theTensors)
      : in(theLexer), tensors(theTensors) {}

  void operator()(uint8_t &value) { value = uint8_t(in.unsignedNumber("a number", UINT8_MAX)); }
  void operator()(uint16_t &value) { value = uint16_t(in.unsignedNumber("a number", UINT16_MAX)); }
  void operator()(uint32_t &value) { value = uint32_t(in.unsignedNumber("a number", UINT32_MAX)); }
  void operator()(int32_t &value) { value = int32_t(in.signedNumber("a number", INT32_MIN, INT32_MAX)); }
  void operator()(int64_t &value) { value = in.signedNumber("a number"); }
  void operator()(float &value);
  void operator()(TensorIndex &value);
  void operator()(Affine &value);
  void operator()(Extent &value);
  void operator()(Address &value);
  template <class E, std::enable_if_t<std::is_enum_v<E>, int> = 0> void operator()(E &value) {
    for (size_t i = 0; i < std::size(EnumTraits<E>::kNames); ++i)
      if (in.accept(EnumTraits<E>::kNames[i])) {
        value = E(i);
        return;
      }
    std::string expected;
    for (std::string_view name : EnumTraits<E>::kNames)
      expected += (expected.empty() ? "" : ", ") + std::string(name);
    in.unexpected("one of " + expected);
  }
  template <class T, size_t n> void operator()(std::array<T, n> &values) {
    for (size_t i = 0; i < n; ++i) {
      in.expect(i ? "," : "[");
      (*this)(values[i]);
    }
    in.expect("]");
  }

private:
  struct Sum;
  void sum(Sum &result);
  uint8_t loopIndex();

  Lexer &in;
  const std::map<std::string, uint16_t> &tensors;
};

} // namespace arsis::isa
