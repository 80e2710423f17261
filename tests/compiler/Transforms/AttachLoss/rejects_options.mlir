// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: not arsis-opt %s --nn-attach-loss=loss=hinge 2>&1 | FileCheck %s --check-prefix=LOSS
// RUN: not arsis-opt %s --nn-attach-loss=logits=z 2>&1 | FileCheck %s --check-prefix=LOGITS
// Options that name something unknown.

// LOSS: error: expects the loss to be one of: softmax-xent, found 'hinge'
// LOGITS: error: expects an output named 'z' to attach the loss to, found 'y'
func.func @forward(%x: tensor<2x3xf32>) -> (tensor<2x3xf32> {nn.name = "y"}) {
  return %x : tensor<2x3xf32>
}
