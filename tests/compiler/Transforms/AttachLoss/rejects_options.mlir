// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// RUN: not arsis-opt %s --nn-attach-loss=loss=hinge 2>&1 | FileCheck %s --check-prefix=LOSS
// RUN: not arsis-opt %s --nn-attach-loss=logits=z 2>&1 | FileCheck %s --check-prefix=LOGITS
// RUN: not arsis-opt %s --nn-attach-loss=loss=mse,label-smoothing=0.1 2>&1 | FileCheck %s --check-prefix=KEY
// RUN: not arsis-opt %s --nn-attach-loss=loss=softmax-xent,label-smoothing=1.5 2>&1 | FileCheck %s --check-prefix=SMOOTHING
// RUN: not arsis-opt %s --nn-attach-loss=loss=softmax-xent,weight=0 2>&1 | FileCheck %s --check-prefix=WEIGHT
// RUN: not arsis-opt %s --nn-attach-loss=loss=softmax-xent,ignore-index=4294967296 2>&1 | FileCheck %s --check-prefix=IGNORE
// RUN: not arsis-opt %s --nn-attach-loss=loss=softmax-xent,class-weights=1:-1:1 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not arsis-opt %s --nn-attach-loss=loss=softmax-xent,class-weights=0:0:0 2>&1 | FileCheck %s --check-prefix=ZEROS
// RUN: not arsis-opt %s --nn-attach-loss=loss=softmax-xent,class-weights=1:2 2>&1 | FileCheck %s --check-prefix=COUNT
// RUN: not arsis-opt %s --nn-attach-loss=loss=softmax-xent,of=y,of=y 2>&1 | FileCheck %s --check-prefix=TWICE
// RUN: not arsis-opt %s --nn-attach-loss=loss=softmax-xent,of=y+mse 2>&1 | FileCheck %s --check-prefix=TERM
// RUN: not arsis-opt %s --nn-attach-loss="loss=softmax-xent,of=y logits=y" 2>&1 | FileCheck %s --check-prefix=BOTH
// RUN: not arsis-opt %s --nn-attach-loss=loss=softmax-xent,of= 2>&1 | FileCheck %s --check-prefix=EMPTY
// RUN: not arsis-opt %s --nn-attach-loss=loss=softmax-xent,of=y+softmax-xent,of=y,ignore-index=2 2>&1 | FileCheck %s --check-prefix=SHARED
// Options that name something unknown, or say what cannot be.

// LOSS: error: --loss: found 'hinge', expected softmax-xent, mse or bce-with-logits
// LOGITS: error: expects an output named 'z' to attach the loss to, found 'y'
// KEY: error: --loss, mse: found 'label-smoothing', expected of, weight or targets
// SMOOTHING: error: --loss, softmax-xent, label-smoothing: found '1.5', expected a number from 0 to 1
// WEIGHT: error: --loss, softmax-xent, weight: found '0', expected a number from 1e-30 to 1e+30
// IGNORE: error: --loss, softmax-xent, ignore-index: found '4294967296', expected a whole number of 32 bits
// NEGATIVE: error: --loss, softmax-xent, class-weights: found '-1', expected a number from 0 to 1e+30
// ZEROS: error: --loss, softmax-xent, class-weights: found '0:0:0', expected one number per class, separated by ':', at least one of them above 0
// COUNT: error: --loss, class-weights: found 2 numbers, expected one for each of the 3 classes of 'y'
// TWICE: error: --loss, softmax-xent: found of more than once, expected it once
// TERM: error: --loss: found 2 terms and no output for mse, expected of=OUTPUT in every one of them
// BOTH: error: --logits: found 'y' beside --loss 'softmax-xent,of=y', expected of=OUTPUT in the loss alone
// EMPTY: error: --loss, softmax-xent, of: found '', expected the name of a tensor
// SHARED: error: --loss: found terms that differ in what they expect of 'labels' ('tensor<2xi32>' with classes=3, and 'tensor<2xi32>' with classes=3,ignored=2), expected another name for one of them, by labels=NAME
func.func @forward(%x: tensor<2x3xf32> {nn.name = "x"}) -> (tensor<2x3xf32> {nn.name = "y"}) {
  return %x : tensor<2x3xf32>
}
