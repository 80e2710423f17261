// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers the matrix product.
#include "runtime/cpu/Matmul.h"

#include "dialects/Isa/Encoding/Error.h"
#include "runtime/common/KernelRegistry.h"

namespace arsis::ref {

template <class T> static void callMatmul(KernelCall &call) {
  call.expect(2, 1);
  const bool transposeA = call.attribute<bool>("transpose_a"),
             transposeB = call.attribute<bool>("transpose_b");
  const Shape &a = call.operandShape(0), &b = call.operandShape(1), &c = call.resultShape(0);
  if (a.size() != 2 || b.size() != 2 || c.size() != 2 || a[!transposeA] != b[transposeB] ||
      c[0] != a[transposeA] || c[1] != b[!transposeB])
    throw Error("'" + call.op + "' cannot multiply " + toString(a) + " by " + toString(b) + " into " +
                toString(c));
  matmul<T>(c[0], a[!transposeA], c[1], transposeA, transposeB, call.operands[0]->as<T>(),
            call.operands[1]->as<T>(), call.results[0].as<T>(), call.plan);
}

void registerMatmul(KernelRegistry &registry) {
  registry.add("nn.matmul", callMatmul<float>, callMatmul<double>, {"k"});
}

} // namespace arsis::ref
