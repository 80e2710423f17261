// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Einsum of two operands where it is a product of matrices: each letter is in two of first operand, second
// operand and result. Letters of the first operand are rows, those of the second columns.

#include "compiler/Import/Onnx/Emit.h"
#include "compiler/Import/Onnx/Operators.h"

#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace arsis::compiler::onnximport {

namespace {

/// The letters of the dimensions.
struct Equation {
  std::string a, b, result;
};

} // namespace

/// Nothing if the text says something else than two operands of letters, each once in an operand.
static std::optional<Equation> parse(std::string text) {
  llvm::erase_if(text, [](char c) { return c == ' '; });
  const auto [operands, result] = StringRef(text).split("->");
  const auto [a, b] = operands.split(',');
  Equation e{a.str(), b.str(), result.str()};
  if (!StringRef(text).contains("->")) { // the letters that are in one operand, in alphabetical order
    for (char letter = 'A'; letter <= 'z'; ++letter)
      if (a.count(letter) + b.count(letter) == 1)
        e.result += letter;
  }
  for (StringRef letters : {StringRef(e.a), StringRef(e.b), StringRef(e.result)})
    for (char letter : letters)
      if (!llvm::isAlpha(letter) || letters.count(letter) > 1)
        return std::nullopt;
  return operands.contains(',') ? std::optional(e) : std::nullopt;
}

static bool has(StringRef letters, char letter) { return letters.contains(letter); }

/// Whether each letter is in two of the three.
static bool isProduct(const Equation &e) {
  return llvm::all_of(e.a + e.b + e.result, [&](char letter) {
    return has(e.a, letter) + has(e.b, letter) + has(e.result, letter) == 2;
  });
}

static std::string checkEinsum(const Node &node) {
  const std::string text = node.text("equation", "");
  const std::optional<Equation> equation = node.inputCount() == 2 ? parse(text) : std::nullopt;
  if (equation && isProduct(*equation))
    return {};
  return "equation = '" + text +
         "' (supported: products of two tensors, with each letter in two of first operand, second operand "
         "and result)";
}

/// Input `index`, whose dimensions are called `own`, with these in the given order.
static Value arranged(const Node &node, GraphImporter &graph, size_t index, StringRef own, StringRef order) {
  Permutation permutation;
  for (char letter : own)
    permutation.push_back(order.find(letter));
  return graph.value(node, index, permutation);
}

static LogicalResult convertEinsum(const Node &node, GraphImporter &graph) {
  const Equation e = *parse(node.text("equation", ""));
  const SmallVector<int64_t> shapes[] = {graph.hostShape(node, 0), graph.hostShape(node, 1)};
  for (size_t input : {0, 1})
    if (const size_t named = (input == 0 ? e.a : e.b).size(); shapes[input].size() != named)
      return graph.fail(node, "names " + Twine(named) + " dimensions of a tensor of shape " +
                                  describe(shapes[input]));
  std::string rows, inner, columns;
  SmallVector<int64_t> extents;
  int64_t m = 1, k = 1, n = 1;
  for (auto [letter, extent] : llvm::zip(e.a, shapes[0])) {
    const size_t other = StringRef(e.b).find(letter);
    if (other == StringRef::npos) {
      rows += letter;
      extents.push_back(extent);
      m *= extent;
      continue;
    }
    if (shapes[1][other] != extent)
      return graph.fail(node, "contracts " + Twine(extent) + " elements of the first operand with " +
                                  Twine(shapes[1][other]) + " of the second");
    inner += letter;
    k *= extent;
  }
  for (auto [letter, extent] : llvm::zip(e.b, shapes[1]))
    if (!has(e.a, letter)) {
      columns += letter;
      extents.push_back(extent);
      n *= extent;
    }
  Value a = arranged(node, graph, 0, e.a, rows + inner), b = nullptr;
  if (a)
    b = arranged(node, graph, 1, e.b, inner + columns);
  if (!b)
    return failure();
  Value y = nn::MatmulOp::create(graph.builder(), graph.location(node), graph.tensorType({m, n}),
                                 graph.reshape(node, a, {m, k}), graph.reshape(node, b, {k, n}),
                                 /*transpose_a=*/false, /*transpose_b=*/false, nullptr, nullptr);
  Permutation permutation;
  for (char letter : e.result)
    permutation.push_back((rows + columns).find(letter));
  return graph.define(node, 0, graph.reshape(node, y, extents), permutation);
}

const std::vector<Operator> einsumOperators = {
    {"Einsum", checkEinsum, convertEinsum, {{0, "weight"}, {1, "weight"}}},
};

} // namespace arsis::compiler::onnximport
