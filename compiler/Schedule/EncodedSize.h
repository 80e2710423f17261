// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// How many bytes of instruction an operation of a layout becomes, before its addresses and waits are known:
// the front end fetches them for every instance.
#ifndef ARSIS_COMPILER_SCHEDULE_ENCODEDSIZE_H
#define ARSIS_COMPILER_SCHEDULE_ENCODEDSIZE_H

#include "compiler/Schedule/Layout.h"

namespace arsis::schedule {

/// An estimate in bytes: addresses are taken to need three bytes, and one wait and an increment are assumed.
/// Zero for loops and allocations.
int64_t encodedSize(const Node &node, const Layout &layout);

} // namespace arsis::schedule

#endif
