// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one way a whole file is read.
#pragma once

#include <string>

namespace arsis {

/// All bytes of a file or pipe. Throws Error `PATH: cannot read the file: REASON`; a folder is such an error.
std::string readFile(const std::string &path);

} // namespace arsis
