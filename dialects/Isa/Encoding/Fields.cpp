// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keeping terms canonical.
#include "dialects/Isa/Encoding/Fields.h"

#include <algorithm>

namespace arsis::isa {

void addTerm(Terms &terms, uint8_t loop, int64_t stride) {
  auto at = std::lower_bound(terms.begin(), terms.end(), loop,
                             [](const Term &term, uint8_t l) { return term.loop < l; });
  if (at != terms.end() && at->loop == loop) {
    at->stride += stride;
    if (at->stride == 0)
      terms.erase(at);
  } else if (stride != 0) {
    terms.insert(at, Term{loop, stride});
  }
}

} // namespace arsis::isa
