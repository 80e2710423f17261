// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parts of composites are right: computed one after the other from their structures alone, they have the bits
// of the whole operation's kernel under the same plan.
#include "mlir/IR/Verifier.h"
#include "tests/dialects/NN/StructureTesting.h"

#include <gtest/gtest.h>

namespace arsis::nn::testing {
namespace {

/// A box of a value: it is written by this part and by no other.
void place(const Elements &box, const std::vector<int64_t> &at, Elements &value, std::vector<int> &writes) {
  for (size_t i = 0; i < box.values.size(); ++i) {
    size_t rest = i, offset = 0, stride = 1;
    for (size_t d = box.shape.size(); d-- > 0; stride *= value.shape[d], rest /= box.shape[d])
      offset += (rest % box.shape[d] + at[d]) * stride;
    value.values.at(offset) = box.values[i];
    ++writes.at(offset);
  }
}

/// The parts of a composite one after the other, all with the same chunks.
std::vector<Elements> evaluateParts(mlir::Operation *op, const std::vector<Elements> &operands,
                                    const std::vector<int64_t> &plan) {
  std::map<int, Elements> values; // by the codes of Part
  for (size_t i = 0; i < operands.size(); ++i)
    values[int(i)] = operands[i];
  std::map<int, std::vector<int>> writes; // of the elements of values that parts write in boxes
  for (const Part &part : llvm::cast<CompositeOpInterface>(op).getParts()) {
    std::vector<Elements> taken;
    std::vector<Shape> shapes, resultShapes;
    for (int code : part.operands) {
      taken.push_back(values.at(code));
      shapes.push_back(taken.back().shape);
    }
    for (const Access &access : part.structure.results) {
      Shape shape;
      for (const Index &index : access.indices)
        shape.push_back(part.structure.domain[index.terms[0].dimension].extent);
      resultShapes.push_back(shape);
    }
    EXPECT_EQ(verifyStructure(part.structure, shapes, resultShapes).value_or(""), "") << print(op);
    const bool cut = !part.structure.reduction.chunks.empty();
    std::vector<Elements> results = evaluate(part.structure, taken, cut ? plan : std::vector<int64_t>{});
    for (size_t i = 0; i < part.results.size(); ++i) {
      const int code = part.results[i];
      if (part.at.empty()) {
        values[code] = results[i];
        continue;
      }
      if (auto [value, isNew] = values.try_emplace(code); isNew) {
        value->second.shape = shapesOf(op->getResultTypes())[code - int(operands.size())];
        value->second.values.resize(llvm::product_of(value->second.shape));
        writes[code].resize(value->second.values.size());
      }
      place(results[i], part.at, values.at(code), writes.at(code));
    }
  }
  for (const auto &[code, counts] : writes)
    EXPECT_EQ(counts, std::vector<int>(counts.size(), 1)) << print(op);
  std::vector<Elements> results;
  for (size_t i = 0; i < op->getNumResults(); ++i)
    results.push_back(values.at(int(operands.size() + i)));
  return results;
}

/// Parts of composites, computed one after the other, have the bits of the whole operation's kernel.
TEST(Composites, HaveTheBitsOfTheKernels) {
  for (const auto &[name, cases] : compositeCases()) {
    Bench bench;
    std::mt19937 engine(7);
    for (mlir::Operation *op : cases(bench)) {
      ASSERT_TRUE(mlir::succeeded(mlir::verify(op))) << print(op);
      for (const std::vector<int64_t> &plan : plansOf(op, engine)) {
        if (!plan.empty())
          setPlan(llvm::cast<ReductionOpInterface>(op), plan);
        for (Fill fill : {Fill::Normal, Fill::Ties, Fill::Special}) {
          const std::vector<Elements> operands = operandsOf(op, fill, engine);
          ASSERT_EQ(difference(evaluateParts(op, operands, plan), reference(op, operands)), "")
              << print(op) << " with fill " << int(fill);
        }
      }
    }
  }
}

} // namespace
} // namespace arsis::nn::testing
