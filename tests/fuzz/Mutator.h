// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Changes inputs at random, the same way every time: bits, bytes, pieces, numbers in text and in binary,
// tokens of the format. Used where libFuzzer is not: in the tests of the ordinary build.
#ifndef ARSIS_TESTS_FUZZ_MUTATOR_H
#define ARSIS_TESTS_FUZZ_MUTATOR_H

#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace arsis::fuzz {

class Mutator {
public:
  /// REQUIRES: at least one seed. `tokens` may be empty.
  Mutator(std::vector<std::string> theSeeds, std::vector<std::string> theTokens)
      : seeds(std::move(theSeeds)), tokens(std::move(theTokens)) {}

  /// Mutant `number` of this corpus: a seed with one to four changes. Depends on nothing else.
  std::string mutant(uint64_t number) const;

private:
  using Random = std::mt19937_64;
  using Change = void (Mutator::*)(std::string &, Random &) const;

  void flipBit(std::string &input, Random &random) const;
  void setByte(std::string &input, Random &random) const;
  void truncate(std::string &input, Random &random) const;
  void erase(std::string &input, Random &random) const;
  void insertBytes(std::string &input, Random &random) const;
  void repeat(std::string &input, Random &random) const;
  void splice(std::string &input, Random &random) const;
  void token(std::string &input, Random &random) const;
  void decimal(std::string &input, Random &random) const;
  void word(std::string &input, Random &random) const;
  void varint(std::string &input, Random &random) const;
  void fixedWidth(std::string &input, Random &random) const;

  std::vector<std::string> seeds, tokens;
};

/// The tokens of a dictionary in libFuzzer's format: lines of `"text"` with \\, \" and \xNN, comments with #.
/// Throws std::runtime_error on another line.
std::vector<std::string> parseDictionary(const std::string &text);

} // namespace arsis::fuzz

#endif
