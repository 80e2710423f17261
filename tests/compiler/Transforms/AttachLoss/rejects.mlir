// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: arsis-opt %s -split-input-file --nn-attach-loss -verify-diagnostics
// What a loss cannot be attached to.

// expected-error @+1 {{expects a function @forward of one block, found none}}
module {
}

// -----

// expected-error @+1 {{expects no @train_step yet, found one}}
module {
  func.func @forward(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
    return %x : tensor<2x3xf32>
  }
  func.func private @train_step()
}

// -----

// expected-error @+1 {{expects one output to attach the loss to, found 2; name the logits among them with --logits: 'a', 'b'}}
func.func @forward(%x: tensor<2x3xf32>) -> (tensor<2x3xf32> {nn.name = "a"}, tensor<2x3xf32> {nn.name = "b"}) {
  return %x, %x : tensor<2x3xf32>, tensor<2x3xf32>
}

// -----

func.func @forward(%x: tensor<2x3xf32>) -> tensor<2x3xf32> {
  // expected-error @+1 {{is a softmax in front of the loss, which contains one; export the model with its logits as output}}
  %y = nn.softmax %x : tensor<2x3xf32>
  %z = nn.reshape %y : (tensor<2x3xf32>) -> tensor<6xf32>
  %w = nn.reshape %z : (tensor<6xf32>) -> tensor<2x3xf32>
  return %w : tensor<2x3xf32>
}

// -----

// expected-error @+1 {{expects the logits to be static, of f32 and of shape batch x classes, with any further dimensions of an image, found 'tensor<2xf32>'}}
func.func @forward(%x: tensor<2xf32>) -> tensor<2xf32> {
  return %x : tensor<2xf32>
}
