// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers the softmax cross entropy and its gradient.
#include "dialects/Isa/Encoding/Error.h"
#include "runtime/common/KernelRegistry.h"
#include "runtime/cpu/SoftmaxCrossEntropy.h"

namespace arsis::ref {

/// The labels, each checked to be a class. The second operand of both ops.
static const int32_t *labelsOf(const KernelCall &call, const Shape &logits) {
  if (logits.size() != 2)
    throw Error("'" + call.op + "' has logits " + toString(logits) + ", expected batch x classes");
  const int32_t *labels = call.operandOfShape<int32_t>(1, {logits[0]});
  for (int64_t n = 0; n < logits[0]; ++n)
    if (labels[n] < 0 || labels[n] >= logits[1])
      throw Error("label " + std::to_string(labels[n]) + " of sample " + std::to_string(n) +
                  " is none of the " + std::to_string(logits[1]) + " classes");
  return labels;
}

template <class T> static void callLoss(KernelCall &call) {
  call.expect(2, 2);
  const Shape &logits = call.operandShape(0);
  const int32_t *labels = labelsOf(call, logits);
  softmaxCrossEntropy<T>(logits[0], logits[1], call.operands[0]->as<T>(), labels,
                         call.resultOfShape<T>(0, {}), call.resultOfShape<T>(1, logits), call.plan);
}

template <class T> static void callLossGrad(KernelCall &call) {
  call.expect(3, 1);
  const Shape &logits = call.operandShape(0);
  const int32_t *labels = labelsOf(call, logits);
  softmaxCrossEntropyGrad<T>(logits[0], logits[1], call.operands[0]->as<T>(), labels,
                             call.operandOfShape<T>(2, {}), call.resultOfShape<T>(0, logits));
}

void registerLoss(KernelRegistry &registry) {
  registry.add("nn.softmax_cross_entropy", callLoss<float>, callLoss<double>, {"n"});
  registry.add("nn.softmax_cross_entropy_grad", callLossGrad<float>, callLossGrad<double>);
}

} // namespace arsis::ref
