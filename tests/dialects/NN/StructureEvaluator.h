// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Computes an operation from its structure alone, element by element and term by term, in scalar numerics. It
// shares no code with the reference kernels, so that equal bits say that the structure is right.
#ifndef ARSIS_TESTS_DIALECTS_NN_STRUCTUREEVALUATOR_H
#define ARSIS_TESTS_DIALECTS_NN_STRUCTUREEVALUATOR_H

#include "dialects/NN/Structure/Structure.h"

namespace arsis::nn::testing {

/// Row-major elements; integers as the float they are equal to.
struct Elements {
  std::vector<int64_t> shape;
  std::vector<float> values;
};

/// The results. `chunks` has the size of the chunks of each loop of the structure's reduction; empty means
/// that nothing is cut. With `continues` each chunk's sum goes on from the total. Throws std::out_of_range
/// for an element outside of a tensor of Outside::Never. REQUIRES: verifyStructure finds no contradiction.
std::vector<Elements> evaluate(const Structure &structure, const std::vector<Elements> &operands,
                               const std::vector<int64_t> &chunks = {}, bool continues = false);

} // namespace arsis::nn::testing

#endif
