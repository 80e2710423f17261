// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How options name a chip: a shipped name or a path, and values to override, each as KEY=VALUE. Command
// lines, passes and Python all come here.
#pragma once

#include "arch_configs/reader/Chip.h"

#include <string>
#include <vector>

namespace arsis::chip {

/// The chip `nameOrPath` with the values of `set`. Throws Error for what Chip::load and Chip::withOverrides
/// refuse, for an entry that is no KEY=VALUE, and for a key given twice.
Chip load(const std::string &nameOrPath, const std::vector<std::string> &set);

/// The overrides of a chip as the KEY=VALUE that `load` takes, in schema order.
std::vector<std::string> overridesOf(const Chip &chip);

} // namespace arsis::chip
