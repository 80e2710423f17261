// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Mutator.h. Draws use the modulus of the generator: the standard's distributions differ between
// libraries.
#include "tests/fuzz/Mutator.h"

#include <algorithm>
#include <cctype>
#include <iterator>
#include <stdexcept>

namespace arsis::fuzz {
namespace {

using Random = std::mt19937_64;
constexpr size_t kMostBytes = 1 << 16;

/// Where arithmetic goes wrong: zero, the ends of each width, what multiplies to 2^64.
constexpr int64_t kNumbers[] = {0,
                                1,
                                -1,
                                2,
                                3,
                                7,
                                8,
                                9,
                                16,
                                31,
                                64,
                                100,
                                127,
                                128,
                                255,
                                256,
                                1000,
                                4096,
                                32767,
                                32768,
                                65535,
                                65536,
                                100000,
                                16777216,
                                2147483647,
                                2147483648,
                                4294967295,
                                4294967296,
                                int64_t(1) << 40,
                                int64_t(1) << 62,
                                INT64_MAX,
                                INT64_MIN,
                                INT64_MAX - 1};

size_t below(Random &random, size_t bound) { return bound ? size_t(random() % bound) : 0; }

int64_t number(Random &random) { return kNumbers[below(random, std::size(kNumbers))]; }

/// A position and a length within the text, short ones first.
std::pair<size_t, size_t> range(const std::string &input, Random &random) {
  const size_t begin = below(random, input.size());
  const size_t most = std::min<size_t>(input.size() - begin, size_t(1) << below(random, 10));
  return {begin, 1 + below(random, most)};
}

bool isText(const std::string &input) {
  return std::none_of(input.begin(), input.end(),
                      [](unsigned char c) { return c < ' ' && !std::isspace(c); });
}

/// The word that begins at or behind a random place: begin and end, equal if there is none.
std::pair<size_t, size_t> wordOf(const std::string &input, Random &random) {
  auto isWord = [](unsigned char c) {
    return std::isalpha(c) || c == '_' || c == '.' || c == '%' || c == '#';
  };
  size_t begin = below(random, input.size());
  while (begin > 0 && isWord(input[begin - 1]))
    --begin;
  while (begin < input.size() && !isWord(input[begin]))
    ++begin;
  size_t end = begin;
  while (end < input.size() && (isWord(input[end]) || std::isdigit(static_cast<unsigned char>(input[end]))))
    ++end;
  return {begin, end};
}

std::string leb128(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7)
    bytes += char(value | 0x80);
  return bytes + char(value);
}

} // namespace

std::string Mutator::mutant(uint64_t number) const {
  static const std::vector<Change> kOfText = {
      &Mutator::decimal, &Mutator::decimal, &Mutator::decimal, &Mutator::decimal, &Mutator::word,
      &Mutator::word,    &Mutator::word,    &Mutator::word,    &Mutator::token,   &Mutator::token,
      &Mutator::erase,   &Mutator::repeat,  &Mutator::splice,  &Mutator::flipBit, &Mutator::truncate};
  static const std::vector<Change> kOfBinary = {
      &Mutator::varint,  &Mutator::varint,  &Mutator::varint,  &Mutator::varint,  &Mutator::fixedWidth,
      &Mutator::flipBit, &Mutator::setByte, &Mutator::flipBit, &Mutator::setByte, &Mutator::insertBytes,
      &Mutator::token,   &Mutator::erase,   &Mutator::repeat,  &Mutator::splice,  &Mutator::truncate,
      &Mutator::word,    &Mutator::decimal};
  Random random(number + 1);
  random.discard(16);
  std::string input = seeds[below(random, seeds.size())];
  const std::vector<Change> &changes = isText(input) ? kOfText : kOfBinary;
  for (size_t left = 1 + (below(random, 2) ? below(random, 4) : 0); left > 0; --left) {
    if (input.empty())
      input = seeds[below(random, seeds.size())];
    (this->*changes[below(random, changes.size())])(input, random);
  }
  input.resize(std::min(input.size(), kMostBytes));
  return input;
}

void Mutator::flipBit(std::string &input, Random &random) const {
  if (!input.empty())
    input[below(random, input.size())] ^= char(1 << below(random, 8));
}

void Mutator::setByte(std::string &input, Random &random) const {
  if (!input.empty())
    input[below(random, input.size())] = char(random());
}

void Mutator::truncate(std::string &input, Random &random) const {
  input.resize(below(random, input.size()));
}

void Mutator::erase(std::string &input, Random &random) const {
  if (input.empty())
    return;
  auto [begin, length] = range(input, random);
  input.erase(begin, length);
}

void Mutator::insertBytes(std::string &input, Random &random) const {
  std::string bytes(1 + below(random, 8), '\0');
  for (char &byte : bytes)
    byte = char(random());
  input.insert(below(random, input.size() + 1), bytes);
}

void Mutator::repeat(std::string &input, Random &random) const {
  if (input.empty())
    return;
  auto [begin, length] = range(input, random);
  input.insert(below(random, input.size() + 1), input.substr(begin, length));
}

void Mutator::splice(std::string &input, Random &random) const {
  const std::string &other = seeds[below(random, seeds.size())];
  if (other.empty())
    return;
  auto [begin, length] = range(other, random);
  const size_t at = below(random, input.size() + 1);
  input.replace(at, below(random, 2) ? length : 0, other, begin, length);
}

void Mutator::token(std::string &input, Random &random) const {
  if (tokens.empty())
    return setByte(input, random);
  const std::string &text = tokens[below(random, tokens.size())];
  const size_t at = below(random, input.size() + 1);
  input.replace(at, below(random, 2) ? text.size() : 0, text);
}

/// Replaces a number in text, or changes it by one.
void Mutator::decimal(std::string &input, Random &random) const {
  auto isDigit = [](char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; };
  const auto from = input.begin() + std::ptrdiff_t(below(random, input.size()));
  auto begin = std::find_if(from, input.end(), isDigit);
  if (begin == input.end())
    return setByte(input, random);
  while (begin != input.begin() && isDigit(begin[-1]))
    --begin;
  const auto end = std::find_if_not(begin, input.end(), isDigit);
  std::string text = std::to_string(number(random));
  if (below(random, 2) && end - begin < 18)
    text = std::to_string(std::stoll(std::string(begin, end)) + (below(random, 2) ? 1 : -1));
  input.replace(begin, end, text);
}

/// Replaces a word by one of another place or seed.
void Mutator::word(std::string &input, Random &random) const {
  const std::string &other = seeds[below(random, seeds.size())];
  const auto [begin, end] = wordOf(input, random);
  const auto [from, to] = wordOf(other, random);
  if (begin != end && from != to)
    input.replace(begin, end - begin, other, from, to - from);
}

/// Replaces a number in LEB128 (protocol buffers, program files), keeping what is around it.
void Mutator::varint(std::string &input, Random &random) const {
  if (input.empty())
    return;
  const size_t begin = below(random, input.size());
  size_t end = begin;
  while (end + 1 < input.size() && end - begin < 9 && (input[end] & 0x80))
    ++end;
  const int64_t value = number(random);
  const bool zigzag = below(random, 2);
  const uint64_t bits = zigzag ? (uint64_t(value) << 1) ^ uint64_t(value >> 63) : uint64_t(value);
  input.replace(begin, end + 1 - begin, leb128(bits));
}

void Mutator::fixedWidth(std::string &input, Random &random) const {
  const size_t width = size_t(1) << (1 + below(random, 3));
  if (input.size() < width)
    return setByte(input, random);
  const size_t at = below(random, input.size() - width + 1);
  const uint64_t value = uint64_t(number(random));
  for (size_t i = 0; i < width; ++i)
    input[at + i] = char(value >> (8 * i));
}

/// The token of one line that starts with a quote.
static std::string parseToken(const std::string &line) {
  std::string token;
  for (size_t i = 1; i < line.size(); ++i) {
    if (line[i] == '"')
      return token;
    if (line[i] != '\\') {
      token += line[i];
    } else if (line.compare(i, 2, "\\x") == 0) {
      token += char(std::stoi(line.substr(i + 2, 2), nullptr, 16));
      i += 3;
    } else {
      token += line.at(++i);
    }
  }
  throw std::runtime_error("a dictionary line has no closing quote: " + line);
}

std::vector<std::string> parseDictionary(const std::string &text) {
  std::vector<std::string> tokens;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string line = text.substr(begin, end - begin);
    begin = end + 1;
    if (line.empty() || line[0] == '#')
      continue;
    if (line[0] != '"')
      throw std::runtime_error("a dictionary line is no quoted token: " + line);
    tokens.push_back(parseToken(line));
  }
  return tokens;
}

} // namespace arsis::fuzz
