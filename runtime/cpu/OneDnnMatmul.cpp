// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The matrix product by oneDNN; a transposed operand is another layout of the same matrix.
#include "runtime/cpu/OneDnnSupport.h"

#include "dialects/Isa/Encoding/Error.h"

namespace arsis::ref {

static void callMatmul(KernelCall &call) {
  using namespace onednn;
  using Tag = dnnl::memory::format_tag;
  call.expect(2, 1);
  const bool transposeA = call.attribute<bool>("transpose_a"),
             transposeB = call.attribute<bool>("transpose_b");
  const Shape &a = call.operandShape(0), &b = call.operandShape(1), &c = call.resultShape(0);
  if (a.size() != 2 || b.size() != 2 || c.size() != 2)
    throw Error("'" + call.op + "' multiplies matrices, found " + toString(a) + " and " + toString(b));
  const auto left = describe({a[transposeA], a[!transposeA]}, transposeA ? Tag::ba : Tag::ab);
  const auto right = describe({b[transposeB], b[!transposeB]}, transposeB ? Tag::ba : Tag::ab);
  const auto product = describe({c[0], c[1]}, Tag::ab);
  const dnnl::matmul::primitive_desc primitive(dnnl::matmul::desc(left, right, product), engine());
  execute(dnnl::matmul(primitive), {{DNNL_ARG_SRC, wrap(*call.operands[0], left)},
                                    {DNNL_ARG_WEIGHTS, wrap(*call.operands[1], right)},
                                    {DNNL_ARG_DST, wrap(call.results[0], product)}});
}

void registerOneDnnMatmul(KernelRegistry &registry) {
  registry.addOneDnn("nn.matmul", onednn::guarded(callMatmul));
}

} // namespace arsis::ref
