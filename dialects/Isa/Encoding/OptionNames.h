// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// How messages name an option: as who reads them gave it, a flag on a command line (`--at-step`) or a keyword
// in Python (`at_step`). The process says once which of the two it is; flags, unless it does.
#pragma once

#include <string>
#include <string_view>

namespace arsis {

enum class OptionStyle { Flag, Keyword };
/// Returns the style before.
OptionStyle setOptionStyle(OptionStyle style);

/// "--max-work" or "max_work".
std::string optionName(std::string_view name);
/// An option that is switched on: "--train" or "train=True".
std::string optionSwitch(std::string_view name);
/// An option with a value: "--phase=update" or "phase='update'".
std::string optionWith(std::string_view name, std::string_view value);
/// An option with a named value: "--dim N=VALUE" or "dims={'N': VALUE}"; the keyword is the plural.
std::string optionEntry(std::string_view name, std::string_view key, std::string_view value);

} // namespace arsis
