// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Context.h. Also defines the symbol sc_main, which libsystemc wants although no main of ours goes
// through it.
#include "simulator/base/Context.h"

extern "C" __attribute__((visibility("default"))) int sc_main(int, char **) { return 1; }

namespace arsis::sim {

Context::Context()
    : previousCurrent(sc_core::sc_curr_simcontext), previousDefault(sc_core::sc_default_global_context),
      kernel(std::make_unique<sc_core::sc_simcontext>()) {
  sc_core::sc_curr_simcontext = sc_core::sc_default_global_context = kernel.get();
  sc_core::sc_set_time_resolution(1, sc_core::SC_FS);
}

Context::~Context() {
  kernel.reset();
  sc_core::sc_curr_simcontext = previousCurrent;
  sc_core::sc_default_global_context = previousDefault;
}

void Context::run() { sc_core::sc_start(); }

} // namespace arsis::sim
