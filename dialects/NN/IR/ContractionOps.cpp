// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Verifiers of the contractions. The three convolutions check one relation between x, w and y.

#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Shapes.h"
#include "dialects/NN/IR/Verify.h"

using namespace mlir;
using namespace arsis::nn;

template <typename Op>
static LogicalResult verifyConvolution(Op op, ArrayRef<int64_t> x, ArrayRef<int64_t> w, ArrayRef<int64_t> y) {
  ArrayRef<int64_t> strides = op.getStrides(), pads = op.getPads(), dilations = op.getDilations();
  if (!areAllAtLeast(strides, 2, 1))
    return violates(op, "conv_c1", "strides to be 2 positive numbers", toText(strides));
  if (!areAllAtLeast(pads, 4, 0))
    return violates(op, "conv_c2", "pads to be 4 numbers, none negative", toText(pads));
  if (!areAllAtLeast(dilations, 2, 1))
    return violates(op, "conv_c3", "dilations to be 2 positive numbers", toText(dilations));
  if (x[3] != w[2])
    return violates(op, "conv_c4", "as many input channels in the weight as in the input",
                    Twine(w[2]) + " and " + Twine(x[3]));
  SmallVector<int64_t, 4> expected = conv2dShape(x, w, strides, pads, dilations);
  if (expected[1] < 1 || expected[2] < 1)
    return violates(op, "conv_c5", "the dilated kernel to fit into the padded input",
                    "kernel " + toText({dilatedKernel(w[0], dilations[0]), dilatedKernel(w[1], dilations[1])}) +
                        " and input " + toText({x[1] + pads[0] + pads[2], x[2] + pads[1] + pads[3]}));
  if (y != ArrayRef<int64_t>(expected))
    return violates(op, "conv_c6", "the output of the convolution to have shape " + toText(expected), toText(y));
  return success();
}

LogicalResult Conv2dOp::verify() { return verifyConvolution(*this, shapeOf(getX()), shapeOf(getW()), shapeOf(getY())); }

LogicalResult Conv2dGradInputOp::verify() {
  return verifyConvolution(*this, shapeOf(getGx()), shapeOf(getW()), shapeOf(getGy()));
}

LogicalResult Conv2dGradWeightOp::verify() {
  return verifyConvolution(*this, shapeOf(getX()), shapeOf(getGw()), shapeOf(getGy()));
}

LogicalResult MatmulOp::verify() {
  ArrayRef<int64_t> a = shapeOf(getA()), b = shapeOf(getB()), c = shapeOf(getC());
  int64_t rows = a[getTransposeA()], contractedA = a[!getTransposeA()];
  int64_t contractedB = b[getTransposeB()], columns = b[!getTransposeB()];
  if (contractedA != contractedB)
    return violates(*this, "matmul_c1", "the contracted dimensions to agree",
                    Twine(contractedA) + " and " + Twine(contractedB));
  if (c != ArrayRef<int64_t>({rows, columns}))
    return violates(*this, "matmul_c2", "the product to have shape " + toText({rows, columns}), toText(c));
  return success();
}
