// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Cases of what takes tensors apart, joins them, or draws numbers for their elements.
#include "tests/dialects/NN/StructureCases.h"

#include <limits>

namespace arsis::nn::testing {

namespace {

/// Boxes within tensors: everything, single elements, one of a dimension, several at once.
struct Box {
  Shape outer, inner;
  std::vector<int64_t> at;
};
const std::vector<Box> kBoxes = {
    {{1}, {1}, {0}},
    {{7}, {3}, {4}},
    {{5, 3}, {5, 3}, {0, 0}},
    {{5, 3}, {2, 3}, {0, 0}},
    {{5, 3}, {5, 1}, {0, 2}},
    {{2, 3, 5, 7}, {1, 2, 3, 4}, {1, 0, 1, 3}},
    {{2, 1, 3, 1, 5, 2}, {2, 1, 1, 1, 3, 2}, {0, 0, 2, 0, 1, 0}},
};

} // namespace

Operations slice(Bench &bench) {
  Operations operations;
  for (const Box &box : kBoxes) {
    mlir::NamedAttrList attributes;
    attributes.push_back(bench.numbers("offsets", box.at));
    operations.push_back(bench.make("nn.slice", {box.outer}, {box.inner}, attributes));
  }
  return operations;
}
Operations pad(Bench &bench) {
  Operations operations;
  for (const Box &box : kBoxes)
    for (float value : {0.0f, -0.3f, -std::numeric_limits<float>::infinity()}) {
      mlir::NamedAttrList attributes;
      attributes.push_back(bench.numbers("low", box.at));
      attributes.push_back(bench.number("value", value));
      operations.push_back(bench.make("nn.pad", {box.inner}, {box.outer}, attributes));
    }
  return operations;
}

/// One tensor and its pieces along each of its dimensions.
static Operations pieces(Bench &bench, const char *name, bool joins) {
  Operations operations;
  for (const auto &[shape, axis, extents] :
       std::vector<std::tuple<Shape, int64_t, std::vector<int64_t>>>{{{1}, 0, {1}},
                                                                     {{6}, 0, {1, 2, 3}},
                                                                     {{5, 3}, 0, {4, 1}},
                                                                     {{5, 3}, 1, {1, 1, 1}},
                                                                     {{2, 1, 3, 12}, 3, {5, 7}},
                                                                     {{2, 5, 3, 2}, 1, {2, 1, 2}},
                                                                     {{2, 2, 3, 4, 2}, 2, {1, 2}}}) {
    std::vector<Shape> parts(extents.size(), shape);
    for (size_t i = 0; i < extents.size(); ++i)
      parts[i][axis] = extents[i];
    mlir::NamedAttrList attributes;
    attributes.push_back(bench.count("axis", axis));
    operations.push_back(joins ? bench.make(name, parts, {shape}, attributes)
                               : bench.make(name, {shape}, parts, attributes));
  }
  return operations;
}
Operations concat(Bench &bench) { return pieces(bench, "nn.concat", true); }
Operations split(Bench &bench) { return pieces(bench, "nn.split", false); }

Operations dropout(Bench &bench) {
  Operations operations;
  int64_t layer = 0;
  for (const Shape &shape : std::vector<Shape>{{1}, {7}, {3, 5}, {1, 11}, {2, 3, 5, 4}, {2, 1, 3, 2, 2}})
    for (float ratio : {0.0f, 0.25f, 0.9f}) {
      mlir::NamedAttrList attributes;
      attributes.push_back(bench.number("ratio", ratio));
      attributes.push_back(bench.count("layer", layer++));
      operations.push_back(bench.make("nn.dropout", {shape, {}, {}}, {shape}, attributes));
    }
  return operations;
}

} // namespace arsis::nn::testing
