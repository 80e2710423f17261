// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise arithmetic, comparisons, casts and reductions of constants. Integers wrap at 64 bits, as the
// host's do; truth values are the integers 0 and 1.

#include "compiler/Import/Onnx/Fold.h"

#include "onnx/onnx_pb.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace arsis::compiler::onnximport {

namespace {

using std::string;

string differentTypes(const Node &node) {
  return "mixes integers and floats, expected inputs of one type (Cast between them is " +
         string(node.type() == "Cast" ? "not " : "") + "evaluated)";
}

template <typename T> const std::vector<T> &elements(const Tensor &tensor);
template <> const std::vector<float> &elements(const Tensor &tensor) { return tensor.floats; }
template <> const std::vector<int64_t> &elements(const Tensor &tensor) { return tensor.integers; }
std::vector<float> &storeTo(Tensor &tensor, float) { return tensor.floats; }
std::vector<int64_t> &storeTo(Tensor &tensor, int64_t) { return tensor.integers; }

/// Combines two tensors of the same type, element by element. `combine(a, b, problem)`.
template <typename From, typename To, typename Combine>
string combineAs(const Node &node, Known inputs, Tensor &result, Combine combine) {
  std::optional<llvm::SmallVector<int64_t>> shape = broadcastShapes(inputs);
  if (!shape)
    return "combines constants of shapes that do not broadcast to one";
  result.shape = *shape;
  result.isFloat = std::is_same_v<To, float>;
  string problem;
  llvm::SmallVector<int64_t> index(shape->size(), 0);
  for (int64_t count = result.size(); count > 0; --count, advance(index, *shape)) {
    const From a = elements<From>(*inputs[0])[broadcastOffset(inputs[0]->shape, index)];
    const From b = elements<From>(*inputs[1])[broadcastOffset(inputs[1]->shape, index)];
    storeTo(result, To()).push_back(combine(a, b, problem));
  }
  return problem;
}

/// Arithmetic keeps the type of its operands.
template <typename Combine> string arithmetic(const Node &node, Known inputs, Tensor &result, Combine op) {
  if (inputs[0]->isFloat != inputs[1]->isFloat)
    return differentTypes(node);
  return inputs[0]->isFloat ? combineAs<float, float>(node, inputs, result, op)
                            : combineAs<int64_t, int64_t>(node, inputs, result, op);
}

template <typename Compare> string comparison(const Node &node, Known inputs, Tensor &result, Compare holds) {
  auto asInteger = [&](auto a, auto b, string &) -> int64_t { return holds(a, b); };
  if (inputs[0]->isFloat != inputs[1]->isFloat)
    return differentTypes(node);
  return inputs[0]->isFloat ? combineAs<float, int64_t>(node, inputs, result, asInteger)
                            : combineAs<int64_t, int64_t>(node, inputs, result, asInteger);
}

// Wrapping arithmetic is defined on unsigned numbers only.
int64_t wrapping(uint64_t value) { return static_cast<int64_t>(value); }

struct Sum {
  float operator()(float a, float b, string &) const { return a + b; }
  int64_t operator()(int64_t a, int64_t b, string &) const { return wrapping(uint64_t(a) + uint64_t(b)); }
};
struct Difference {
  float operator()(float a, float b, string &) const { return a - b; }
  int64_t operator()(int64_t a, int64_t b, string &) const { return wrapping(uint64_t(a) - uint64_t(b)); }
};
struct Product {
  float operator()(float a, float b, string &) const { return a * b; }
  int64_t operator()(int64_t a, int64_t b, string &) const { return wrapping(uint64_t(a) * uint64_t(b)); }
};
struct Quotient {
  float operator()(float a, float b, string &) const { return a / b; }
  int64_t operator()(int64_t a, int64_t b, string &problem) const {
    if (b == 0)
      problem = "divides by zero";
    return b == 0 ? 0 : b == -1 ? wrapping(-uint64_t(a)) : a / b;
  }
};
/// With the sign of the divisor; of floats with that of the dividend, which fmod = 1 asks for.
struct Remainder {
  float operator()(float a, float b, string &) const { return std::fmod(a, b); }
  int64_t operator()(int64_t a, int64_t b, string &problem) const {
    if (b == 0)
      problem = "divides by zero";
    if (b == 0 || b == -1)
      return 0;
    const int64_t rest = a % b;
    return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
  }
};
struct Least {
  template <typename T> T operator()(T a, T b, string &) const { return std::min(a, b); }
};
struct Most {
  template <typename T> T operator()(T a, T b, string &) const { return std::max(a, b); }
};

template <typename Op> string binary(const Node &node, Known inputs, Tensor &result) {
  return arithmetic(node, inputs, result, Op());
}

/// Any number of operands, from the left.
template <typename Op> string chain(const Node &node, Known inputs, Tensor &result) {
  result = *inputs[0];
  for (const Tensor *next : inputs.drop_front()) {
    const Tensor left = std::exchange(result, Tensor());
    if (string problem = arithmetic(node, {&left, next}, result, Op()); !problem.empty())
      return problem;
  }
  return {};
}

template <typename Op> string compare(const Node &node, Known inputs, Tensor &result) {
  return comparison(node, inputs, result, Op());
}

string both(const Node &node, Known inputs, Tensor &result) {
  return comparison(node, inputs, result, [](auto a, auto b) { return a != 0 && b != 0; });
}
string either(const Node &node, Known inputs, Tensor &result) {
  return comparison(node, inputs, result, [](auto a, auto b) { return a != 0 || b != 0; });
}

template <typename Change> string change(Known inputs, Tensor &result, Change each) {
  result = *inputs[0];
  for (float &value : result.floats)
    value = each(value);
  for (int64_t &value : result.integers)
    value = each(value);
  return {};
}

string negate(const Node &, Known inputs, Tensor &result) {
  struct {
    float operator()(float value) const { return -value; }
    int64_t operator()(int64_t value) const { return wrapping(-uint64_t(value)); }
  } each;
  return change(inputs, result, each);
}
string magnitude(const Node &, Known inputs, Tensor &result) {
  struct {
    float operator()(float value) const { return std::fabs(value); }
    int64_t operator()(int64_t value) const { return value < 0 ? wrapping(-uint64_t(value)) : value; }
  } each;
  return change(inputs, result, each);
}
template <float (*round)(float)> string roundTo(const Node &, Known inputs, Tensor &result) {
  struct {
    float operator()(float value) const { return round(value); }
    int64_t operator()(int64_t value) const { return value; }
  } each;
  return change(inputs, result, each);
}
string negateTruth(const Node &, Known inputs, Tensor &result) {
  return change(inputs, result, [](auto value) { return decltype(value)(value == 0); });
}

string where(const Node &node, Known inputs, Tensor &result) {
  if (inputs[1]->isFloat != inputs[2]->isFloat || inputs[0]->isFloat)
    return differentTypes(node);
  std::optional<llvm::SmallVector<int64_t>> shape = broadcastShapes(inputs);
  if (!shape)
    return "combines constants of shapes that do not broadcast to one";
  result.shape = *shape;
  result.isFloat = inputs[1]->isFloat;
  llvm::SmallVector<int64_t> index(shape->size(), 0);
  for (int64_t count = result.size(); count > 0; --count, advance(index, *shape)) {
    const bool first = inputs[0]->integers[broadcastOffset(inputs[0]->shape, index)] != 0;
    const Tensor &chosen = *inputs[first ? 1 : 2];
    const int64_t offset = broadcastOffset(chosen.shape, index);
    if (result.isFloat)
      result.floats.push_back(chosen.floats[offset]);
    else
      result.integers.push_back(chosen.integers[offset]);
  }
  return {};
}

template <typename T> bool fits(int64_t value) {
  return value >= int64_t(std::numeric_limits<T>::min()) &&
         (sizeof(T) == 8 || value <= int64_t(std::numeric_limits<T>::max()));
}

bool fitsType(int64_t type, int64_t value) {
  switch (type) {
  case onnx::TensorProto::INT8:
    return fits<int8_t>(value);
  case onnx::TensorProto::UINT8:
    return fits<uint8_t>(value);
  case onnx::TensorProto::INT16:
    return fits<int16_t>(value);
  case onnx::TensorProto::UINT16:
    return fits<uint16_t>(value);
  case onnx::TensorProto::INT32:
    return fits<int32_t>(value);
  case onnx::TensorProto::UINT32:
    return fits<uint32_t>(value);
  case onnx::TensorProto::UINT64:
    return fits<uint64_t>(value);
  default:
    return true;
  }
}

/// Only casts that every machine does alike: no number is rounded but towards zero, none leaves its type.
string cast(const Node &node, Known inputs, Tensor &result) {
  const int64_t to = node.integer("to", 0);
  const Tensor &from = *inputs[0];
  result.shape = from.shape;
  const string name = elementTypeName(to);
  if (to == onnx::TensorProto::FLOAT || to == onnx::TensorProto::DOUBLE) {
    result.floats =
        from.isFloat ? from.floats : std::vector<float>(from.integers.begin(), from.integers.end());
    return {};
  }
  result.isFloat = false;
  if (isFloatType(to) || elementBytes(to) == 0)
    return "casts a constant to " + name + " (supported: FLOAT, DOUBLE, integers, BOOL)";
  for (float value : from.floats) {
    if (!(std::fabs(value) < 0x1p63f))
      return "casts " + std::to_string(value) + " to " + name + ", which does not hold it";
    result.integers.push_back(to == onnx::TensorProto::BOOL ? value != 0 : static_cast<int64_t>(value));
  }
  for (int64_t value : from.integers)
    result.integers.push_back(to == onnx::TensorProto::BOOL ? value != 0 : value);
  for (int64_t value : result.integers)
    if (!fitsType(to, value))
      return "casts " + std::to_string(value) + " to " + name + ", which does not hold it";
  return {};
}

template <typename Op> string reduce(const Node &node, Known inputs, Tensor &result) {
  const Tensor &from = *inputs[0];
  const bool isInput = inputs.size() > 1 && inputs[1];
  llvm::SmallVector<int64_t> axes = node.integers("axes", {});
  if (isInput)
    axes = llvm::SmallVector<int64_t>(llvm::ArrayRef<int64_t>(inputs[1]->integers));
  if (axes.empty() && node.integer("noop_with_empty_axes", 0) != 0)
    return result = from, string();
  const bool isAll =
      axes.empty() || (from.shape.size() == 1 && axes.size() == 1 && (axes[0] == 0 || axes[0] == -1));
  if (!isAll || from.size() == 0)
    return "reduces some axes of a constant (supported: all elements of a vector)";
  result.isFloat = from.isFloat;
  if (node.integer("keepdims", 1) != 0)
    result.shape.assign(from.shape.size(), 1);
  string problem;
  auto all = [&](const auto &values) {
    auto total = values.front();
    for (auto value : llvm::drop_begin(values))
      total = Op()(total, value, problem);
    return total;
  };
  if (from.isFloat)
    result.floats = {all(from.floats)};
  else
    result.integers = {all(from.integers)};
  return problem;
}

} // namespace

const std::vector<Fold> arithmeticFolds = {
    {"Abs", 1, magnitude},
    {"Add", 2, binary<Sum>},
    {"And", 2, both},
    {"Cast", 1, cast},
    {"Ceil", 1, roundTo<std::ceil>},
    {"Div", 2, binary<Quotient>},
    {"Equal", 2, compare<std::equal_to<>>},
    {"Floor", 1, roundTo<std::floor>},
    {"Greater", 2, compare<std::greater<>>},
    {"GreaterOrEqual", 2, compare<std::greater_equal<>>},
    {"Less", 2, compare<std::less<>>},
    {"LessOrEqual", 2, compare<std::less_equal<>>},
    {"Max", 1, chain<Most>},
    {"Min", 1, chain<Least>},
    {"Mod", 2, binary<Remainder>},
    {"Mul", 2, binary<Product>},
    {"Neg", 1, negate},
    {"Not", 1, negateTruth},
    {"Or", 2, either},
    {"ReduceMax", 1, reduce<Most>},
    {"ReduceMin", 1, reduce<Least>},
    {"ReduceProd", 1, reduce<Product>},
    {"ReduceSum", 1, reduce<Sum>},
    {"Sub", 2, binary<Difference>},
    {"Where", 3, where},
};

} // namespace arsis::compiler::onnximport
