// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers batch normalisation (training, inference, once more, gradient) and the sum per channel.
#include "dialects/Isa/Encoding/Error.h"
#include "runtime/common/KernelRegistry.h"
#include "runtime/cpu/BatchNorm.h"

namespace arsis::ref {

/// Pixels and channels of an operand whose last dim is the channels.
static std::pair<int64_t, int64_t> pixelsAndChannels(const KernelCall &call, size_t operand) {
  const Shape &shape = call.operandShape(operand);
  if (shape.empty() || shape.back() == 0)
    throw Error("'" + call.op + "' has an operand without channels");
  return {call.operands[operand]->size() / shape.back(), shape.back()};
}

template <class T> static void callBatchNorm(KernelCall &call) {
  const bool hasSum = call.operands.size() == 6;
  call.expect(hasSum ? 6 : 5, 5);
  const auto [pixels, channels] = pixelsAndChannels(call, 0);
  if (pixels < 2)
    throw Error("'" + call.op + "' normalises by the statistics of " + std::to_string(pixels) +
                " pixel, expected at least 2");
  const Shape vector{channels};
  const BatchNormResults<T> out{call.resultOfShape<T>(0, call.operandShape(0)),
                                call.resultOfShape<T>(1, vector), call.resultOfShape<T>(2, vector),
                                call.resultOfShape<T>(3, vector), call.resultOfShape<T>(4, vector)};
  batchNorm<T>(pixels, channels, call.operands[0]->as<T>(), call.operandOfShape<T>(1, vector),
               call.operandOfShape<T>(2, vector), call.operandOfShape<T>(3, vector),
               call.operandOfShape<T>(4, vector), hasSum ? call.operandOfShape<T>(5, vector) : nullptr,
               static_cast<T>(call.attribute<double>("epsilon")),
               static_cast<T>(call.attribute<double>("momentum")), out, call.plan);
}

template <class T> static void callBatchNormInference(KernelCall &call) {
  call.expect(5, 1);
  const auto [pixels, channels] = pixelsAndChannels(call, 0);
  const Shape vector{channels};
  batchNormInference<T>(pixels, channels, call.operands[0]->as<T>(), call.operandOfShape<T>(1, vector),
                        call.operandOfShape<T>(2, vector), call.operandOfShape<T>(3, vector),
                        call.operandOfShape<T>(4, vector), static_cast<T>(call.attribute<double>("epsilon")),
                        call.resultOfShape<T>(0, call.operandShape(0)));
}

/// A sixth operand is one that might have been read instead.
template <class T> static void callBatchNormApply(KernelCall &call) {
  call.expect(call.operands.size() == 6 ? 6 : 5, 1);
  const auto [pixels, channels] = pixelsAndChannels(call, 0);
  const Shape vector{channels};
  batchNormApply<T>(pixels, channels, call.operands[0]->as<T>(), call.operandOfShape<T>(1, vector),
                    call.operandOfShape<T>(2, vector), call.operandOfShape<T>(3, vector),
                    call.operandOfShape<T>(4, vector), call.resultOfShape<T>(0, call.operandShape(0)));
}

template <class T> static void callBatchNormGrad(KernelCall &call) {
  call.expect(5, 3);
  const auto [pixels, channels] = pixelsAndChannels(call, 0);
  const Shape &image = call.operandShape(0), vector{channels};
  batchNormGrad<T>(pixels, channels, call.operands[0]->as<T>(), call.operandOfShape<T>(1, image),
                   call.operandOfShape<T>(2, vector), call.operandOfShape<T>(3, vector),
                   call.operandOfShape<T>(4, vector), call.resultOfShape<T>(0, image),
                   call.resultOfShape<T>(1, vector), call.resultOfShape<T>(2, vector), call.plan);
}

template <class T> static void callChannelSum(KernelCall &call) {
  call.expect(1, 1);
  const auto [pixels, channels] = pixelsAndChannels(call, 0);
  channelSum<T>(pixels, channels, call.operands[0]->as<T>(), call.resultOfShape<T>(0, {channels}), call.plan);
}

void registerNormalization(KernelRegistry &registry) {
  registry.add("nn.batch_norm", callBatchNorm<float>, callBatchNorm<double>, {"p"});
  registry.add("nn.batch_norm_inference", callBatchNormInference<float>, callBatchNormInference<double>);
  registry.add("nn.batch_norm_apply", callBatchNormApply<float>, callBatchNormApply<double>);
  registry.add("nn.batch_norm_grad", callBatchNormGrad<float>, callBatchNormGrad<double>, {"p"});
  registry.add("nn.channel_sum", callChannelSum<float>, callChannelSum<double>, {"p"});
}

} // namespace arsis::ref
