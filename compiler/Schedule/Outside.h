// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a strategy from outside says is checked before anybody follows it: fields that schedules can name, and
// layouts whose numbers mean something and which stay within their buffers. A strategy that breaks this is
// one Error that names it, and its library.
#ifndef ARSIS_COMPILER_SCHEDULE_OUTSIDE_H
#define ARSIS_COMPILER_SCHEDULE_OUTSIDE_H

#include "compiler/Schedule/Space.h"

namespace arsis::schedule {

/// Throws arsis::Error unless every field of the space has a name ("group.name", "loops" or none) and
/// candidates. REQUIRES: the space is one from outside.
void checkFields(const Space &space);

/// The first thing that is impossible about a layout for the unit; empty if nothing is.
std::string faultOf(const Layout &layout, const Unit &unit, const ChipLimits &limits);

/// The layout of a valid choice. Throws arsis::Error for an impossible one of a strategy from outside.
Layout layoutOf(const Space &space, const Choice &choice);

} // namespace arsis::schedule

#endif
