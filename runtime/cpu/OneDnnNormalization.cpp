// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Batch normalisation in training and its gradient by oneDNN. oneDNN knows the variance, our ops the
// reciprocal deviation rstd: the gradient passes 1/rstd^2 as variance with epsilon zero.
#include "runtime/cpu/OneDnnSupport.h"

#include "dialects/Isa/Encoding/Error.h"

#include <algorithm>
#include <cmath>

namespace arsis::ref {
namespace {

using namespace onednn;
using Tag = dnnl::memory::format_tag;
constexpr auto kFlags = dnnl::normalization_flags::use_scale_shift;

/// Pixels as the batch of an image of one pixel: NHWC with the leading dims flattened.
dnnl::memory::desc pixelsOf(const KernelCall &call, size_t operand) {
  const Shape &shape = call.operandShape(operand);
  if (shape.empty() || shape.back() == 0)
    throw Error("'" + call.op + "' has an operand without channels");
  return describe({call.operands[operand]->size() / shape.back(), shape.back(), 1, 1}, Tag::nhwc);
}

/// Scale and shift as the rows of one matrix, which is how oneDNN takes them; a missing shift is zero.
HostTensor scaleAndShift(const float *scale, const float *shift, int64_t channels) {
  HostTensor rows({2, channels}, HostType::F32);
  std::copy_n(scale, channels, rows.as<float>());
  if (shift)
    std::copy_n(shift, channels, rows.as<float>() + channels);
  return rows;
}

/// The first result is an image like the first operand; further results and the operands from `firstOperand`
/// on are vectors.
void checkShapes(KernelCall &call, const Shape &vector, size_t firstOperand) {
  for (size_t i = firstOperand; i < call.operands.size(); ++i)
    call.operandOfShape<float>(i, vector);
  call.resultOfShape<float>(0, call.operandShape(0));
  for (size_t i = 1; i < call.results.size(); ++i)
    call.resultOfShape<float>(i, vector);
}

void callBatchNorm(KernelCall &call) {
  call.expect(5, 5);
  const dnnl::memory::desc image = pixelsOf(call, 0);
  const int64_t pixels = image.dims()[0], channels = image.dims()[1];
  if (pixels < 2)
    throw Error("'" + call.op + "' normalises by the statistics of " + std::to_string(pixels) +
                " pixel, expected at least 2");
  checkShapes(call, {channels}, 1);
  const dnnl::memory::desc vector = describe({channels}, Tag::a), rows = describe({2, channels}, Tag::ab);
  const float epsilon = static_cast<float>(call.attribute<double>("epsilon"));
  const dnnl::batch_normalization_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, image, epsilon, kFlags}, engine());
  HostTensor variance({channels}, HostType::F32);
  const HostTensor affine =
      scaleAndShift(call.operands[1]->as<float>(), call.operands[2]->as<float>(), channels);
  execute(dnnl::batch_normalization_forward(forward), {{DNNL_ARG_SRC, wrap(*call.operands[0], image)},
                                                       {DNNL_ARG_SCALE_SHIFT, wrap(affine, rows)},
                                                       {DNNL_ARG_DST, wrap(call.results[0], image)},
                                                       {DNNL_ARG_MEAN, wrap(call.results[1], vector)},
                                                       {DNNL_ARG_VARIANCE, wrap(variance, vector)}});
  const float momentum = static_cast<float>(call.attribute<double>("momentum"));
  const float unbiased = static_cast<float>(pixels) / static_cast<float>(pixels - 1);
  for (int64_t c = 0; c < channels; ++c) {
    const float batchVariance = variance.as<float>()[c];
    call.results[2].as<float>()[c] = 1.0f / std::sqrt(batchVariance + epsilon);
    call.results[3].as<float>()[c] =
        (1 - momentum) * call.operands[3]->as<float>()[c] + momentum * call.results[1].as<float>()[c];
    call.results[4].as<float>()[c] =
        (1 - momentum) * call.operands[4]->as<float>()[c] + momentum * batchVariance * unbiased;
  }
}

void callBatchNormGrad(KernelCall &call) {
  call.expect(5, 3);
  const dnnl::memory::desc image = pixelsOf(call, 0);
  const int64_t channels = image.dims()[1];
  call.operandOfShape<float>(1, call.operandShape(0));
  checkShapes(call, {channels}, 2);
  const dnnl::memory::desc vector = describe({channels}, Tag::a), rows = describe({2, channels}, Tag::ab);
  HostTensor variance({channels}, HostType::F32);
  for (int64_t c = 0; c < channels; ++c)
    variance.as<float>()[c] = 1.0f / (call.operands[4]->as<float>()[c] * call.operands[4]->as<float>()[c]);
  const dnnl::batch_normalization_forward::primitive_desc forward(
      {dnnl::prop_kind::forward_training, image, 0.0f, kFlags}, engine());
  const dnnl::batch_normalization_backward::primitive_desc backward(
      {dnnl::prop_kind::backward, image, image, 0.0f, kFlags}, engine(), forward);
  const HostTensor affine = scaleAndShift(call.operands[2]->as<float>(), nullptr, channels);
  HostTensor gradients({2, channels}, HostType::F32);
  execute(dnnl::batch_normalization_backward(backward), {{DNNL_ARG_DIFF_DST, wrap(*call.operands[0], image)},
                                                         {DNNL_ARG_SRC, wrap(*call.operands[1], image)},
                                                         {DNNL_ARG_SCALE_SHIFT, wrap(affine, rows)},
                                                         {DNNL_ARG_MEAN, wrap(*call.operands[3], vector)},
                                                         {DNNL_ARG_VARIANCE, wrap(variance, vector)},
                                                         {DNNL_ARG_DIFF_SRC, wrap(call.results[0], image)},
                                                         {DNNL_ARG_DIFF_SCALE_SHIFT, wrap(gradients, rows)}});
  std::copy_n(gradients.as<float>(), channels, call.results[1].as<float>());
  std::copy_n(gradients.as<float>() + channels, channels, call.results[2].as<float>());
}

} // namespace

void registerOneDnnNormalization(KernelRegistry &registry) {
  registry.addOneDnn("nn.batch_norm", guarded(callBatchNorm));
  registry.addOneDnn("nn.batch_norm_grad", guarded(callBatchNormGrad));
}

} // namespace arsis::ref
