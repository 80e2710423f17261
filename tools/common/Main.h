// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The one way a main runs: whatever goes wrong is one `error: ...` on standard error and exit status 1, and
// what was written to standard output has arrived when the status is 0.
#pragma once

#include <string>

namespace arsis::tool {

/// Runs `body(argc, argv)` and returns its status, or 1 after any exception or if standard output was lost.
int runMain(int (*body)(int, char **), int argc, char **argv);

/// Says what is being done, for the message of a run that is out of memory: "reading model.onnx".
void nowDoing(std::string activity);

/// Prints `error: TEXT`. Status 1.
int reportError(const std::string &text);

/// Prints that memory is exhausted, and while doing what. Status 1.
int reportOutOfMemory();

} // namespace arsis::tool
