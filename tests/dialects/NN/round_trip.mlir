// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: %arsis_opt %s | arsis-opt | FileCheck %s
// Every operation prints in the form it is parsed from.

// CHECK-LABEL: func.func @contractions
func.func @contractions(%x: tensor<2x8x8x3xf32>, %w: tensor<3x3x3x4xf32>, %gy: tensor<2x4x4x4xf32>) {
  // CHECK: nn.conv2d %{{.*}}, %{{.*}} strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] {plan = #nn.plan<dims = ["c", "kh", "kw"], chunks = [3, 1, 1]>} :
  %y = nn.conv2d %x, %w strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] {plan = #nn.plan<dims = ["c", "kh", "kw"], chunks = [3, 1, 1]>} : (tensor<2x8x8x3xf32>, tensor<3x3x3x4xf32>) -> tensor<2x4x4x4xf32>
  // CHECK: nn.conv2d_grad_input {{.*}} {schedule = #nn.schedule<"weight_stationary", loops = [n, ih, co], slots = {tiles = 2}, tiles = {ih = 4}>}
  %gx = nn.conv2d_grad_input %gy, %w strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] {schedule = #nn.schedule<"weight_stationary", loops = [n, ih, co], slots = {tiles = 2}, tiles = {ih = 4}>} : (tensor<2x4x4x4xf32>, tensor<3x3x3x4xf32>) -> tensor<2x8x8x3xf32>
  // CHECK: nn.conv2d_grad_weight {{.*}} {plan = #nn.plan<dims = ["n", "oh", "ow"], chunks = [1, 1, 4], begin = continue>}
  %gw = nn.conv2d_grad_weight %x, %gy strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] {plan = #nn.plan<dims = ["n", "oh", "ow"], chunks = [1, 1, 4], begin = continue>} : (tensor<2x8x8x3xf32>, tensor<2x4x4x4xf32>) -> tensor<3x3x3x4xf32>
  return
}

// CHECK-LABEL: func.func @groups
func.func @groups(%x: tensor<2x8x8x6xf32>, %w: tensor<3x3x2x9xf32>, %one: tensor<3x3x6x9xf32>) {
  // CHECK: nn.conv2d {{.*}} dilations [1, 1] {groups = 3 : i64, schedule = #nn.schedule<"weight_stationary", pack = {g = 2}, tiles = {g = 2}>} :
  %y = nn.conv2d %x, %w strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] {groups = 3 : i64, schedule = #nn.schedule<"weight_stationary", pack = {g = 2}, tiles = {g = 2}>} : (tensor<2x8x8x6xf32>, tensor<3x3x2x9xf32>) -> tensor<2x4x4x9xf32>
  // One group is not worth a word.
  // CHECK: nn.conv2d {{.*}} dilations [1, 1] :
  %z = nn.conv2d %x, %one strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] {groups = 1 : i64} : (tensor<2x8x8x6xf32>, tensor<3x3x6x9xf32>) -> tensor<2x4x4x9xf32>
  return
}

// CHECK-LABEL: func.func @matmuls
func.func @matmuls(%a: tensor<2x3xf32>, %b: tensor<3x4xf32>, %c: tensor<4x3xf32>) {
  // CHECK: nn.matmul %{{[^{]*}} : (
  %0 = nn.matmul %a, %b : (tensor<2x3xf32>, tensor<3x4xf32>) -> tensor<2x4xf32>
  // CHECK: nn.matmul {{.*}} {transpose_b = true}
  %1 = nn.matmul %a, %c {transpose_b = true} : (tensor<2x3xf32>, tensor<4x3xf32>) -> tensor<2x4xf32>
  return
}

// CHECK-LABEL: func.func @windows
func.func @windows(%x: tensor<1x5x5x2xf32>, %gy: tensor<1x3x3x2xf32>) {
  // CHECK: nn.max_pool %{{.*}} kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1]
  %0 = nn.max_pool %x kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x5x5x2xf32>) -> tensor<1x2x2x2xf32>
  // CHECK: nn.max_pool %{{.*}} -> tensor<1x3x3x2xf32>
  %1 = nn.max_pool %x kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x5x5x2xf32>) -> tensor<1x3x3x2xf32>
  // CHECK: nn.max_pool_grad
  %2 = nn.max_pool_grad %x, %gy kernel [2, 2] strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] : (tensor<1x5x5x2xf32>, tensor<1x3x3x2xf32>) -> tensor<1x5x5x2xf32>
  // CHECK: nn.avg_pool {{.*}} {count_include_pad = true}
  %3 = nn.avg_pool %x kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] {count_include_pad = true} : (tensor<1x5x5x2xf32>) -> tensor<1x3x3x2xf32>
  // CHECK: nn.avg_pool_grad
  %4 = nn.avg_pool_grad %gy kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] : (tensor<1x3x3x2xf32>) -> tensor<1x5x5x2xf32>
  return
}

// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%x: tensor<2x4xf32>, %b: tensor<4xf32>, %lr: tensor<f32>) {
  // CHECK: nn.bias_add
  %0 = nn.bias_add %x, %b : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
  // CHECK: nn.relu %{{.*}} : tensor<2x4xf32>
  %1 = nn.relu %0 : tensor<2x4xf32>
  // CHECK: nn.relu_grad %{{.*}}, %{{.*}} : tensor<2x4xf32>
  %2 = nn.relu_grad %x, %1 : tensor<2x4xf32>
  // CHECK: nn.add
  %3 = nn.add %1, %2 : tensor<2x4xf32>
  // CHECK: %[[HALF:.*]] = nn.cast %{{.*}} : (tensor<2x4xf32>) -> tensor<2x4xbf16>
  %half = nn.cast %3 : (tensor<2x4xf32>) -> tensor<2x4xbf16>
  // CHECK: nn.relu %[[HALF]] : tensor<2x4xbf16>
  %8 = nn.relu %half : tensor<2x4xbf16>
  // CHECK: nn.add %{{.*}}, %{{.*}} : (tensor<2x4xf32>, tensor<2x4xbf16>) -> tensor<2x4xf16>
  %9 = nn.add %3, %8 : (tensor<2x4xf32>, tensor<2x4xbf16>) -> tensor<2x4xf16>
  // CHECK: nn.unscale %{{.*}} by %{{.*}} : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  %10 = nn.unscale %3 by %lr : (tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  // CHECK: nn.tanh %{{.*}} : tensor<2x4xf32>
  %6 = nn.tanh %0 : tensor<2x4xf32>
  // CHECK: nn.tanh_grad %{{.*}}, %{{.*}} : tensor<2x4xf32>
  %7 = nn.tanh_grad %x, %6 : tensor<2x4xf32>
  // CHECK: nn.sgd %{{.*}}, %{{.*}}, %{{.*}} momentum 0.000000e+00 weight_decay 0.000000e+00 :
  %4 = nn.sgd %x, %3, %lr momentum 0.0 weight_decay 0.0 : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<f32>) -> tensor<2x4xf32>
  // CHECK: nn.sgd %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} momentum
  %5:2 = nn.sgd %x, %3, %lr, %0 momentum 0.9 weight_decay 1.0e-4 : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<f32>, tensor<2x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>)
  return
}

// CHECK-LABEL: func.func @arithmetic
func.func @arithmetic(%x: tensor<2x3x4xf32>, %s: tensor<2x4xbf16>, %v: tensor<4xf32>, %c: tensor<f32>) {
  // CHECK: nn.add %{{.*}}, %{{.*}} along [2] : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  %0 = nn.add %x, %v along [2] : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  // CHECK: nn.multiply %{{.*}}, %{{.*}} along [0, 2] : (tensor<2x3x4xf32>, tensor<2x4xbf16>) -> tensor<2x3x4xf16>
  %1 = nn.multiply %0, %s along [0, 2] : (tensor<2x3x4xf32>, tensor<2x4xbf16>) -> tensor<2x3x4xf16>
  // CHECK: nn.multiply %{{.*}}, %{{.*}} : tensor<2x3x4xf32>
  %2 = nn.multiply %x, %0 : tensor<2x3x4xf32>
  // CHECK: nn.broadcast %{{.*}} along [] : (tensor<f32>) -> tensor<2x3x4xf32>
  %3 = nn.broadcast %c along [] : (tensor<f32>) -> tensor<2x3x4xf32>
  // CHECK: nn.prelu %{{.*}}, %{{.*}} along [2] : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  %4 = nn.prelu %x, %v along [2] : (tensor<2x3x4xf32>, tensor<4xf32>) -> tensor<2x3x4xf32>
  // CHECK: nn.prelu_grad %{{.*}}, %{{.*}}, %{{.*}} : tensor<2x3x4xf32>
  %5 = nn.prelu_grad %x, %0, %2 : tensor<2x3x4xf32>
  // CHECK: nn.axis_sum %{{.*}} : (tensor<2x3x4xf32>) -> tensor<2x4xf32>
  %6 = nn.axis_sum %x : (tensor<2x3x4xf32>) -> tensor<2x4xf32>
  return
}

// CHECK-LABEL: func.func @activations
func.func @activations(%x: tensor<2x4xf32>, %gy: tensor<2x4xbf16>) {
  // CHECK: nn.affine %{{.*}} scale 2.000000e+00 offset -5.000000e-01 : tensor<2x4xf32>
  %0 = nn.affine %x scale 2.0 offset -0.5 : tensor<2x4xf32>
  // CHECK: nn.clip %{{.*}} low 0.000000e+00 high 6.000000e+00 : tensor<2x4xf32>
  %1 = nn.clip %x low 0.0 high 6.0 : tensor<2x4xf32>
  // CHECK: nn.clip %{{.*}} high 6.000000e+00 : (tensor<2x4xf32>) -> tensor<2x4xbf16>
  %2 = nn.clip %x high 6.0 : (tensor<2x4xf32>) -> tensor<2x4xbf16>
  // CHECK: nn.clip_grad %{{.*}}, %{{.*}} low 0.000000e+00 : (tensor<2x4xbf16>, tensor<2x4xf32>) -> tensor<2x4xf32>
  %3 = nn.clip_grad %gy, %x low 0.0 : (tensor<2x4xbf16>, tensor<2x4xf32>) -> tensor<2x4xf32>
  // CHECK: nn.sigmoid %{{.*}} : tensor<2x4xf32>
  %4 = nn.sigmoid %x : tensor<2x4xf32>
  // CHECK: nn.sigmoid_grad %{{.*}}, %{{.*}} : tensor<2x4xf32>
  %5 = nn.sigmoid_grad %x, %x : tensor<2x4xf32>
  // CHECK: nn.hard_swish
  %6 = nn.hard_swish %x : tensor<2x4xf32>
  // CHECK: nn.hard_swish_grad
  %7 = nn.hard_swish_grad %x, %x : tensor<2x4xf32>
  // CHECK: nn.leaky_relu %{{.*}} slope 1.000000e-01 : tensor<2x4xf32>
  %8 = nn.leaky_relu %x slope 0.1 : tensor<2x4xf32>
  // CHECK: nn.leaky_relu_grad %{{.*}}, %{{.*}} slope 1.000000e-01 : tensor<2x4xf32>
  %9 = nn.leaky_relu_grad %x, %x slope 0.1 : tensor<2x4xf32>
  // CHECK: nn.elu %{{.*}} alpha 1.000000e+00 : tensor<2x4xf32>
  %10 = nn.elu %x alpha 1.0 : tensor<2x4xf32>
  // CHECK: nn.elu_grad %{{.*}}, %{{.*}} alpha 1.000000e+00 : tensor<2x4xf32>
  %11 = nn.elu_grad %x, %x alpha 1.0 : tensor<2x4xf32>
  // CHECK: nn.softplus
  %12 = nn.softplus %x : tensor<2x4xf32>
  // CHECK: nn.erf
  %13 = nn.erf %x : tensor<2x4xf32>
  // CHECK: nn.exp
  %14 = nn.exp %x : tensor<2x4xf32>
  // CHECK: nn.log
  %15 = nn.log %x : tensor<2x4xf32>
  // CHECK: nn.reciprocal
  %16 = nn.reciprocal %x : tensor<2x4xf32>
  // CHECK: nn.sqrt
  %17 = nn.sqrt %x : tensor<2x4xf32>
  return
}

// CHECK-LABEL: func.func @unit
func.func @unit(%x: tensor<2x4xf32>, %b: tensor<4xf32>) -> tensor<2x4xf32> {
  // CHECK: nn.unit(%arg0, %arg1) {schedule = #nn.schedule<"vector", tiles = {rows = 1}>} : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32> {
  // CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<2x4xf32>, %[[B:.*]]: tensor<4xf32>):
  %0 = nn.unit(%x, %b) {schedule = #nn.schedule<"vector", tiles = {rows = 1}>} : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32> {
  ^bb0(%p: tensor<2x4xf32>, %q: tensor<4xf32>):
    // CHECK-NEXT: %[[S:.*]] = nn.bias_add %[[A]], %[[B]]
    %1 = nn.bias_add %p, %q : (tensor<2x4xf32>, tensor<4xf32>) -> tensor<2x4xf32>
    // CHECK-NEXT: %[[R:.*]] = nn.relu %[[S]]
    %2 = nn.relu %1 : tensor<2x4xf32>
    // CHECK-NEXT: nn.yield %[[R]] : tensor<2x4xf32>
    nn.yield %2 : tensor<2x4xf32>
  }
  return %0 : tensor<2x4xf32>
}

// CHECK-LABEL: func.func @reductions
func.func @reductions(%x: tensor<2x3x3x4xf32>, %v: tensor<4xf32>) {
  // CHECK: nn.batch_norm %{{.*}} epsilon {{.*}} momentum
  %0:5 = nn.batch_norm %x, %v, %v, %v, %v epsilon 1.0e-5 momentum 0.1 : (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  // CHECK: nn.batch_norm_inference
  %1 = nn.batch_norm_inference %x, %v, %v, %v, %v epsilon 1.0e-5 : (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x3x3x4xf32>
  // CHECK: nn.batch_norm_apply %{{[a-z0-9_]*}}, %{{[a-z0-9_]*}}, %{{[a-z0-9_]*}}, %{{.*}}, %{{.*}} :
  %again = nn.batch_norm_apply %x, %v, %v, %0#1, %0#2 : (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x3x3x4xf32>
  // CHECK: nn.batch_norm_apply {{.*}} stored %{{.*}} :
  %stored = nn.batch_norm_apply %x, %v, %v, %0#1, %0#2 stored %again : (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2x3x3x4xf32>) -> tensor<2x3x3x4xf32>
  // CHECK: nn.batch_norm_grad
  %2:3 = nn.batch_norm_grad %x, %x, %v, %0#1, %0#2 : (tensor<2x3x3x4xf32>, tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>)
  // CHECK: nn.channel_sum
  %3 = nn.channel_sum %x : (tensor<2x3x3x4xf32>) -> tensor<4xf32>
  // CHECK: nn.channel_moments
  %4:3 = nn.channel_moments %x : (tensor<2x3x3x4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  // CHECK: nn.batch_norm_statistics {{.*}} moments %first, %sum, %squares pixels 18 first 3 epsilon {{.*}} momentum
  %stats:4 = nn.batch_norm_statistics %v, %v moments %4#0, %4#1, %4#2 pixels 18 first 3 epsilon 1.0e-5 momentum 0.1 : (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  // CHECK: nn.batch_norm_of_moments {{.*}} moments %first, %sum, %squares epsilon {{.*}} momentum
  %5:5 = nn.batch_norm_of_moments %x, %v, %v, %v, %v moments %4#0, %4#1, %4#2 epsilon 1.0e-5 momentum 0.1 : (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>)
  // CHECK: nn.batch_norm_grad_sums
  %6:2 = nn.batch_norm_grad_sums %x, %x, %0#1, %0#2 : (tensor<2x3x3x4xf32>, tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>)
  // CHECK: nn.batch_norm_grad_apply
  %7 = nn.batch_norm_grad_apply %x, %x, %v, %0#1, %0#2, %6#0, %6#1 : (tensor<2x3x3x4xf32>, tensor<2x3x3x4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<2x3x3x4xf32>
  return
}

// CHECK-LABEL: func.func @loss_and_data
func.func @loss_and_data(%x: tensor<2x4xf32>, %labels: tensor<2xi32>) {
  // CHECK: nn.constant dense<1.000000e+00> : tensor<f32>
  %one = nn.constant dense<1.0> : tensor<f32>
  // CHECK: nn.softmax_cross_entropy
  %0:2 = nn.softmax_cross_entropy %x, %labels : (tensor<2x4xf32>, tensor<2xi32>) -> (tensor<f32>, tensor<2x4xf32>)
  // CHECK: nn.softmax_cross_entropy_grad
  %1 = nn.softmax_cross_entropy_grad %0#1, %labels, %one : (tensor<2x4xf32>, tensor<2xi32>, tensor<f32>) -> tensor<2x4xf32>
  // CHECK: nn.softmax %{{.*}} : tensor<2x4xf32>
  %soft = nn.softmax %x : tensor<2x4xf32>
  // CHECK: nn.softmax_grad %{{.*}}, %{{.*}} : tensor<2x4xf32>
  %softGrad = nn.softmax_grad %x, %soft : tensor<2x4xf32>
  // CHECK: nn.log_softmax %{{.*}} : (tensor<2x4xf32>) -> tensor<2x4xbf16>
  %logs = nn.log_softmax %x : (tensor<2x4xf32>) -> tensor<2x4xbf16>
  // CHECK: nn.log_softmax_grad %{{.*}}, %{{.*}} : tensor<2x4xf32>
  %logsGrad = nn.log_softmax_grad %x, %soft : tensor<2x4xf32>
  // CHECK: %[[TARGETS:.*]], %{{.*}} = nn.class_targets %{{.*}} smoothing 1.000000e-01 ignored -1 :
  %t:2 = nn.class_targets %labels smoothing 0.1 ignored -1 : (tensor<2xi32>) -> (tensor<2x4xf32>, tensor<2xf32>)
  // CHECK: nn.class_targets %{{.*}} weights %{{.*}} smoothing 0.000000e+00 :
  %w = nn.constant dense<2.0> : tensor<4xf32>
  %u:2 = nn.class_targets %labels weights %w smoothing 0.0 : (tensor<2xi32>, tensor<4xf32>) -> (tensor<2x4xf32>, tensor<2xf32>)
  // CHECK: nn.cross_entropy %{{.*}}, %[[TARGETS]] :
  %c:3 = nn.cross_entropy %x, %t#0 : (tensor<2x4xf32>, tensor<2x4xf32>) -> (tensor<f32>, tensor<2x4xf32>, tensor<2xf32>)
  // CHECK: nn.cross_entropy_grad
  %d = nn.cross_entropy_grad %c#1, %t#0, %c#2, %one : (tensor<2x4xf32>, tensor<2x4xf32>, tensor<2xf32>, tensor<f32>) -> tensor<2x4xf32>
  // CHECK: nn.sigmoid_cross_entropy %{{.*}}, %[[TARGETS]] : tensor<2x4xf32>
  %f = nn.sigmoid_cross_entropy %x, %t#0 : tensor<2x4xf32>
  // CHECK: nn.sigmoid_cross_entropy_grad
  %g = nn.sigmoid_cross_entropy_grad %f, %x, %t#0 : tensor<2x4xf32>
  // CHECK: nn.total
  %e = nn.total %t#1 : (tensor<2xf32>) -> tensor<f32>
  // CHECK: nn.reshape
  %2 = nn.reshape %x : (tensor<2x4xf32>) -> tensor<8xf32>
  // CHECK: nn.transpose %{{.*}} permutation [1, 0]
  %3 = nn.transpose %x permutation [1, 0] : (tensor<2x4xf32>) -> tensor<4x2xf32>
  // CHECK: nn.slice %{{.*}} from [1, 1] {view = #nn.view<of_operands>} : (tensor<2x4xf32>) -> tensor<1x3xf32>
  %viewed = nn.slice %x from [1, 1] {view = #nn.view<of_operands>} : (tensor<2x4xf32>) -> tensor<1x3xf32>
  // CHECK: nn.slice %{{.*}} from [1, 0] : (tensor<2x4xf32>) -> tensor<1x3xf32>
  %5 = nn.slice %x from [1, 0] : (tensor<2x4xf32>) -> tensor<1x3xf32>
  // CHECK: nn.pad %{{.*}} behind [0, 2] of -5.000000e-01 : (tensor<2x4xf32>) -> tensor<3x7xf32>
  %6 = nn.pad %x behind [0, 2] of -0.5 : (tensor<2x4xf32>) -> tensor<3x7xf32>
  // CHECK: nn.concat %{{.*}}, %{{.*}} along 0 : (tensor<2x4xf32>, tensor<1x4xf32>) -> tensor<3x4xf32>
  %7 = nn.slice %x from [1, 0] : (tensor<2x4xf32>) -> tensor<1x4xf32>
  %8 = nn.concat %x, %7 along 0 : (tensor<2x4xf32>, tensor<1x4xf32>) -> tensor<3x4xf32>
  // CHECK: nn.split %{{.*}} along 1 : (tensor<2x4xf32>) -> (tensor<2x1xf32>, tensor<2x3xf32>)
  %9:2 = nn.split %x along 1 : (tensor<2x4xf32>) -> (tensor<2x1xf32>, tensor<2x3xf32>)
  // CHECK: nn.gradients %{{.*}}, %{{.*}} of ["w", "b"] : tensor<2x4xf32>, tensor<4x2xf32>
  %4:2 = nn.gradients %x, %3 of ["w", "b"] : tensor<2x4xf32>, tensor<4x2xf32>
  return
}

// CHECK-LABEL: func.func @random
func.func @random(%x: tensor<2x4xf32>, %seed: tensor<f32>, %step: tensor<f32>) {
  // CHECK: nn.dropout %{{.*}} seed %{{.*}} step %{{.*}} ratio 2.500000e-01 layer 3 : (tensor<2x4xf32>, tensor<f32>, tensor<f32>) -> tensor<2x4xf32>
  %0 = nn.dropout %x seed %seed step %step ratio 0.25 layer 3 : (tensor<2x4xf32>, tensor<f32>, tensor<f32>) -> tensor<2x4xf32>
  return
}

// CHECK-LABEL: func.func @attributes
// CHECK-SAME: nn.host_permutation = array<i64: 0, 3, 1, 2>
func.func @attributes(%x: tensor<1x2x2x3xf32> {nn.name = "x", nn.role = #nn.role<input>, nn.host_shape = array<i64: 1, 3, 2, 2>, nn.host_permutation = array<i64: 0, 3, 1, 2>},
                      %w: tensor<3xf32> {nn.name = "w", nn.role = #nn.role<parameter>, nn.initial = dense<[1.0, 2.0, 3.0]> : tensor<3xf32>})
    -> (tensor<3xf32> {nn.name = "w", nn.role = #nn.role<parameter>, nn.donates = 1 : i64}) {
  return %w : tensor<3xf32>
}
