// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The convolution and its two gradients by oneDNN.
#include "runtime/cpu/OneDnnSupport.h"
#include "runtime/cpu/Window2d.h"

namespace arsis::ref {
namespace {

using namespace onednn;
using Tag = dnnl::memory::format_tag;

/// One convolution in oneDNN's terms. Dilation counts the gaps, so it is one less than ours.
struct Problem {
  std::vector<int64_t> strides, gaps, before, after;
  dnnl::memory::desc x, w, y; // our layouts

  Problem(const KernelCall &call, const Shape &input, const Shape &weight, const Shape &output)
      : x(describe(imageDims(input), Tag::nhwc)), y(describe(imageDims(output), Tag::nhwc)) {
    const auto [g, groups, outputs] = convolutionOf(call, input, weight, output);
    w = groups == 1 ? describe(weightDims(weight), Tag::hwio)
                    : describe({groups, outputs, g.channels, g.height.kernel, g.width.kernel}, Tag::hwigo);
    strides = {g.height.stride, g.width.stride};
    gaps = {g.height.dilation - 1, g.width.dilation - 1};
    before = {g.height.padBefore, g.width.padBefore};
    after = {g.height.padAfter, g.width.padAfter};
  }
  static dnnl::memory::desc any(const dnnl::memory::desc &desc) { return describe(desc.dims(), Tag::any); }

  dnnl::convolution_forward::primitive_desc forward() const {
    return {{dnnl::prop_kind::forward_training, dnnl::algorithm::convolution_direct, any(x), any(w), any(y),
             strides, gaps, before, after},
            engine()};
  }
};

void callConv2d(KernelCall &call) {
  call.expect(2, 1);
  const Problem problem(call, call.operandShape(0), call.operandShape(1), call.resultShape(0));
  const auto forward = problem.forward();
  executeInto(dnnl::convolution_forward(forward),
              {{DNNL_ARG_SRC, reordered(wrap(*call.operands[0], problem.x), forward.src_desc())},
               {DNNL_ARG_WEIGHTS, reordered(wrap(*call.operands[1], problem.w), forward.weights_desc())}},
              DNNL_ARG_DST, forward.dst_desc(), wrap(call.results[0], problem.y));
}

void callConv2dGradInput(KernelCall &call) {
  call.expect(2, 1);
  const Problem problem(call, call.resultShape(0), call.operandShape(1), call.operandShape(0));
  const dnnl::convolution_backward_data::primitive_desc backward(
      {dnnl::algorithm::convolution_direct, Problem::any(problem.x), Problem::any(problem.w),
       Problem::any(problem.y), problem.strides, problem.gaps, problem.before, problem.after},
      engine(), problem.forward());
  executeInto(dnnl::convolution_backward_data(backward),
              {{DNNL_ARG_DIFF_DST, reordered(wrap(*call.operands[0], problem.y), backward.diff_dst_desc())},
               {DNNL_ARG_WEIGHTS, reordered(wrap(*call.operands[1], problem.w), backward.weights_desc())}},
              DNNL_ARG_DIFF_SRC, backward.diff_src_desc(), wrap(call.results[0], problem.x));
}

void callConv2dGradWeight(KernelCall &call) {
  call.expect(2, 1);
  const Problem problem(call, call.operandShape(0), call.resultShape(0), call.operandShape(1));
  const dnnl::convolution_backward_weights::primitive_desc backward(
      {dnnl::algorithm::convolution_direct, Problem::any(problem.x), Problem::any(problem.w),
       Problem::any(problem.y), problem.strides, problem.gaps, problem.before, problem.after},
      engine(), problem.forward());
  executeInto(dnnl::convolution_backward_weights(backward),
              {{DNNL_ARG_SRC, reordered(wrap(*call.operands[0], problem.x), backward.src_desc())},
               {DNNL_ARG_DIFF_DST, reordered(wrap(*call.operands[1], problem.y), backward.diff_dst_desc())}},
              DNNL_ARG_DIFF_WEIGHTS, backward.diff_weights_desc(), wrap(call.results[0], problem.w));
}

} // namespace

void registerOneDnnConvolution(KernelRegistry &registry) {
  registry.addOneDnn("nn.conv2d", guarded(callConv2d));
  registry.addOneDnn("nn.conv2d_grad_input", guarded(callConv2dGradInput));
  registry.addOneDnn("nn.conv2d_grad_weight", guarded(callConv2dGradWeight));
}

} // namespace arsis::ref
