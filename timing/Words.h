// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Words of scratchpad banks that a strided box opens, each of which costs the energy of a whole word. Models:
// elements in row-major order, in beats of so many that are needed together; axes that continue each other
// count as one; elements of a beat less than a word apart share the words between its first and last byte.
// Does not model: words kept from one beat to the next, or shared by two rows of a box in one beat (timing/
// Banks.h enumerates those for the time; here a closed form has to do, since every instruction is counted).
#pragma once

#include "timing/Banks.h"

namespace arsis::timing {

/// The place in a word of a byte of any sign. Words are usually a power of two.
inline int64_t insideWord(int64_t byte, int64_t widthBytes) {
  if ((widthBytes & (widthBytes - 1)) == 0)
    return byte & (widthBytes - 1);
  return (byte % widthBytes + widthBytes) % widthBytes;
}

/// Words of `widthBytes` that the box opens. `beat`: elements that are needed together, zero for all of an
/// innermost axis. Nothing for an empty box. `start` may have any sign.
/// REQUIRES: widthBytes a multiple of elementBytes.
int64_t wordsOpened(const Axes &box, int64_t elementBytes, int64_t start, int64_t beat, int64_t widthBytes);

} // namespace arsis::timing
