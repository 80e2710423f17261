// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Main.h.
#include "tools/common/Main.h"

#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/Encoding/OutputFile.h"

#include <csignal>
#include <iostream>
#include <new>
#include <stdexcept>

namespace arsis::tool {
namespace {

std::string doing = "starting";

} // namespace

void nowDoing(std::string activity) { doing = std::move(activity); }

int reportError(const std::string &text) {
  std::cout.flush(); // what was said before comes first
  std::cerr << "error: " << text << '\n';
  return 1;
}

int reportOutOfMemory() { return reportError("out of memory while " + doing); }

int runMain(int (*body)(int, char **), int argc, char **argv) {
  std::signal(SIGXFSZ, SIG_IGN); // a file that may not grow is an error of its writer, not a death
  try {
    const int status = body(argc, argv);
    flushStandardOutput();
    return status;
  } catch (const Error &error) {
    return reportError(error.what());
  } catch (const std::bad_alloc &) {
    return reportOutOfMemory();
  } catch (const std::length_error &) { // a container of more elements than any memory has
    return reportOutOfMemory();
  } catch (const std::exception &error) {
    return reportError("while " + doing + ": " + error.what());
  } catch (...) {
    return reportError("while " + doing + ": unknown exception");
  }
}

} // namespace arsis::tool
