// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A chip as the compiler, the verifier and the simulator see it: checked values by dotted key, read from one
// YAML file. A chip remembers which keys were read; that set with its values is what a compilation depended
// on (the compile key).
#pragma once

#include "dialects/Isa/Encoding/Error.h"

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace arsis::chip {

struct KeySpec;

/// A key on which two chips differ.
struct Difference {
  std::string key, left, right; // values as text
};

/// A value that replaces the file's.
struct Override {
  std::string key, from, to; // values as text; `from` is the file's
};

/// Copies share the record of read keys; see withoutReads.
class Chip {
public:
  /// A shipped chip by name ("edge"), or a YAML file by path (anything with a '/' or ending in ".yaml").
  /// Names are looked up in the folders of the environment variable ARSIS_CHIP_PATH (separated by ':'), in
  /// the source tree, and in the installation. Throws Error naming the key, file:line and what was expected.
  static Chip load(const std::string &pathOrName);
  /// The same from text; `filename` is used in messages only.
  static Chip parse(const std::string &yaml, const std::string &filename);
  /// Names of the chips that `load` finds, sorted.
  static std::vector<std::string> shipped();
  /// Names of the presets that `dram.preset` finds, sorted, in folders `dram` beside or in those of the
  /// chips.
  static std::vector<std::string> dramPresets();

  std::string name;
  std::string description;

  /// Values. Throw Error if the key does not exist, is optional and not given, or is not of that kind (a
  /// whole number can be read as real, everything as text).
  int64_t integer(std::string_view key) const;
  double real(std::string_view key) const;
  /// Whether the file or an override gives an optional key; another key is always given. Throws Error for an
  /// unknown key.
  bool has(std::string_view key) const;
  /// The least and the most that the sources of a value say; the value itself where they agree.
  double low(std::string_view key) const;
  double high(std::string_view key) const;
  /// The keys that are given, in schema order.
  std::vector<std::string> keys() const;
  /// The value as written in the file.
  std::string text(std::string_view key) const;

  /// Unit of a key, given or not, and source of a value; these are not reads.
  std::string unit(std::string_view key) const;
  std::string source(std::string_view key) const;
  /// Whether a value says nothing that others do not say: `dram.channel_gbps` where it follows from
  /// `dram.bandwidth_gbps`.
  bool repeats(std::string_view key) const;
  /// Keys whose source says "assumed", in schema order.
  std::vector<std::string> assumedKeys() const;

  /// Keys read so far through integer, real and text, by this chip and its copies.
  std::set<std::string> readKeys() const;
  /// The same values with an empty record of its own.
  Chip withoutReads() const;

  /// The same chip with one value replaced, checked like the file's; its record is empty and its own.
  /// `dram.preset` replaces all that the preset gives. Of `dram.bandwidth_gbps` and `dram.channel_gbps` the
  /// one that is replaced is kept from then on, and the other follows.
  Chip withOverride(std::string_view key, const std::string &value) const;
  Chip withOverride(std::string_view key, double value) const;
  /// The same for several values at once, by key; relations between keys need to hold at the end only.
  Chip withOverrides(const std::map<std::string, std::string> &values) const;

  /// What differs from the file by override, in schema order.
  std::vector<Override> overrides() const;

private:
  struct Entry {
    std::string text, source;
    double number = 0;
    double low = 0, high = 0;     // around it
    int line = 0;                 // 0: an override
    std::string original, origin; // of an override: text and source in the file
    bool derived = false;         // follows from other keys
  };
  struct Reads;

  Chip();
  const Entry &entry(std::string_view key) const;
  void record(std::string_view key) const;
  /// `low` and `high` as written, or empty.
  void setValue(const KeySpec &spec, Entry entry, const std::string &low = {}, const std::string &high = {});
  double numberOf(const KeySpec &spec, const Entry &entry, const std::string &text) const;
  void replace(std::string_view key, const std::string &value);
  void replace(std::string_view key, const std::string &value, const std::string &source);
  /// Reads sections of keys, or of a preset the one of the DRAM.
  void read(const std::string &yaml, const std::string &filename, bool isPreset);
  void checkConsistency() const;
  void checkMultiple(std::string_view what, double total, std::string_view of, double unit) const;
  void checkSilicon() const;

  // ChipDram.cpp
  /// The keys that a preset gives. Throws Error if there is none of that name; `place` is who asks for it.
  static Chip loadPreset(const std::string &name, const std::string &place);
  /// Takes what the file leaves out from its preset.
  void fillFromPreset();
  void replacePreset(const std::string &name);
  /// The bandwidth of all channels from that of one, or the other way round.
  void deriveBandwidth();
  void checkDram() const;
  std::string where(const Entry &entry) const;

  std::string filename;
  int firstLine = 0; // of the document
  std::map<std::string, Entry, std::less<>> entries;
  std::shared_ptr<Reads> reads;

  friend std::vector<Difference> differences(const Chip &, const Chip &, const std::set<std::string> &);
};

/// The keys among `keys` on which the chips differ, sorted, but for those that repeat others in both; reading
/// for the comparison is not recorded. With
/// the read keys of a compilation: empty means that its program is the same for both chips.
std::vector<Difference> differences(const Chip &left, const Chip &right, const std::set<std::string> &keys);

/// Every key of the schema, for comparing whole chips.
std::set<std::string> allKeys();

} // namespace arsis::chip
