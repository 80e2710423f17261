// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A bounded table of computed results: each key has one place, and a later key of the same place replaces an
// earlier one. A look-up is a few multiplications and a comparison; what is lost is only computed again. The
// table begins small and grows to `most` places.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace arsis::timing {

/// A number as a word of a key.
inline int64_t wordOf(double number) {
  int64_t word;
  std::memcpy(&word, &number, sizeof word);
  return word;
}

/// Results of a pure function of `words` integers. Serves one thread.
template <class Value, size_t words, size_t most = 4096> class Memo {
  static_assert((most & (most - 1)) == 0, "a power of two");

public:
  using Key = std::array<int64_t, words>;

  /// The result for `key`, from `compute()` if it is not there. Lives until the next call.
  template <class Compute> const Value &get(const Key &key, Compute compute) {
    if (const Entry &entry = entries[place(key)]; entry.filled && entry.key == key)
      return entry.value;
    const Value value = compute(); // may ask this table for other keys
    if (2 * filled >= entries.size() && entries.size() < most)
      grow();
    Entry &entry = entries[place(key)];
    filled += entry.filled ? 0 : 1;
    entry = {key, value, true};
    return entry.value;
  }

private:
  struct Entry {
    Key key{};
    Value value{};
    bool filled = false;
  };

  size_t place(const Key &key) const {
    uint64_t hash = 0;
    for (int64_t word : key)
      hash = (hash ^ static_cast<uint64_t>(word)) * 0x9e3779b97f4a7c15ull; // Fibonacci hashing
    return static_cast<size_t>(hash >> 32) & (entries.size() - 1);
  }
  void grow() {
    const std::vector<Entry> old = std::move(entries);
    entries = std::vector<Entry>(old.size() * 4);
    filled = 0;
    for (const Entry &entry : old)
      if (entry.filled) {
        Entry &at = entries[place(entry.key)];
        filled += at.filled ? 0 : 1;
        at = entry;
      }
  }

  std::vector<Entry> entries = std::vector<Entry>(64 < most ? 64 : most);
  size_t filled = 0;
};

} // namespace arsis::timing
