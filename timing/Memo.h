// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A bounded table of computed results: each key has one place, and a later key of the same place replaces an
// earlier one. A look-up is a multiplication and a comparison, memory never grows, and what is lost is only
// computed again.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace arsis::timing {

/// Results of a pure function of `words` integers. Serves one thread.
template <class Value, size_t words, size_t places = 4096> class Memo {
  static_assert((places & (places - 1)) == 0, "places is a power of two");

public:
  using Key = std::array<int64_t, words>;

  /// The result for `key`, from `compute()` if it is not there.
  template <class Compute> const Value &get(const Key &key, Compute compute) {
    if (entries.empty())
      entries.resize(places);
    uint64_t hash = 0;
    for (int64_t word : key)
      hash = (hash ^ static_cast<uint64_t>(word)) * 0x9e3779b97f4a7c15ull; // Fibonacci hashing
    Entry &entry = entries[(hash >> 32) & (places - 1)];
    if (!entry.filled || entry.key != key) {
      entry.value = compute();
      entry.key = key;
      entry.filled = true;
    }
    return entry.value;
  }

private:
  struct Entry {
    Key key{};
    Value value{};
    bool filled = false;
  };
  std::vector<Entry> entries;
};

} // namespace arsis::timing
