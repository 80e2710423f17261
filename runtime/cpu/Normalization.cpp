// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Registers batch normalisation (training, inference, once more, gradient whole and in two parts), and sum
// and moments per channel.
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

/// How many pixels of an operand the first of its moments sums up: of the first row, 16 at most.
static int64_t firstPixels(const KernelCall &call, size_t operand) {
  const Shape &shape = call.operandShape(operand);
  if (shape.size() < 2)
    throw Error("'" + call.op + "' has an operand of rank " + std::to_string(shape.size()) +
                ", expected at least 2");
  return std::min<int64_t>(16, shape[shape.size() - 2]);
}

/// With moments behind the five operands, or without.
template <class T> static void callTraining(KernelCall &call, bool hasMoments) {
  call.expect(hasMoments ? 8 : 5, 5);
  const auto [pixels, channels] = pixelsAndChannels(call, 0);
  if (pixels < 2)
    throw Error("'" + call.op + "' normalises by the statistics of " + std::to_string(pixels) +
                " pixel, expected at least 2");
  const Shape vector{channels};
  const BatchNormResults<T> out{call.resultOfShape<T>(0, call.operandShape(0)),
                                call.resultOfShape<T>(1, vector), call.resultOfShape<T>(2, vector),
                                call.resultOfShape<T>(3, vector), call.resultOfShape<T>(4, vector)};
  const T *x = call.operands[0]->as<T>(), *scale = call.operandOfShape<T>(1, vector),
          *bias = call.operandOfShape<T>(2, vector), *mean = call.operandOfShape<T>(3, vector),
          *variance = call.operandOfShape<T>(4, vector);
  const T epsilon = static_cast<T>(call.attribute<double>("epsilon")),
          momentum = static_cast<T>(call.attribute<double>("momentum"));
  if (!hasMoments)
    return batchNorm<T>(pixels, channels, x, scale, bias, mean, variance, epsilon, momentum, out, call.plan);
  const Moments<T> moments{call.operandOfShape<T>(5, vector), call.operandOfShape<T>(6, vector),
                           call.operandOfShape<T>(7, vector), firstPixels(call, 0)};
  batchNormOfMoments<T>(pixels, channels, x, scale, bias, mean, variance, moments, epsilon, momentum, out);
}
template <class T> static void callBatchNorm(KernelCall &call) { callTraining<T>(call, false); }
template <class T> static void callBatchNormOfMoments(KernelCall &call) { callTraining<T>(call, true); }

template <class T> static void callBatchNormStatistics(KernelCall &call) {
  call.expect(5, 4);
  const Shape vector = call.operandShape(0);
  const int64_t channels = vector.at(0);
  const Moments<T> moments{call.operandOfShape<T>(2, vector), call.operandOfShape<T>(3, vector),
                           call.operandOfShape<T>(4, vector), call.attribute<int64_t>("first_pixels")};
  statisticsOfMoments<T>(call.attribute<int64_t>("pixels"), channels, call.operandOfShape<T>(0, vector),
                         call.operandOfShape<T>(1, vector), moments,
                         static_cast<T>(call.attribute<double>("epsilon")),
                         static_cast<T>(call.attribute<double>("momentum")),
                         {nullptr, call.resultOfShape<T>(0, vector), call.resultOfShape<T>(1, vector),
                          call.resultOfShape<T>(2, vector), call.resultOfShape<T>(3, vector)});
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
  const T *gy = call.operands[0]->as<T>(), *x = call.operandOfShape<T>(1, image),
          *scale = call.operandOfShape<T>(2, vector), *mean = call.operandOfShape<T>(3, vector),
          *rstd = call.operandOfShape<T>(4, vector);
  T *gscale = call.resultOfShape<T>(1, vector), *gbias = call.resultOfShape<T>(2, vector);
  batchNormGradSums<T>(pixels, channels, gy, x, mean, rstd, gscale, gbias, call.plan);
  batchNormGradApply<T>(pixels, channels, gy, x, scale, mean, rstd, gscale, gbias,
                        call.resultOfShape<T>(0, image));
}

template <class T> static void callBatchNormGradSums(KernelCall &call) {
  call.expect(4, 2);
  const auto [pixels, channels] = pixelsAndChannels(call, 0);
  const Shape vector{channels};
  batchNormGradSums<T>(pixels, channels, call.operands[0]->as<T>(),
                       call.operandOfShape<T>(1, call.operandShape(0)), call.operandOfShape<T>(2, vector),
                       call.operandOfShape<T>(3, vector), call.resultOfShape<T>(0, vector),
                       call.resultOfShape<T>(1, vector), call.plan);
}

template <class T> static void callBatchNormGradApply(KernelCall &call) {
  call.expect(7, 1);
  const auto [pixels, channels] = pixelsAndChannels(call, 0);
  const Shape &image = call.operandShape(0), vector{channels};
  batchNormGradApply<T>(pixels, channels, call.operands[0]->as<T>(), call.operandOfShape<T>(1, image),
                        call.operandOfShape<T>(2, vector), call.operandOfShape<T>(3, vector),
                        call.operandOfShape<T>(4, vector), call.operandOfShape<T>(5, vector),
                        call.operandOfShape<T>(6, vector), call.resultOfShape<T>(0, image));
}

template <class T> static void callChannelMoments(KernelCall &call) {
  call.expect(1, 3);
  const auto [pixels, channels] = pixelsAndChannels(call, 0);
  const Shape vector{channels};
  channelMoments<T>(pixels, channels, call.operands[0]->as<T>(), firstPixels(call, 0),
                    call.resultOfShape<T>(0, vector), call.resultOfShape<T>(1, vector),
                    call.resultOfShape<T>(2, vector), call.plan);
}

template <class T> static void callChannelSum(KernelCall &call) {
  call.expect(1, 1);
  const auto [pixels, channels] = pixelsAndChannels(call, 0);
  channelSum<T>(pixels, channels, call.operands[0]->as<T>(), call.resultOfShape<T>(0, {channels}), call.plan);
}

void registerNormalization(KernelRegistry &registry) {
  registry.add("nn.batch_norm", callBatchNorm<float>, callBatchNorm<double>, {"p"});
  registry.add("nn.batch_norm_of_moments", callBatchNormOfMoments<float>, callBatchNormOfMoments<double>);
  registry.add("nn.batch_norm_statistics", callBatchNormStatistics<float>, callBatchNormStatistics<double>);
  registry.add("nn.batch_norm_inference", callBatchNormInference<float>, callBatchNormInference<double>);
  registry.add("nn.batch_norm_apply", callBatchNormApply<float>, callBatchNormApply<double>);
  registry.add("nn.batch_norm_grad", callBatchNormGrad<float>, callBatchNormGrad<double>, {"p"});
  registry.add("nn.batch_norm_grad_sums", callBatchNormGradSums<float>, callBatchNormGradSums<double>, {"p"});
  registry.add("nn.batch_norm_grad_apply", callBatchNormGradApply<float>, callBatchNormGradApply<double>);
  registry.add("nn.channel_moments", callChannelMoments<float>, callChannelMoments<double>, {"p"});
  registry.add("nn.channel_sum", callChannelSum<float>, callChannelSum<double>, {"p"});
}

} // namespace arsis::ref
