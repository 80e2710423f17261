// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one way a whole file is read.
#pragma once

#include <cstdint>
#include <string>

namespace arsis {

/// All bytes of a file or pipe. Throws Error `PATH: cannot read the file: REASON`; a folder is such an error,
/// and a file, pipe or device of more than `most` bytes, of which no more is read.
std::string readFile(const std::string &path, uint64_t most = UINT64_MAX);

} // namespace arsis
