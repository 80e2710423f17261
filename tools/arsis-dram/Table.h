// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The page docs/dram.md: every preset under the same patterns.
#pragma once

#include "arch_configs/reader/Chip.h"

#include <string>

namespace arsis::tool {

/// One channel of a preset behind the controller that the page is about: what it says of it, as values of a
/// chip. `overrides` come last.
chip::Chip presetAlone(const std::string &preset, const std::vector<std::string> &overrides);

/// The page as Markdown.
std::string dramPage();

} // namespace arsis::tool
