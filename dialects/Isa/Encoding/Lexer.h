// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Tokens of the assembly, one line at a time, each with its column. Every error is thrown as
// `file:line:column: message`.
#pragma once

#include "dialects/Isa/Encoding/Error.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace arsis::isa {

struct Token {
  enum Kind { End, Word, Number, String, Symbol } kind = End;
  std::string text; // of a string: without quotes, escapes resolved
  size_t column = 1;
};

class Lexer {
public:
  Lexer(std::string_view text, std::string_view filename) : rest(text), file(filename) {}

  /// Goes to the next line that has a token. False at the end of the text.
  bool nextLine();
  /// If the next line starts with `|`: its contents after `| `, to the byte.
  bool nextVerbatim(std::string &contents);

  const Token &peek() const { return token; }
  Token take();
  bool at(std::string_view text) const {
    return token.kind != Token::String && token.kind != Token::End && token.text == text;
  }
  /// Takes the token if it is `text`.
  bool accept(std::string_view text);
  void expect(std::string_view text);
  void expectEnd();
  /// A word or a quoted string.
  std::string name(const char *what);
  /// A number without sign; decimal, or hexadecimal with 0x.
  uint64_t unsignedNumber(const char *what, uint64_t most = UINT64_MAX);
  /// The same with an optional minus sign.
  int64_t signedNumber(const char *what, int64_t least = INT64_MIN, int64_t most = INT64_MAX);

  [[noreturn]] void fail(const std::string &what) const { failAt(token.column, what); }
  [[noreturn]] void failAt(size_t column, const std::string &what) const;
  /// Message for a token that does not fit.
  [[noreturn]] void unexpected(const std::string &expected) const;
  size_t lineNumber() const { return line; }
  [[noreturn]] void failAtLine(size_t lineNumber, size_t column, const std::string &what) const;

private:
  void scan();
  std::string quoted();

  std::string_view rest; // lines not yet seen
  std::string_view file;
  std::string_view current; // the line without its comment's meaning
  size_t line = 0, cursor = 0;
  Token token;
};

} // namespace arsis::isa
