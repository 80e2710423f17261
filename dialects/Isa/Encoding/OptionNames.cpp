// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See OptionNames.h.
#include "dialects/Isa/Encoding/OptionNames.h"

#include <algorithm>
#include <atomic>

namespace arsis {

static std::atomic<OptionStyle> current{OptionStyle::Flag};

OptionStyle setOptionStyle(OptionStyle style) { return current.exchange(style); }

static bool isKeyword() { return current == OptionStyle::Keyword; }

std::string optionName(std::string_view name) {
  std::string text(name);
  if (!isKeyword())
    return "--" + text;
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
}

std::string optionSwitch(std::string_view name) { return optionName(name) + (isKeyword() ? "=True" : ""); }

std::string optionWith(std::string_view name, std::string_view value) {
  const std::string quote = isKeyword() ? "'" : "";
  return optionName(name) + "=" + quote + std::string(value) + quote;
}

std::string optionEntry(std::string_view name, std::string_view key, std::string_view value) {
  const std::string text = optionName(name), of(key), is(value);
  return isKeyword() ? text + "s={'" + of + "': " + is + "}" : text + " " + of + "=" + is;
}

} // namespace arsis
