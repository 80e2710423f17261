// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Pools by oneDNN. Its average counts what hangs over the padded input (ceil mode) as padding, where ONNX
// does not, and it divides a window without any position by zero, so averages with such windows go to the
// plain loops.
#include "runtime/cpu/AvgPool.h"
#include "runtime/cpu/OneDnnSupport.h"
#include "runtime/cpu/Window2d.h"

#include "dialects/Isa/Encoding/Error.h"

namespace arsis::ref {
namespace {

using namespace onednn;
using Tag = dnnl::memory::format_tag;
using Forward = dnnl::pooling_v2_forward;
using Backward = dnnl::pooling_v2_backward;

/// Trailing padding with which exactly the given windows fit.
int64_t trailingPad(const WindowDim &dim) {
  return (dim.output - 1) * dim.stride + dim.dilation * (dim.kernel - 1) + 1 - dim.input - dim.padBefore;
}

struct Problem {
  dnnl::algorithm algorithm;
  std::vector<int64_t> strides, kernel, gaps, before, after;
  dnnl::memory::desc x, y;

  Problem(const KernelCall &call, dnnl::algorithm algorithm, const Shape &input, const Shape &output)
      : algorithm(algorithm), x(describe(imageDims(input), Tag::nhwc)),
        y(describe(imageDims(output), Tag::nhwc)) {
    const Window2d g = poolWindowOf(call, input, output);
    strides = {g.height.stride, g.width.stride};
    kernel = {g.height.kernel, g.width.kernel};
    gaps = {g.height.dilation - 1, g.width.dilation - 1};
    before = {g.height.padBefore, g.width.padBefore};
    after = {trailingPad(g.height), trailingPad(g.width)};
  }
  Forward::primitive_desc forward() const {
    return {{dnnl::prop_kind::forward_training, algorithm, x, y, strides, kernel, gaps, before, after},
            engine()};
  }
  Backward::primitive_desc backward() const {
    return {{algorithm, x, y, strides, kernel, gaps, before, after}, engine(), forward()};
  }
};

dnnl::algorithm averageOf(const KernelCall &call) {
  return call.attribute<bool>("count_include_pad") ? dnnl::algorithm::pooling_avg_include_padding
                                                   : dnnl::algorithm::pooling_avg_exclude_padding;
}

bool hasEmptyWindow(const WindowDim &dim, bool countIncludePad) {
  for (int64_t window = 0; window < dim.output; ++window)
    if (countedPositions(dim, window, countIncludePad) == 0)
      return true;
  return false;
}

/// Runs the plain loops if a window hangs over the padded input or counts no position; says whether it did.
bool averagedPlainly(KernelCall &call, const Shape &input, const Shape &output) {
  const Window2d g = poolWindowOf(call, input, output);
  const bool includePad = call.attribute<bool>("count_include_pad");
  if (trailingPad(g.height) <= g.height.padAfter && trailingPad(g.width) <= g.width.padAfter &&
      !hasEmptyWindow(g.height, includePad) && !hasEmptyWindow(g.width, includePad))
    return false;
  KernelRegistry::instance().find(call.op)->f32(call);
  return true;
}

void callMaxPool(KernelCall &call) {
  call.expect(1, 1);
  const Problem problem(call, dnnl::algorithm::pooling_max, call.operandShape(0), call.resultShape(0));
  const auto forward = problem.forward();
  execute(Forward(forward), {{DNNL_ARG_SRC, wrap(*call.operands[0], problem.x)},
                             {DNNL_ARG_DST, wrap(call.results[0], problem.y)},
                             {DNNL_ARG_WORKSPACE, dnnl::memory(forward.workspace_desc(), engine())}});
}

void callMaxPoolGrad(KernelCall &call) {
  call.expect(2, 1);
  const Problem problem(call, dnnl::algorithm::pooling_max, call.resultShape(0), call.operandShape(1));
  const auto forward = problem.forward();
  const dnnl::memory workspace(forward.workspace_desc(),
                               engine()); // remembers the winners of the forward pass
  execute(Forward(forward), {{DNNL_ARG_SRC, wrap(*call.operands[0], problem.x)},
                             {DNNL_ARG_DST, dnnl::memory(problem.y, engine())},
                             {DNNL_ARG_WORKSPACE, workspace}});
  execute(Backward(problem.backward()), {{DNNL_ARG_DIFF_DST, wrap(*call.operands[1], problem.y)},
                                         {DNNL_ARG_DIFF_SRC, wrap(call.results[0], problem.x)},
                                         {DNNL_ARG_WORKSPACE, workspace}});
}

void callAvgPool(KernelCall &call) {
  call.expect(1, 1);
  if (averagedPlainly(call, call.operandShape(0), call.resultShape(0)))
    return;
  const Problem problem(call, averageOf(call), call.operandShape(0), call.resultShape(0));
  execute(Forward(problem.forward()), {{DNNL_ARG_SRC, wrap(*call.operands[0], problem.x)},
                                       {DNNL_ARG_DST, wrap(call.results[0], problem.y)}});
}

void callAvgPoolGrad(KernelCall &call) {
  call.expect(1, 1);
  if (averagedPlainly(call, call.resultShape(0), call.operandShape(0)))
    return;
  const Problem problem(call, averageOf(call), call.resultShape(0), call.operandShape(0));
  execute(Backward(problem.backward()), {{DNNL_ARG_DIFF_DST, wrap(*call.operands[0], problem.y)},
                                         {DNNL_ARG_DIFF_SRC, wrap(call.results[0], problem.x)}});
}

} // namespace

void registerOneDnnPooling(KernelRegistry &registry) {
  registry.addOneDnn("nn.max_pool", guarded(callMaxPool));
  registry.addOneDnn("nn.max_pool_grad", guarded(callMaxPoolGrad));
  registry.addOneDnn("nn.avg_pool", guarded(callAvgPool));
  registry.addOneDnn("nn.avg_pool_grad", guarded(callAvgPoolGrad));
}

} // namespace arsis::ref
