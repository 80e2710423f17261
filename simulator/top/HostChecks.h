// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the host may write and read, and when: inputs are there before a run, labels are classes, and what the
// program computes is read after a run only. Every front end gets these checks from the session.
#pragma once

#include "dialects/Isa/Encoding/Program.h"

#include <vector>

namespace arsis::sim {

/// Whether the tensor has its value before a step, from the host or another program, rather than the program
/// computing it.
bool isGiven(const isa::Tensor &tensor);

/// Throws Error naming the tensor if the program computes it.
void checkWritable(const isa::Tensor &tensor);

/// Throws Error naming the first element of labels or targets that is not what the program's option
/// `given.<name>` asks for: a class, or the label that is ignored; a finite number; a number of a range.
/// `hostData` is one int32_t or float per element. Where the option says nothing, labels choose from the last
/// dim of the 2-d output with as many rows; without one only negative labels are errors.
void checkLabels(const isa::Program &program, const isa::Tensor &labels, const void *hostData);

/// Throws Error naming the first tensor that the host has to give and did not. `given` has one entry per
/// tensor: whether it was written or has an initial value.
void checkNothingMissing(const isa::Program &program, const std::vector<bool> &given);

} // namespace arsis::sim
