// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Schedules as JSON, by the key of the operation:
//   {"<layer>/<phase>/<operation>": {"strategy": "...", "loops": ["..."], "<group>": {"<field>": <number>}}}
#ifndef ARSIS_COMPILER_TRANSFORMS_MAP_SCHEDULEFILE_H
#define ARSIS_COMPILER_TRANSFORMS_MAP_SCHEDULEFILE_H

#include "compiler/Schedule/Space.h"

#include <set>

namespace arsis::compiler {

using schedule::Pins;

class ScheduleFile {
public:
  /// Adds the entries of a text; `name` is used in messages. False with the reason in `why`.
  bool parse(const std::string &text, const std::string &name, std::string &why);
  bool read(const std::string &path, std::string &why);

  void set(const std::string &key, const Pins &pins) { entries[key] = pins; }
  std::string text() const;

  /// Whether there are decisions for a key, or for one of several operations that want it.
  bool has(const std::string &key) const;
  /// The decisions for a key (none if there is no entry), which counts as used from now on.
  Pins take(const std::string &key);
  std::vector<std::string> unused() const;

private:
  std::map<std::string, Pins> entries;
  std::set<std::string> used;
};

} // namespace arsis::compiler

#endif
