// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Structures are right: each operation, computed from its structure alone in the structure's order, has the
// bits of its reference kernel under the same plan.

#include "dialects/Isa/Numerics/Numerics.h"
#include "dialects/NN/Structure/Build.h"
#include "mlir/IR/Verifier.h"
#include "runtime/Interpreter/Interpreter.h"
#include "tests/dialects/NN/StructureTesting.h"

#include <gtest/gtest.h>

#include <set>

namespace arsis::nn::testing {
namespace {

class Structures : public ::testing::TestWithParam<std::string> {
protected:
  Bench bench;
};

TEST_P(Structures, AreConsistent) {
  for (mlir::Operation *op : structureCases().at(GetParam())(bench)) {
    ASSERT_TRUE(mlir::succeeded(mlir::verify(op))) << print(op);
    EXPECT_EQ(faultOf(op, structureOf(op)), "") << print(op);
  }
}

TEST_P(Structures, HaveTheBitsOfTheKernels) {
  std::mt19937 engine(7);
  for (mlir::Operation *op : structureCases().at(GetParam())(bench)) {
    const Structure structure = structureOf(op);
    for (const std::vector<int64_t> &plan : plansOf(op, engine)) {
      if (!plan.empty())
        setPlan(llvm::cast<ReductionOpInterface>(op), plan);
      for (Fill fill : {Fill::Normal, Fill::Ties, Fill::Special}) {
        const std::vector<Elements> operands = operandsOf(op, fill, engine);
        ASSERT_EQ(difference(evaluate(structure, operands, plan), reference(op, operands)), "")
            << print(op) << " with fill " << int(fill);
      }
    }
  }
}

/// A product's partial may go on from the total; a sum of the vector unit says that it does not.
TEST_P(Structures, ContinueIfTheyAreProducts) {
  std::mt19937 engine(8);
  for (mlir::Operation *op : structureCases().at(GetParam())(bench)) {
    const Structure structure = structureOf(op);
    for (const std::vector<int64_t> &plan : plansOf(op, engine)) {
      if (plan.empty())
        continue;
      setPlan(llvm::cast<ReductionOpInterface>(op), plan, PlanBegin::Continue);
      const std::vector<Elements> operands = operandsOf(op, Fill::Normal, engine);
      if (structure.combine == Combine::Fma)
        ASSERT_EQ(difference(evaluate(structure, operands, plan, true), reference(op, operands)), "")
            << print(op);
      else
        EXPECT_TRUE(reference(op, operands).empty()) << print(op);
    }
  }
}

/// What is packed, and one loop over chunks for each other dimension of the plan, of its name and extent.
TEST_P(Structures, CutWhatThePlanCuts) {
  for (mlir::Operation *op : structureCases().at(GetParam())(bench)) {
    std::string found, expected;
    const Structure structure = structureOf(op);
    if (const std::optional<Packed> &packed = structure.reduction.packed)
      found += packed->name + "=" + std::to_string(structure.domain[packed->dimension].extent) + " ";
    for (const Chunked &loop : structure.reduction.chunks) {
      int64_t extent = 1;
      for (int dimension : loop.dimensions)
        extent *= structure.domain[dimension].extent;
      found += loop.name + "=" + std::to_string(extent) + " ";
    }
    if (auto reduction = llvm::dyn_cast<ReductionOpInterface>(op))
      for (const ReductionDim &dim : reduction.getReductionDims())
        expected += dim.name.str() + "=" + std::to_string(dim.size) + " ";
    EXPECT_EQ(found, expected) << print(op);
  }
}

std::vector<std::string> names() {
  std::vector<std::string> names;
  for (const auto &cases : structureCases())
    names.push_back(cases.first);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Ops, Structures, ::testing::ValuesIn(names()),
                         [](const auto &info) { return info.param.substr(3); });

TEST(StructureCoverage, WhatHasNoStructureHasAReason) {
  const std::map<std::string, std::string> without = {
      {"nn.reshape", "the same elements in the same order: a view"},
      {"nn.constant", "bytes of the program, not work"},
      {"nn.gradients", "a point of the step, gone before units are formed"},
      {"nn.unit", "its operations have theirs"},
      {"nn.yield", "the end of a unit"},
  };
  Bench bench;
  for (mlir::RegisteredOperationName name : bench.context.getRegisteredOperationsByDialect("nn")) {
    const std::string op = name.getStringRef().str();
    const bool composite = name.hasInterface<CompositeOpInterface>();
    EXPECT_EQ(name.hasInterface<StructuredOpInterface>(), structureCases().count(op) == 1) << op;
    EXPECT_EQ(composite, compositeCases().count(op) == 1) << op;
    EXPECT_EQ(name.hasInterface<StructuredOpInterface>() + composite + without.count(op), 1u) << op;
  }
}

/// Each of these is as consistent as the right structure, and tells other bits.
TEST(StructureTeeth, AnotherOrderOrReadingHasOtherBits) {
  using Change = void (*)(Structure &);
  const std::vector<std::pair<std::string, Change>> changes = {
      {"nn.conv2d", [](Structure &s) { std::swap(s.reduction.inside[0], s.reduction.inside[2]); }},
      {"nn.conv2d", [](Structure &s) { std::swap(s.reduction.chunks[0], s.reduction.chunks[2]); }},
      {"nn.conv2d", [](Structure &s) { s.operands[0].outside = Outside::MinusInfinity; }},
      {"nn.conv2d_grad_input", [](Structure &s) { s.operands[0].indices[1].offset += 1; }},
      {"nn.conv2d_grad_input", [](Structure &s) { std::swap(s.reduction.inside[0], s.reduction.inside[1]); }},
      {"nn.conv2d_grad_weight",
       [](Structure &s) { std::swap(s.reduction.inside[1], s.reduction.inside[2]); }},
      {"nn.channel_sum",
       [](Structure &s) {
         std::swap(s.reduction.inside[0], s.reduction.inside[1]);
         std::swap(s.reduction.chunks[0].dimensions[0], s.reduction.chunks[0].dimensions[1]);
       }},
      {"nn.conv2d_grad_input",
       [](Structure &s) {
         if (s.reduction.packed)
           s.reduction.packed->dimension = 0; // images are packed
       }},
      {"nn.channel_sum", [](Structure &s) { s.reduction.how = How::Sequence; }},
      {"nn.max_pool", [](Structure &s) { s.operands[0].outside = Outside::Zero; }},
      {"nn.max_pool_grad", [](Structure &s) { s.reduction.inside[0].descending = false; }},
      {"nn.max_pool_grad",
       [](Structure &s) {
         s.combine = Combine::Sum, s.domain.resize(6), s.search = {}, s.operands[0] = s.operands[1];
       }},
      {"nn.avg_pool_grad", [](Structure &s) { s.reduction.inside[1].descending = false; }},
      {"nn.avg_pool", [](Structure &s) { s.reduction.inside[0].descending = true; }},
      {"nn.sgd", [](Structure &s) { std::swap(s.after[0].inputs[0], s.after[0].inputs[1]); }},
  };
  for (size_t number = 0; number < changes.size(); ++number) {
    Bench bench;
    std::mt19937 engine(3);
    bool caught = false;
    for (mlir::Operation *op : structureCases().at(changes[number].first)(bench)) {
      Structure structure = structureOf(op);
      if (structure.reduction.inside.size() < 2 && structure.after.size() < 4) // nothing to change
        continue;
      changes[number].second(structure);
      EXPECT_EQ(faultOf(op, structure), "");
      const std::vector<int64_t> plan = plansOf(op, engine).back();
      if (!plan.empty())
        setPlan(llvm::cast<ReductionOpInterface>(op), plan);
      for (Fill fill : {Fill::Normal, Fill::Ties, Fill::Special}) {
        const std::vector<Elements> operands = operandsOf(op, fill, engine);
        caught |= !difference(evaluate(structure, operands, plan), reference(op, operands)).empty();
      }
    }
    EXPECT_TRUE(caught) << changes[number].first << ", change " << number;
  }
}

/// The index along a dimension is a value.
TEST(StructureTeeth, AnIndexIsAValue) {
  Structure s;
  s.domain = {{"n", 3}, {"c", 4}};
  s.operands = {accessOf({0})};
  s.results = {accessOf({0, 1})};
  s.after = {{numerics::VectorFunction::OneHot, {0, Input::index(1)}}};
  s.resultOf = {~0};
  EXPECT_EQ(verifyStructure(s, {{3}}, {{3, 4}}), std::nullopt);
  EXPECT_EQ(evaluate(s, {Elements{{3}, {2, 0, 3}}})[0].values,
            (std::vector<float>{0, 0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 1}));
}

/// As groups and channels do: two dimensions share one of the result.
TEST(StructureTeeth, TwoDimensionsCountOneOfTheResult) {
  Structure s;
  s.domain = {{"g", 2}, {"co", 3}};
  const Index channel = {{{0, 3}, {1}}};
  s.operands = {Access{{channel}}};
  s.results = {Access{{channel}}};
  s.resultOf = {0};
  EXPECT_EQ(verifyStructure(s, {{6}}, {{6}}), std::nullopt);
  EXPECT_EQ(evaluate(s, {Elements{{6}, {1, 2, 3, 4, 5, 6}}})[0].values,
            (std::vector<float>{1, 2, 3, 4, 5, 6}));
}

TEST(StructureVerifier, NamesTheContradiction) {
  using Change = void (*)(Structure &);
  struct Wrong {
    const char *op;
    Change change;
    const char *fault;
  };
  const Wrong wrongs[] = {
      {"nn.conv2d", [](Structure &s) { s.domain[1].name = "n"; }, "name of dimension 'n' is empty or taken"},
      {"nn.conv2d", [](Structure &s) { s.domain[4].extent = 0; }, "c has extent 0"},
      {"nn.conv2d", [](Structure &s) { s.reduction.inside.push_back({0}); },
       "co is not parallel, and not once reduced or searched"},
      {"nn.conv2d", [](Structure &s) { s.reduction.inside.resize(9); },
       "more dimensions are reduced than there are"},
      {"nn.conv2d", [](Structure &s) { s.reduction.chunks[1].name = "c"; },
       "name of the loop over chunks 'c' is empty or taken"},
      {"nn.conv2d", [](Structure &s) { s.reduction.chunks[1].dimensions = {0}; },
       "chunks kh name a dimension that is not reduced, or cut twice"},
      {"nn.conv2d", [](Structure &s) { s.reduction.inside[0].descending = true; },
       "chunks kh are not ascending neighbours within a chunk"},
      {"nn.conv2d",
       [](Structure &s) {
         s.reduction.packed = Packed{"g", 4, 4};
       },
       "what is packed is no parallel dimension of products outside of a reduced one"},
      {"nn.conv2d",
       [](Structure &s) {
         s.reduction.packed = Packed{"c", 0, 4};
       },
       "or its name is taken"},
      {"nn.channel_sum", [](Structure &s) { std::swap(s.reduction.inside[0], s.reduction.inside[1]); },
       "chunks p are not ascending neighbours within a chunk"},
      {"nn.conv2d", [](Structure &s) { s.combine = Combine::SumAtFirstMaximum; },
       "dimensions are searched for a first maximum and only for it"},
      {"nn.conv2d", [](Structure &s) { s.reduction.how = How::Tree; },
       "a tree combines neither sum nor maximum"},
      {"nn.max_pool_grad", [](Structure &s) { s.search.at.pop_back(); },
       "1 dimensions to compare with searched ones, expected 2"},
      {"nn.max_pool_grad", [](Structure &s) { s.search.at[0] = 1; },
       "th is compared with a dimension that is not reduced or has another extent"},
      {"nn.max_pool_grad", [](Structure &s) { s.search.operand = 2; },
       "the operand that is searched does not exist"},
      {"nn.conv2d", [](Structure &s) { s.operands.pop_back(); }, "1 operands, expected 2"},
      {"nn.avg_pool", [](Structure &s) { s.constants[0].values.pop_back(); },
       "values of constant window_reciprocals, expected"},
      {"nn.conv2d", [](Structure &s) { s.operands[0].indices.pop_back(); },
       "3 indices of operand 0, expected 4"},
      {"nn.conv2d", [](Structure &s) { s.operands[0].indices[0].divisor = 0; },
       "operand 0 has a divisor of 0"},
      {"nn.conv2d", [](Structure &s) { s.operands[0].indices[0].terms[0].dimension = 7; },
       "operand 0 is indexed by a dimension that does not exist"},
      {"nn.conv2d", [](Structure &s) { s.operands[0].indices[0].terms.push_back({0}); },
       "operand 0 is indexed by n with a stride of 0, or twice"},
      {"nn.conv2d", [](Structure &s) { s.operands[0].outside = Outside::Never; },
       "operand 0 is read outside of its dimension 1"},
      {"nn.conv2d",
       [](Structure &s) { s.operands[0].indices[1].terms.pop_back(), s.operands[0].indices[1].divisor = 2; },
       "a division concerns 0 reduced dimensions, expected 1"},
      {"nn.conv2d_grad_input",
       [](Structure &s) {
         s.operands[0].indices[2] = s.operands[0].indices[1], s.operands[0].indices[2].offset += 1;
       },
       "two divisions concern kh"},
      {"nn.max_pool_grad", [](Structure &s) { s.operands[0].indices[1].divisor = 2; },
       "a searched dimension stands behind a divisor"},
      {"nn.conv2d", [](Structure &s) { s.results.pop_back(); }, "0 results, expected 1"},
      {"nn.conv2d", [](Structure &s) { s.results[0].indices.pop_back(); },
       "3 indices of result 0, expected 4"},
      {"nn.conv2d", [](Structure &s) { s.results[0].indices[1].divisor = 2; }, "result 0 needs a divisor"},
      {"nn.conv2d", [](Structure &s) { s.results[0].indices[1].terms[0].dimension = 5; },
       "result 0 is indexed by a dimension that is not parallel, or twice"},
      {"nn.conv2d", [](Structure &s) { s.domain[1].extent -= 1; },
       "result 0 has an extent of 2 in its dimension 1, expected 1"},
      {"nn.relu",
       [](Structure &s) {
         s.domain.push_back({"more", 2});
       },
       "result 0 is not indexed by every parallel dimension"},
      {"nn.relu", [](Structure &s) { s.terms = {0}; }, "1 values of a term, expected 0"},
      {"nn.relu", [](Structure &s) { s.before = s.after; },
       "something is reduced or runs per term, but nothing is combined"},
      {"nn.relu", [](Structure &s) { s.after[0].inputs.clear(); },
       "0 inputs of step 0 of 'after', expected 1"},
      {"nn.relu", [](Structure &s) { s.after[0].immediate = 1; },
       "step 0 of 'after' has an immediate that its function does not read"},
      {"nn.relu", [](Structure &s) { s.after[0].inputs = {1}; },
       "step 0 of 'after' takes an operand that does not exist"},
      {"nn.relu", [](Structure &s) { s.after[0].inputs = {~0}; },
       "step 0 of 'after' takes a step that does not come before it"},
      {"nn.relu", [](Structure &s) { s.resultOf = {Input::combined()}; },
       "a result takes a combined value, there is none"},
      {"nn.relu", [](Structure &s) { s.resultOf = {Input::constant(0)}; },
       "a result takes a constant that does not exist"},
      {"nn.relu", [](Structure &s) { s.resultOf.clear(); }, "0 values of results, expected 1"},
      {"nn.conv2d", [](Structure &s) { s.resultOf = {Input::index(4)}; },
       "a result takes the index of a dimension that has no value there"},
      {"nn.conv2d", [](Structure &s) { s.resultOf = {1}; },
       "a result takes an element along kh, which has no value there"},
      {"nn.max_pool_grad", [](Structure &s) { s.terms = {0}; },
       "a term takes an element along th, which has no value there"},
  };
  for (const Wrong &wrong : wrongs) {
    Bench bench;
    std::vector<mlir::Operation *> ops = structureCases().at(wrong.op)(bench);
    mlir::Operation *op =
        llvm::isa<ReluOp, ChannelSumOp>(ops[0]) ? ops.back() : ops[0]; // of several dimensions
    Structure structure = structureOf(op);
    wrong.change(structure);
    EXPECT_NE(faultOf(op, structure).find(wrong.fault), std::string::npos)
        << wrong.op << ": " << faultOf(op, structure) << "\ninstead of: " << wrong.fault;
  }
}

} // namespace
} // namespace arsis::nn::testing
