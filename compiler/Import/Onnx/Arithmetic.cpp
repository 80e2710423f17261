// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Add, Mul and what follows from them. Of two operands one repeats along the dimensions that it does not
// have; it is brought into the arrangement of the other, which stays where it is. A difference adds the
// negative, a quotient multiplies by the reciprocal. A number that is known at import is part of the
// operation.

#include "compiler/Import/Onnx/Arithmetic.h"

#include "compiler/Import/Onnx/Emit.h"
#include "compiler/Import/Onnx/Operators.h"

#include <cmath>

using namespace mlir;

namespace arsis::compiler::onnximport {

namespace {

/// Two operands of one operation, b along dimensions of a; and what its result, of the shape of a, is.
struct Pair {
  Value a, b;
  DenseI64ArrayAttr along; ///< null: b has the shape of a
  SmallVector<int64_t> shape;
  Permutation permutation;
};

/// Which input of a node has the shape of the result, in its arrangement.
struct Wide {
  Arranged x;
  size_t index;
};

constexpr size_t kMostRuns = 4; // of dimensions along which an operand repeats or does not

} // namespace

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

bool broadcastsTo(ArrayRef<int64_t> small, ArrayRef<int64_t> shape) {
  if (small.size() > shape.size())
    return false;
  return llvm::all_of(llvm::zip(small, shape.take_back(small.size())), [](auto extents) {
    return std::get<0>(extents) == 1 || std::get<0>(extents) == std::get<1>(extents);
  });
}

/// The arrangement of x whose last dimensions are `varying`, in order.
static Permutation arrangeLast(const Arranged &x, ArrayRef<int64_t> varying) {
  int64_t rank = x.permutation.size(), last = rank - varying.size(), others = 0;
  Permutation permutation(rank);
  for (int64_t dim = 0; dim < rank; ++dim)
    permutation[dim] = llvm::is_contained(varying, dim) ? last++ : others++;
  return permutation;
}

/// How many runs of dimensions of x, in its arrangement, have one fate.
static size_t countRuns(const Arranged &x, ArrayRef<int64_t> along) {
  size_t runs = 0;
  std::optional<bool> last;
  for (auto [dim, extent] : llvm::enumerate(shapeOf(x.value)))
    if (const bool varies = llvm::is_contained(along, static_cast<int64_t>(dim));
        extent != 1 && varies != last) {
      last = varies;
      ++runs;
    }
  return runs;
}

/// The arrangement of an operand of shape `small` with its single dimensions first, then those of `varying`
/// in order, which are numbered as those of the result: `lead` more.
static Permutation varyingLast(ArrayRef<int64_t> small, ArrayRef<int64_t> varying, int64_t lead) {
  Permutation permutation(small.size());
  int64_t others = 0, last = small.size() - varying.size();
  for (auto [dim, extent] : llvm::enumerate(small))
    if (extent == 1)
      permutation[dim] = others++;
  for (int64_t dim : varying)
    permutation[dim - lead] = last++;
  return permutation;
}

/// Input `index`, which broadcasts to x, beside x.
static FailureOr<Pair> bringBeside(const Node &node, GraphImporter &graph, const Arranged &x, size_t index) {
  SmallVector<int64_t> host = graph.hostShape(x), small = graph.hostShape(node, index), varying, along;
  Pair pair{x.value, nullptr, nullptr, llvm::to_vector(shapeOf(x.value)), x.permutation};
  const int64_t lead = host.size() - small.size();
  if (small == host) {
    pair.b = graph.value(node, index, x.permutation);
    return pair.b ? FailureOr<Pair>(pair) : FailureOr<Pair>(failure());
  }
  for (auto [dim, extent] : llvm::enumerate(small))
    if (extent != 1) {
      varying.push_back(lead + dim);
      along.push_back(x.permutation[lead + dim]);
    }
  const size_t runs = countRuns(x, along);
  if (runs <= kMostRuns) {
    llvm::sort(along);
    llvm::sort(varying, [&](int64_t a, int64_t b) { return x.permutation[a] < x.permutation[b]; });
  }
  // One varying dimension has the same elements in any arrangement.
  pair.b = varying.size() <= 1 ? graph.valueAsItIs(node, index).value
                               : graph.value(node, index, varyingLast(small, varying, lead));
  if (!pair.b)
    return failure();
  SmallVector<int64_t> extents;
  for (int64_t dim : varying)
    extents.push_back(host[dim]);
  if (runs == 1 && !varying.empty()) { // but for single dimensions the shapes are equal
    pair.b = graph.reshape(node, pair.b, pair.shape);
    return pair;
  }
  if (runs > kMostRuns) { // the varying dimensions move to the end
    pair.permutation = arrangeLast(x, varying);
    pair.a = graph.arrange(node, x, pair.permutation);
    pair.shape = llvm::to_vector(shapeOf(pair.a));
    const int64_t count = llvm::product_of(extents);
    pair.a = graph.reshape(node, pair.a, {llvm::product_of(pair.shape) / count, count});
    extents = {count};
    along = {1};
  }
  pair.b = graph.reshape(node, pair.b, extents);
  pair.along = graph.builder().getDenseI64ArrayAttr(along);
  return pair;
}

template <class Op> static Arranged combine(const Node &node, GraphImporter &graph, const Pair &pair) {
  Value y = Op::create(graph.builder(), graph.location(node), pair.a.getType(), pair.a, pair.b, pair.along,
                       nullptr);
  return {graph.reshape(node, y, pair.shape), pair.permutation};
}

static Arranged sum(const Node &node, GraphImporter &graph, const Pair &pair) {
  const int64_t rank = shapeOf(pair.a).size();
  constexpr int64_t kMostDimensions = 4; // of what nn.bias_add takes
  if (!pair.along || pair.along.asArrayRef() != ArrayRef<int64_t>{rank - 1} || rank > kMostDimensions)
    return combine<nn::AddOp>(node, graph, pair);
  Value y =
      nn::BiasAddOp::create(graph.builder(), graph.location(node), pair.a.getType(), pair.a, pair.b, nullptr);
  return {graph.reshape(node, y, pair.shape), pair.permutation};
}

FailureOr<Arranged> addTo(const Node &node, GraphImporter &graph, const Arranged &x, size_t index,
                          double factor) {
  FailureOr<Pair> pair = bringBeside(node, graph, x, index);
  if (failed(pair))
    return failure();
  if (factor != 1)
    pair->b = Emitter{node, graph}.affine(pair->b, factor, 0);
  return sum(node, graph, *pair);
}

/// Input 0 repeated so that input 1 broadcasts to it.
static FailureOr<Wide> widen(const Node &node, GraphImporter &graph) {
  SmallVector<int64_t> shapes[] = {graph.hostShape(node, 0), graph.hostShape(node, 1)};
  const size_t rank = std::max(shapes[0].size(), shapes[1].size());
  SmallVector<int64_t> joint(rank, 1), own, along;
  for (const SmallVector<int64_t> &shape : shapes)
    for (auto [dim, extent] : llvm::enumerate(shape))
      if (extent != 1) {
        int64_t &to = joint[rank - shape.size() + dim];
        if (to != 1 && to != extent)
          return graph.fail(node, "combines tensors of shapes " + describe(shapes[0]) + " and " +
                                      describe(shapes[1]) + ", which do not broadcast to one shape");
        to = extent;
      }
  for (auto [dim, extent] : llvm::enumerate(shapes[0]))
    if (extent != 1) {
      own.push_back(extent);
      along.push_back(rank - shapes[0].size() + dim);
    }
  Value x = graph.value(node, 0, hostPermutation(shapes[0].size()));
  if (!x)
    return failure();
  if (std::string problem = sizeProblem(joint); !problem.empty())
    return graph.fail(node, "the result has " + problem);
  Arranged wide{nullptr, hostPermutation(rank)};
  wide.value = nn::BroadcastOp::create(graph.builder(), graph.location(node), graph.tensorType(joint),
                                       graph.reshape(node, x, own),
                                       graph.builder().getDenseI64ArrayAttr(along), nullptr);
  return Wide{wide, 0};
}

/// The operand of the shape of the result. Of equal shapes it is the one that is already computed, so that a
/// constant follows its arrangement.
static FailureOr<Wide> findWide(const Node &node, GraphImporter &graph) {
  SmallVector<int64_t> shapes[] = {graph.hostShape(node, 0), graph.hostShape(node, 1)};
  const bool toFirst = broadcastsTo(shapes[1], shapes[0]), toSecond = broadcastsTo(shapes[0], shapes[1]);
  if (!toFirst && !toSecond)
    return widen(node, graph);
  const size_t index = toFirst && toSecond ? graph.isConstant(node, 0) : toSecond;
  Arranged x = graph.valueAsItIs(node, index);
  return x ? FailureOr<Wide>(Wide{x, index}) : FailureOr<Wide>(failure());
}

/// Operations of one operand, with a number.
class Numbers {
public:
  Numbers(const Node &node, GraphImporter &graph) : node(node), graph(graph) {}

  /// Input `index` of two, if it is a number and the other one has the rank of the result.
  std::optional<float> operator[](size_t index) const {
    if (graph.hostShape(node, index).size() > graph.hostShape(node, 1 - index).size())
      return std::nullopt;
    return graph.number(node, index);
  }

  Value affine(Value x, double scale, double offset) const {
    OpBuilder &builder = graph.builder();
    return nn::AffineOp::create(builder, graph.location(node), x.getType(), x,
                                builder.getF32FloatAttr(static_cast<float>(scale)),
                                builder.getF32FloatAttr(static_cast<float>(offset)), nullptr);
  }
  Value reciprocal(Value x) const {
    return nn::ReciprocalOp::create(graph.builder(), graph.location(node), x.getType(), x, nullptr);
  }
  /// Output 0 is what `make` makes of input `index`.
  template <class Make> LogicalResult define(size_t index, Make make) const {
    Arranged x = graph.valueAsItIs(node, index);
    return x ? graph.define(node, 0, make(x.value), x.permutation) : failure();
  }

private:
  const Node &node;
  GraphImporter &graph;
};

/// `join` of both operands, the second one as `prepare` makes it.
template <class Prepare, class Join>
static LogicalResult convertPair(const Node &node, GraphImporter &graph, Prepare prepare, Join join) {
  FailureOr<Wide> wide = findWide(node, graph);
  FailureOr<Pair> pair =
      failed(wide) ? FailureOr<Pair>(failure()) : bringBeside(node, graph, wide->x, 1 - wide->index);
  if (failed(pair))
    return failure();
  (wide->index == 0 ? pair->b : pair->a) = prepare(wide->index == 0 ? pair->b : pair->a);
  Arranged y = join(node, graph, *pair);
  return graph.define(node, 0, y.value, y.permutation);
}
static Value asItIs(Value x) { return x; }

static LogicalResult convertAdd(const Node &node, GraphImporter &graph) {
  const Numbers numbers(node, graph);
  for (size_t index : {1, 0})
    if (std::optional<float> added = numbers[index])
      return numbers.define(1 - index, [&](Value x) { return numbers.affine(x, 1, *added); });
  return convertPair(node, graph, asItIs, sum);
}

static LogicalResult convertSub(const Node &node, GraphImporter &graph) {
  const Numbers numbers(node, graph);
  if (std::optional<float> taken = numbers[1])
    return numbers.define(0, [&](Value x) { return numbers.affine(x, 1, -*taken); });
  if (std::optional<float> from = numbers[0])
    return numbers.define(1, [&](Value x) { return numbers.affine(x, -1, *from); });
  return convertPair(
      node, graph, [&](Value x) { return numbers.affine(x, -1, 0); }, sum);
}

static LogicalResult convertMul(const Node &node, GraphImporter &graph) {
  const Numbers numbers(node, graph);
  for (size_t index : {1, 0})
    if (std::optional<float> factor = numbers[index])
      return numbers.define(1 - index, [&](Value x) { return numbers.affine(x, *factor, 0); });
  return convertPair(node, graph, asItIs, combine<nn::MultiplyOp>);
}

static LogicalResult convertDiv(const Node &node, GraphImporter &graph) {
  const Numbers numbers(node, graph);
  if (std::optional<float> divisor = numbers[1]) {
    const double factor = 1.0 / *divisor;
    if (!std::isfinite(static_cast<float>(factor)))
      return graph.fail(node, "divides by " + std::to_string(*divisor) +
                                  ", whose reciprocal is no finite number of fp32");
    return numbers.define(0, [&](Value x) { return numbers.affine(x, factor, 0); });
  }
  if (std::optional<float> factor = numbers[0])
    return numbers.define(1, [&](Value x) { return numbers.affine(numbers.reciprocal(x), *factor, 0); });
  return convertPair(
      node, graph, [&](Value x) { return numbers.reciprocal(x); }, combine<nn::MultiplyOp>);
}

static LogicalResult convertNeg(const Node &node, GraphImporter &graph) {
  const Numbers numbers(node, graph);
  return numbers.define(0, [&](Value x) { return numbers.affine(x, -1, 0); });
}

static LogicalResult convertPow(const Node &node, GraphImporter &graph) {
  const Numbers numbers(node, graph);
  const std::optional<float> exponent = numbers[1];
  const auto product = [&](Value a, Value b) -> Value {
    return nn::MultiplyOp::create(graph.builder(), graph.location(node), a.getType(), a, b, nullptr, nullptr);
  };
  if (exponent == 1)
    return graph.forward(node);
  if (exponent == 2)
    return numbers.define(0, [&](Value x) { return product(x, x); });
  if (exponent == 3)
    return numbers.define(0, [&](Value x) { return product(product(x, x), x); });
  if (exponent == 0.5f)
    return numbers.define(0, [&](Value x) -> Value {
      return nn::SqrtOp::create(graph.builder(), graph.location(node), x.getType(), x, nullptr);
    });
  if (exponent == -1)
    return numbers.define(0, [&](Value x) { return numbers.reciprocal(x); });
  return graph.fail(node, (exponent ? "the power " + std::to_string(*exponent)
                                    : "a power that is no number known at import") +
                              " (supported: -1, 0.5, 1, 2 and 3)");
}

static LogicalResult convertPRelu(const Node &node, GraphImporter &graph) {
  if (!broadcastsTo(graph.hostShape(node, 1), graph.hostShape(node, 0)))
    return graph.fail(node, "a slope of shape " + describe(graph.hostShape(node, 1)) +
                                ", which does not broadcast to " + describe(graph.hostShape(node, 0)));
  Arranged x = graph.valueAsItIs(node, 0);
  FailureOr<Pair> pair = x ? bringBeside(node, graph, x, 1) : FailureOr<Pair>(failure());
  if (failed(pair))
    return failure();
  Arranged y = combine<nn::PReluOp>(node, graph, *pair);
  return graph.define(node, 0, y.value, y.permutation);
}

const std::vector<Operator> arithmeticOperators = {
    {"Add", nullptr, convertAdd, {{0, "bias"}, {1, "bias"}}},
    {"Div", nullptr, convertDiv, {{0, "weight"}, {1, "weight"}}},
    {"Mul", nullptr, convertMul, {{0, "weight"}, {1, "weight"}}},
    {"Neg", nullptr, convertNeg},
    {"PRelu", nullptr, convertPRelu, {{1, "weight"}}},
    {"Pow", nullptr, convertPow},
    {"Sub", nullptr, convertSub, {{0, "bias"}, {1, "bias"}}},
};

} // namespace arsis::compiler::onnximport
