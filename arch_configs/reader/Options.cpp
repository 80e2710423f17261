// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Options.h.
#include "arch_configs/reader/Options.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/OptionNames.h"

namespace arsis::chip {

std::map<std::string, std::string> parseOverrides(const std::vector<std::string> &set) {
  std::map<std::string, std::string> values;
  for (const std::string &entry : set) {
    const size_t equals = entry.find('=');
    if (equals == std::string::npos)
      throw InputError(optionName("set") + ": found '" + entry + "', expected KEY=VALUE");
    const std::string key = entry.substr(0, equals);
    if (!values.emplace(key, entry.substr(equals + 1)).second)
      throw InputError(optionName("set") + ": found " + key + " more than once, expected it once");
  }
  return values;
}

Chip load(const std::string &nameOrPath, const std::vector<std::string> &set) {
  return Chip::load(nameOrPath).withOverrides(parseOverrides(set));
}

std::vector<std::string> overridesOf(const Chip &chip) {
  std::vector<std::string> texts;
  for (const Override &change : chip.overrides())
    texts.push_back(change.key + "=" + change.to);
  return texts;
}

} // namespace arsis::chip
