// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Printing and parsing of operands. Sums may be written in any order and are made canonical; they are printed
// with the base first, then the ring, then the loops from the outermost in.
#include "dialects/Isa/Encoding/Operands.h"

#include <charconv>
#include <cmath>
#include <cstdio>

namespace arsis::isa {

std::string quoteName(std::string_view text) {
  std::string quoted;
  bool plain = !text.empty() && (std::isalpha(static_cast<unsigned char>(text[0])) || text[0] == '_');
  for (char c : text) {
    plain &= (std::isalnum(static_cast<unsigned char>(c)) && !(c & 0x80)) || c == '_' || c == '.' ||
             c == ':' || c == '/';
    if (c == '"' || c == '\\')
      quoted += std::string("\\") + c;
    else if (c == '\n')
      quoted += "\\n";
    else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      char code[5];
      std::snprintf(code, sizeof code, "\\x%02x", static_cast<unsigned char>(c));
      quoted += code;
    } else
      quoted += c;
  }
  return plain ? std::string(text) : "\"" + quoted + "\"";
}

// ---- Printing ----

void OperandPrinter::operator()(float value) {
  char text[32];
  if (std::isnan(value)) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    std::snprintf(text, sizeof text, "0x%08x", bits);
  } else if (std::isinf(value)) {
    std::snprintf(text, sizeof text, "%s", value < 0 ? "-inf" : "inf");
  } else {
    *std::to_chars(text, text + sizeof text - 1, value).ptr = 0; // shortest text that reads back the same
  }
  out << text;
}

void OperandPrinter::operator()(TensorIndex value) {
  if (value < program.tensors.size())
    out << quoteName(program.tensors[value].name);
  else
    out << value.value;
}

void OperandPrinter::terms(const Terms &terms, bool first) {
  for (const Term &term : terms) {
    uint64_t magnitude = term.stride < 0 ? -uint64_t(term.stride) : uint64_t(term.stride);
    out << (first ? (term.stride < 0 ? "-" : "") : (term.stride < 0 ? " - " : " + "));
    if (magnitude != 1)
      out << magnitude << "*";
    out << "i" << unsigned(term.loop);
    first = false;
  }
}

void OperandPrinter::operator()(const Affine &value) {
  bool hasBase = value.base != 0 || value.terms.empty();
  if (hasBase)
    out << value.base;
  terms(value.terms, !hasBase);
}

void OperandPrinter::operator()(const Extent &value) {
  if (!value.clamped) {
    out << value.tile;
    return;
  }
  out << "min(" << value.tile << ", ";
  (*this)(value.limit);
  out << ")";
}

void OperandPrinter::operator()(const Address &value) {
  bool first = value.base == 0 && (value.hasRing() || !value.strides.empty());
  if (!first)
    out << value.base;
  if (value.hasRing()) {
    uint64_t magnitude = value.slotSize < 0 ? -uint64_t(value.slotSize) : uint64_t(value.slotSize);
    out << (first ? (value.slotSize < 0 ? "-" : "") : (value.slotSize < 0 ? " - " : " + ")) << magnitude
        << "*((";
    (*this)(value.slot);
    out << ") mod " << value.slots << ")";
    first = false;
  }
  terms(value.strides, first);
}

// ---- Parsing ----

void OperandParser::operator()(float &value) {
  size_t column = in.peek().column;
  bool negative = in.accept("-");
  if (in.accept("inf")) {
    value = negative ? -INFINITY : INFINITY;
    return;
  }
  if (in.peek().kind != Token::Number)
    in.unexpected("a number");
  std::string text = in.peek().text;
  if (text.substr(0, 2) == "0x") {
    uint32_t bits = uint32_t(in.unsignedNumber("the bits of a number", UINT32_MAX));
    if (negative)
      in.failAt(column, "found a sign before the bits of a number, expected none");
    std::memcpy(&value, &bits, sizeof bits);
    return;
  }
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range)
    in.fail("'" + text + "' does not fit 32 bits");
  if (error != std::errc() || end != text.data() + text.size())
    in.unexpected("a number");
  in.take();
  if (negative)
    value = -value;
}

void OperandParser::operator()(TensorIndex &value) {
  if (in.peek().kind == Token::Number) {
    (*this)(value.value);
    return;
  }
  size_t column = in.peek().column;
  std::string name = in.name("the name of a tensor");
  auto found = tensors.find(name);
  if (found == tensors.end())
    in.failAt(column, "no tensor is called '" + name + "'");
  value = found->second;
}

/// A sum while it is read; wide, so that overflow shows at the end.
struct OperandParser::Sum {
  __int128 base = 0;
  std::array<__int128, kMaxLoopDepth> strides{};
  bool ringAllowed = false, ring = false;
  int64_t slotSize = 0;
  uint32_t slots = 1;
  Affine slot;

  bool fits(__int128 value) const { return value >= INT64_MIN && value <= INT64_MAX; }
  bool fits() const {
    bool all = fits(base);
    for (__int128 stride : strides)
      all &= fits(stride);
    return all;
  }
  Terms terms() const {
    Terms terms;
    for (unsigned loop = 0; loop < kMaxLoopDepth; ++loop)
      addTerm(terms, uint8_t(loop), int64_t(strides[loop]));
    return terms;
  }
};

uint8_t OperandParser::loopIndex() {
  const Token &token = in.peek();
  if (token.kind != Token::Word || token.text.size() != 2 || token.text[0] != 'i' || token.text[1] < '0' ||
      token.text[1] >= char('0' + kMaxLoopDepth))
    in.unexpected("a loop index, i0 to i" + std::to_string(kMaxLoopDepth - 1));
  return uint8_t(in.take().text[1] - '0');
}

void OperandParser::sum(Sum &result) {
  size_t start = in.peek().column;
  for (bool first = true;; first = false) {
    bool negative = in.accept("-");
    if (!negative && !first && !in.accept("+"))
      break;
    if (in.peek().kind == Token::Word) {
      uint8_t loop = loopIndex();
      uint64_t magnitude = in.accept("*") ? in.unsignedNumber("a stride", uint64_t(1) << 63) : 1;
      result.strides[loop] += negative ? -__int128(magnitude) : __int128(magnitude);
      continue;
    }
    uint64_t magnitude = in.unsignedNumber("a number or a loop index", uint64_t(1) << 63);
    __int128 value = negative ? -__int128(magnitude) : __int128(magnitude);
    if (!in.accept("*")) {
      result.base += value;
    } else if (in.at("(") && result.ringAllowed) {
      if (result.ring)
        in.fail("found a second ring, expected at most one");
      in.expect("(");
      in.expect("(");
      (*this)(result.slot);
      in.expect(")");
      in.expect("mod");
      result.slots = uint32_t(in.unsignedNumber("the number of slots", UINT32_MAX));
      in.expect(")");
      if (result.slots == 0 || !result.fits(value))
        in.failAt(start, result.slots == 0 ? "ring of 0 slots, expected at least 1"
                                           : "slot size does not fit 64 bits");
      result.ring = true;
      result.slotSize = int64_t(value);
    } else {
      result.strides[loopIndex()] += value;
    }
  }
  if (!result.fits())
    in.failAt(start, "a sum does not fit 64 bits");
}

void OperandParser::operator()(Affine &value) {
  Sum result;
  sum(result);
  value = Affine(int64_t(result.base), result.terms());
}

void OperandParser::operator()(Extent &value) {
  if (!in.accept("min")) {
    value = Extent(in.signedNumber("a size"));
    return;
  }
  in.expect("(");
  value.tile = in.signedNumber("a size");
  in.expect(",");
  (*this)(value.limit);
  in.expect(")");
  value.clamped = true;
}

void OperandParser::operator()(Address &value) {
  Sum result;
  result.ringAllowed = true;
  sum(result);
  value.base = int64_t(result.base);
  value.slots = result.slots;
  value.slotSize = result.slotSize;
  value.slot = result.slot;
  value.strides = result.terms();
}

} // namespace arsis::isa
