// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The floating-point environment in which the promises of Numerics.h hold. It belongs to a thread and to the
// host: a library in the same process may have set another rounding mode, or may flush denormals to zero.
// Whoever computes values enters this one first, on every thread; machine and reference would otherwise be
// wrong alike, and agree.
#pragma once

#include <cfenv>

namespace arsis::numerics {

/// For as long as it lives, the calling thread rounds to nearest even, keeps denormals as operands and as
/// results, and masks every exception; then the thread has its own environment back, sticky flags included.
/// Nests. REQUIRES: it dies on the thread that made it, last made first.
class FloatEnvironment {
public:
  FloatEnvironment();
  ~FloatEnvironment();
  FloatEnvironment(const FloatEnvironment &) = delete;
  FloatEnvironment &operator=(const FloatEnvironment &) = delete;

private:
  std::fenv_t callers;
};

} // namespace arsis::numerics
