// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Every key a chip description has: its unit, its range and its meaning. The reader checks YAML against this
// table and the manual page keys.md is printed from it, so a new key is one line of Keys.cpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace arsis::chip {

struct KeySpec {
  enum Kind { Integer, Real, Text };
  std::string_view key;  // section.name, as in the YAML
  std::string_view unit; // as it must stand in the YAML
  Kind kind;
  double minimum, maximum; // inclusive, of a number
  std::string_view description;
  std::string_view words = {}; // of a text: what it may be, separated by spaces; anything if empty
  bool optional = false;       // a chip may leave it out: then it is a function of sizes and technology
};

/// The whole table, in the order in which pages and reports list it.
const std::vector<KeySpec> &keySpecs();

/// The part of the table under `dram.` (DramKeys.cpp).
std::vector<KeySpec> dramKeySpecs();

/// The entry of `key`, or null.
const KeySpec *findKey(std::string_view key);

/// What a message expects instead of a key that this schema does not have: the keys that took the place of an
/// old one, else any key.
std::string insteadOf(std::string_view key);

/// The table as a Markdown page (arch_configs/schema/keys.md).
std::string keysAsMarkdown();

/// A number as the schema writes it: no exponent, no trailing zeros.
std::string formatNumber(double value);

} // namespace arsis::chip
