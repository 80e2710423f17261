// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The shapes of losses: one row, one class, primes, more classes and rows than a tree has partials.
#include "tests/dialects/NN/StructureCases.h"

namespace arsis::nn::testing {

static const std::vector<Shape> kRowsByClasses = {{1, 1}, {1, 7}, {5, 1}, {5, 3}, {3, 37}, {37, 4}};

Operations loss(Bench &bench) {
  Operations operations;
  for (const Shape &shape : kRowsByClasses)
    operations.push_back(
        bench.make("nn.softmax_cross_entropy", {shape, {shape[0]}}, {{}, shape}, {}, /*labels=*/1));
  return operations;
}

Operations lossGrad(Bench &bench) {
  Operations operations;
  for (const Shape &shape : kRowsByClasses)
    operations.push_back(bench.make("nn.softmax_cross_entropy_grad", {shape, {shape[0]}, {}}, {shape}, {},
                                    /*labels=*/1));
  return operations;
}

Operations classTargets(Bench &bench) {
  constexpr int64_t kNone = -2; // no label is ignored
  Operations operations;
  for (const Shape &shape : kRowsByClasses)
    for (bool isWeighted : {false, true})
      for (float smoothing : {0.0f, 0.1f, 1.0f})
        for (int64_t ignored : {kNone, int64_t(-1), int64_t(0)}) {
          std::vector<Shape> operands = {{shape[0]}};
          if (isWeighted)
            operands.push_back({shape[1]});
          mlir::NamedAttrList attributes;
          attributes.push_back(bench.number("smoothing", smoothing));
          if (ignored != kNone)
            attributes.push_back(bench.count("ignored", ignored));
          operations.push_back(
              bench.make("nn.class_targets", operands, {shape, {shape[0]}}, attributes, /*labels=*/0));
        }
  return operations;
}

Operations crossEntropy(Bench &bench) {
  Operations operations;
  for (const Shape &shape : kRowsByClasses)
    operations.push_back(bench.make("nn.cross_entropy", {shape, shape}, {{}, shape, {shape[0]}}));
  return operations;
}

Operations crossEntropyGrad(Bench &bench) {
  Operations operations;
  for (const Shape &shape : kRowsByClasses)
    operations.push_back(bench.make("nn.cross_entropy_grad", {shape, shape, {shape[0]}, {}}, {shape}));
  return operations;
}

Operations total(Bench &bench) {
  Operations operations;
  for (int64_t count : {1, 7, 16, 17, 100})
    operations.push_back(bench.make("nn.total", {{count}}, {{}}));
  return operations;
}

} // namespace arsis::nn::testing
