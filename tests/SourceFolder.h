// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Where the source tree lies, for tests that read its files. One generated source holds the path, so that no
// other object depends on the place of the checkout and a compiler cache serves every checkout.
#pragma once

#include <string>

namespace arsis {

/// Absolute path of the source tree, with a final slash.
std::string sourceFolder();

} // namespace arsis
