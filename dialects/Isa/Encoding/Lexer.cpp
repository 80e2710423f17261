// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A hand-written scanner: words, numbers, quoted strings, symbols; `#` ends a line.
#include "dialects/Isa/Encoding/Lexer.h"
#include "dialects/Isa/Encoding/ErrorKind.h"

#include <cctype>
#include <charconv>

namespace arsis::isa {

static bool isWordStart(char c) { return std::isalpha(static_cast<unsigned char>(c)) || c == '_'; }
static bool isWordPart(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.' || c == ':' || c == '/';
}

void Lexer::failAtLine(size_t lineNumber, size_t column, const std::string &what) const {
  throw ProgramError(std::string(file) + ":" + std::to_string(lineNumber) + ":" + std::to_string(column) +
                     ": " + what);
}

void Lexer::failAt(size_t column, const std::string &what) const { failAtLine(line, column, what); }

void Lexer::unexpected(const std::string &expected) const {
  std::string found = token.kind == Token::End ? "the end of the line" : "'" + token.text + "'";
  fail("found " + found + ", expected " + expected);
}

bool Lexer::nextLine() {
  do {
    if (rest.empty())
      return false;
    size_t end = rest.find('\n');
    current = rest.substr(0, end);
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
    ++line;
    cursor = 0;
    scan();
  } while (token.kind == Token::End);
  return true;
}

bool Lexer::nextVerbatim(std::string &contents) {
  size_t start = rest.find_first_not_of(' ');
  if (start == std::string_view::npos || rest[start] != '|')
    return false;
  size_t end = rest.find('\n');
  std::string_view whole = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  ++line;
  current = {};
  token = {};
  whole.remove_prefix(start + 1);
  if (!whole.empty() && whole.front() == ' ')
    whole.remove_prefix(1);
  contents = whole;
  return true;
}

void Lexer::scan() {
  while (cursor < current.size() &&
         (current[cursor] == ' ' || current[cursor] == '\t' || current[cursor] == '\r'))
    ++cursor;
  size_t start = cursor;
  token = {Token::End, "", start + 1};
  if (start == current.size() || current[start] == '#')
    return;
  char c = current[start];
  if (isWordStart(c)) {
    while (cursor < current.size() && isWordPart(current[cursor]))
      ++cursor;
    token.kind = Token::Word;
  } else if (std::isdigit(static_cast<unsigned char>(c))) {
    bool hexadecimal = current.substr(start, 2) == "0x";
    for (; cursor < current.size(); ++cursor) {
      char next = current[cursor];
      bool exponentSign = !hexadecimal && (next == '-' || next == '+') &&
                          (current[cursor - 1] == 'e' || current[cursor - 1] == 'E');
      if (!std::isalnum(static_cast<unsigned char>(next)) && next != '.' && !exponentSign)
        break;
    }
    token.kind = Token::Number;
  } else if (c == '"') {
    token.kind = Token::String;
    token.text = quoted();
    return;
  } else {
    constexpr std::string_view kSymbols = "[](),=+-*@<>|";
    if (kSymbols.find(c) == std::string_view::npos)
      fail(std::string("unexpected character '") + c + "'");
    ++cursor;
    if (cursor < current.size() && current[cursor] == '=' && (c == '=' || c == '>'))
      ++cursor;
    token.kind = Token::Symbol;
  }
  token.text = current.substr(start, cursor - start);
}

std::string Lexer::quoted() {
  std::string value;
  size_t start = cursor++;
  auto unfinished = [&] { failAt(start + 1, "string without a closing quote"); };
  for (;; ++cursor) {
    if (cursor >= current.size())
      unfinished();
    char c = current[cursor];
    if (c == '"')
      break;
    if (c != '\\') {
      value += c;
      continue;
    }
    if (++cursor >= current.size())
      unfinished();
    switch (current[cursor]) {
    case 'n':
      value += '\n';
      break;
    case '"':
    case '\\':
      value += current[cursor];
      break;
    case 'x': {
      unsigned code = 0;
      const char *digits = current.data() + cursor + 1;
      if (cursor + 2 >= current.size() || std::from_chars(digits, digits + 2, code, 16).ptr != digits + 2)
        failAt(cursor, "found a broken escape, expected \\x and two hexadecimal digits");
      value += char(code);
      cursor += 2;
      break;
    }
    default:
      failAt(cursor, std::string("unknown escape '\\") + current[cursor] + "'");
    }
  }
  ++cursor;
  return value;
}

Token Lexer::take() {
  Token taken = token;
  scan();
  return taken;
}

bool Lexer::accept(std::string_view text) {
  if (!at(text))
    return false;
  scan();
  return true;
}

void Lexer::expect(std::string_view text) {
  if (!accept(text))
    unexpected("'" + std::string(text) + "'");
}

void Lexer::expectEnd() {
  if (token.kind != Token::End)
    unexpected("the end of the line");
}

std::string Lexer::name(const char *what) {
  if (token.kind != Token::Word && token.kind != Token::String)
    unexpected(what);
  return take().text;
}

uint64_t Lexer::unsignedNumber(const char *what, uint64_t most) {
  if (token.kind != Token::Number)
    unexpected(what);
  std::string_view digits = token.text;
  bool hexadecimal = digits.substr(0, 2) == "0x";
  if (hexadecimal)
    digits.remove_prefix(2);
  uint64_t value = 0;
  auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, hexadecimal ? 16 : 10);
  if (error == std::errc::invalid_argument || end != digits.data() + digits.size())
    unexpected(what);
  if (error == std::errc::result_out_of_range || value > most)
    fail(std::string(what) + " is " + token.text + ", expected at most " + std::to_string(most));
  scan();
  return value;
}

int64_t Lexer::signedNumber(const char *what, int64_t least, int64_t most) {
  size_t column = token.column;
  bool negative = accept("-");
  uint64_t magnitude = unsignedNumber(what, uint64_t(1) << 63);
  __int128 value = negative ? -__int128(magnitude) : __int128(magnitude);
  if (value < least || value > most)
    failAt(column, std::string(what) + " is out of range, expected " + std::to_string(least) + " to " +
                       std::to_string(most));
  return int64_t(value);
}

} // namespace arsis::isa
