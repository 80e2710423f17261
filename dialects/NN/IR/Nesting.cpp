// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One pass over the characters. An arrow's head is no bracket, and a bracket that closes more than was opened
// is left to the parser.

#include "dialects/NN/IR/Nesting.h"

#include <algorithm>

namespace arsis::nn {

std::string checkNesting(std::string_view text) {
  int depth = 0, signs = 0, line = 1;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i], next = i + 1 < text.size() ? text[i + 1] : '\0';
    if (c == '\n')
      ++line;
    if (c == '"') {
      for (++i; i < text.size() && text[i] != '"' && text[i] != '\n'; ++i)
        i += text[i] == '\\';
    } else if (c == '/' && next == '/') {
      i = std::min(text.find('\n', i), text.size()) - 1;
    } else if (c == '-' && next == '>') {
      ++i;
    } else if (c == '(' || c == '[' || c == '{' || c == '<') {
      ++depth;
    } else if (c == ')' || c == ']' || c == '}' || c == '>') {
      depth = std::max(0, depth - 1);
    }
    signs = c == '-' ? signs + 1 : c == ' ' ? signs : 0;
    if (std::max(depth, signs) > kDeepestNesting)
      return "line " + std::to_string(line) + " nests deeper than " + std::to_string(kDeepestNesting) +
             " brackets";
  }
  return "";
}

} // namespace arsis::nn
