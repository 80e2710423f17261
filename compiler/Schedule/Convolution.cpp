// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// From the accesses of a contraction to windows. A windowed index is a sum of a position and a tap
// (dialects/NN/Structure/Build.h); which of the two is reduced, and the sign of the tap, tell the passes
// apart.
#include "compiler/Schedule/Convolution.h"

#include "compiler/Schedule/Coalesce.h"
#include "compiler/Schedule/Space.h"
#include "compiler/Schedule/Strides.h"

#include <algorithm>
#include <cstdlib>

namespace arsis::schedule {

namespace {

using nn::Access;
using nn::Index;
using nn::Structure;

/// Which dimensions count a channel; group is -1 where there is one only.
struct Channel {
  int group = -1, channel = 0;
};

/// Nothing if the index is no channel counted over groups.
std::optional<Channel> channelIn(const Index &index, const std::vector<nn::Dimension> &domain) {
  if (isPlain(index))
    return Channel{-1, index.terms[0].dimension};
  if (index.terms.size() != 2 || index.offset != 0 || index.divisor != 1 || index.terms[1].stride != 1 ||
      index.terms[0].stride != domain[index.terms[1].dimension].extent)
    return std::nullopt;
  return Channel{index.terms[0].dimension, index.terms[1].dimension};
}

/// A step that is never taken becomes 1, since it may be too long for an instruction: between the taps of a
/// kernel of one, and, unless the stride decides which input a phase owns (`phases`), between the windows of
/// an output of one.
Window window(int64_t input, int64_t output, int64_t kernel, int64_t stride, int64_t dilation, int64_t pad,
              bool phases) {
  return {input, output, kernel, output == 1 && !phases ? 1 : stride, kernel == 1 ? 1 : dilation, pad};
}

class Reader {
public:
  explicit Reader(const Unit &unit) : Reader(unit, productOf(unit)) {}
  Reader(const Unit &unit, const Part &product) : unit(unit), part(product), s(part.structure) {}

  /// The product, whatever stands beside it.
  std::optional<Convolution> readAlone() const {
    const bool bare = s.before.empty() && s.after.empty() && s.terms.size() == 2 && s.terms[0].isOperand() &&
                      s.terms[0].number == 0 && s.terms[1].isOperand() && s.terms[1].number == 1;
    if (s.combine != nn::Combine::Fma || !bare || s.results.size() != 1)
      return std::nullopt;
    return s.operands[0].indices.size() == 2   ? product()
           : s.operands[0].indices.size() == 4 ? convolution()
                                               : std::nullopt;
  }

  std::optional<Convolution> read() const {
    std::optional<Convolution> c = readAlone();
    if (!c || unit.parts.size() == 1)
      return c;
    std::vector<const Part *> products;
    for (const Part &each : unit.parts)
      if (each.structure.combine == nn::Combine::Fma)
        products.push_back(&each);
    if (products.size() > 1 && (products.size() > 2 || !addSibling(*c, *products.back())))
      return std::nullopt;
    std::vector<ConvOperand *> factors = {&c->streamed, &c->stationary};
    if (c->sibling)
      factors.push_back(&c->sibling->streamed);
    for (ConvOperand *factor : factors)
      if (unit.values[factor->value].kind != Value::Kind::Operand) {
        if (factor->isTurned() || (factor == &c->stationary && c->pass != Convolution::GradWeight))
          return std::nullopt;
        factor->prologue = prologueIn(unit, factor->value, products);
        if (!factor->prologue ||
            (factor->prologue->isStored() && (factor != &c->streamed || !c->streamsOnce())))
          return std::nullopt;
      }
    const std::vector<bool> before = partsBefore(unit, products);
    if (std::count(before.begin(), before.end(), true) + products.size() == unit.parts.size())
      return c;
    c->epilogue = c->pass == Convolution::GradWeight ? std::nullopt : epilogueIn(unit, products);
    if (!c->epilogue)
      return std::nullopt;
    c->resultType = c->epilogue->productType();
    c->tileTypes.clear();
    for (const Epilogue::Tensor &tensor : c->epilogue->tensors)
      if (c->epilogue->reachOf(tensor) == Reach::Matrix)
        c->tileTypes.push_back(tensor.type);
    return c;
  }

private:
  /// Takes another product as the gradient of the weight beside that of the input.
  bool addSibling(Convolution &c, const Part &other) const {
    const std::optional<Convolution> weight = Reader(unit, other).readAlone();
    if (!weight || weight->pass != Convolution::GradWeight || weight->stationary.value != c.streamed.value ||
        weight->shape.h.padBefore != c.shape.h.padBefore ||
        weight->shape.w.padBefore != c.shape.w.padBefore || weight->shape.h.stride != c.shape.h.stride ||
        weight->shape.w.stride != c.shape.w.stride || weight->shape.h.dilation != c.shape.h.dilation ||
        weight->shape.w.dilation != c.shape.w.dilation || weight->resultShape != c.stationary.shape ||
        weight->streamed.shape != c.resultShape)
      return false;
    c.sibling = {weight->streamed, weight->result, weight->resultShape, weight->resultType, weight->planDims};
    return true;
  }

  static const Part &productOf(const Unit &unit) {
    const auto found = std::find_if(unit.parts.begin(), unit.parts.end(), [](const Part &part) {
      return part.structure.combine == nn::Combine::Fma;
    });
    return found == unit.parts.end() ? unit.parts.front() : *found;
  }

  bool isReduced(int dimension) const { return dimension >= s.parallelCount(); }
  int64_t extent(int dimension) const { return s.domain[dimension].extent; }
  const std::string &nameOf(int dimension) const { return s.domain[dimension].name; }
  int dimensionOf(int operand, int position) const {
    return s.operands[operand].indices[position].terms[0].dimension;
  }
  const std::vector<int64_t> &shapeOf(int value) const { return unit.values[value].shape; }

  ConvOperand operand(int value) const {
    ConvOperand operand;
    operand.value = value;
    operand.shape = shapeOf(value);
    operand.type = unit.values[value].type;
    return operand;
  }

  Convolution begin() const {
    Convolution c;
    c.streamed = operand(part.operands[0]);
    c.stationary = operand(part.operands[1]);
    c.result = part.results[0];
    c.resultShape = shapeOf(c.result);
    c.resultType = unit.values[c.result].type;
    c.tileTypes = {c.resultType};
    for (const nn::Chunked &chunk : s.reduction.chunks)
      c.planDims.push_back(chunk.name);
    if (s.reduction.packed)
      c.packDim = s.reduction.packed->name;
    return c;
  }

  std::optional<Convolution> product() const {
    for (const Access &operand : s.operands)
      if (operand.indices.size() != 2 ||
          !std::all_of(operand.indices.begin(), operand.indices.end(), isPlain))
        return std::nullopt;
    constexpr std::array<int, 4> turned = {0, 1, 3, 2};
    Convolution c = begin();
    const bool turnedA = isReduced(dimensionOf(0, 0)), turnedB = !isReduced(dimensionOf(1, 0));
    if (turnedA)
      c.streamed.axes = turned;
    if (turnedB)
      c.stationary.axes = turned;
    c.shape.w.input = c.shape.w.output = extent(dimensionOf(0, turnedA));
    c.shape.channels = extent(dimensionOf(0, !turnedA));
    c.shape.outputs = extent(dimensionOf(1, !turnedB));
    c.names.w = nameOf(dimensionOf(0, turnedA));
    c.names.reduced = nameOf(dimensionOf(0, !turnedA));
    c.names.columns = nameOf(dimensionOf(1, !turnedB));
    return c;
  }

  /// The windows of axis 1 (h) or 2 (w) of the streamed operand.
  Window axis(int position, Convolution::Pass pass) const {
    const Index &index = s.operands[0].indices[position];
    const int64_t inDram = shapeOf(part.operands[0])[position];
    const int64_t first = extent(index.terms[0].dimension), second = extent(index.terms[1].dimension);
    if (pass == Convolution::GradInput)
      return window(first, inDram, second, index.divisor, -index.terms[1].stride, index.offset, true);
    return window(inDram, first, second, index.terms[0].stride, index.terms[1].stride, -index.offset, false);
  }

  std::optional<Convolution> convolution() const {
    const std::vector<Index> &x = s.operands[0].indices;
    const std::optional<Channel> streamed = channelIn(x[3], s.domain),
                                 column = channelIn(s.results[0].indices[3], s.domain);
    if (!isPlain(x[0]) || !streamed || !column || streamed->group != column->group ||
        x[1].terms.size() != 2 || x[2].terms.size() != 2)
      return std::nullopt;
    Convolution c = begin();
    const bool overPixels = isReduced(x[1].terms[0].dimension);
    c.pass = x[1].terms[1].stride < 0 ? Convolution::GradInput
             : overPixels             ? Convolution::GradWeight
                                      : Convolution::Forward;
    c.shape.batch = extent(x[0].terms[0].dimension);
    c.shape.h = axis(1, c.pass);
    c.shape.w = axis(2, c.pass);
    const int64_t channels = extent(streamed->channel), others = extent(column->channel);
    c.shape.groups = streamed->group < 0 ? 1 : extent(streamed->group);
    c.shape.channels = c.pass == Convolution::GradInput ? others : channels;
    c.shape.outputs = c.pass == Convolution::GradInput ? channels : others;
    c.names = {nameOf(x[0].terms[0].dimension),
               nameOf(x[1].terms[0].dimension),
               nameOf(x[2].terms[0].dimension),
               nameOf(streamed->channel),
               nameOf(column->channel),
               nameOf(x[1].terms[1].dimension),
               streamed->group < 0 ? "" : nameOf(streamed->group)};
    if (c.pass == Convolution::GradInput) // its weights keep the forward order in DRAM
      c.stationary.axes = {0, 1, 3, 2};
    return c;
  }

  const Unit &unit;
  const Part &part;
  const Structure &s;
};

} // namespace

std::string Convolution::planField(const std::string &dim) const {
  if (!dim.empty() && dim == packDim)
    return "pack." + dim;
  return std::find(planDims.begin(), planDims.end(), dim) == planDims.end() ? "" : "chunks." + dim;
}

const char *Convolution::refusal(const ChipLimits &limits) const {
  if (streamed.type != stationary.type)
    return "the factors have two types, expected one (nn-set-precision casts them)";
  if (limits.passes.of(streamed.type) > 0)
    return nullptr;
  switch (streamed.type) {
  case numerics::ElementType::BF16:
    return "the arrays of the chip do not multiply bf16 (matrix.bf16_passes is 0)";
  case numerics::ElementType::F16:
    return "the arrays of the chip do not multiply fp16 (matrix.fp16_passes is 0)";
  default:
    return "the arrays of the chip do not multiply fp32 (matrix.fp32_passes is 0)";
  }
}

int64_t chunkOfSum(const std::array<int64_t, 3> &pixels, const std::array<int64_t, 3> &tile, int64_t least) {
  const bool wholeRows = tile[2] == pixels[2], wholeImages = wholeRows && tile[1] == pixels[1];
  const bool inOrder = wholeImages || (tile[0] == 1 && (wholeRows || tile[1] == 1));
  const bool full = pixels[0] % tile[0] == 0 && pixels[1] % tile[1] == 0 && pixels[2] % tile[2] == 0;
  const int64_t rows = tile[0] * tile[1] * tile[2];
  if (!inOrder || !full || rows < least)
    return 0;
  int64_t chunk = std::min(rows, kMostSummed);
  while (rows % chunk != 0)
    --chunk;
  return chunk >= std::min(rows, kLeastSummed) ? chunk : 0;
}

/// Whether what is a view has a shape in DRAM under which the layouts can have it: not a filter that lies
/// skewed for its groups.
static bool suitsViews(const Unit &unit, const Convolution &c) {
  const auto suits = [&](int number, const std::vector<int64_t> &shape) {
    const Value &value = unit.values[static_cast<size_t>(number)];
    return !value.isView() || stridesUnder(value.shape, value.strides, shape).has_value();
  };
  const auto isFilter = [&](int number) {
    return c.shape.groups > 1 && unit.values[static_cast<size_t>(number)].isView();
  };
  const auto suitsPrologue = [&](const ConvOperand &factor) {
    const std::optional<Prologue> &p = factor.prologue;
    if (!p)
      return suits(factor.value, factor.shape);
    return (!p->isStored() || suits(p->stored, factor.shape)) &&
           std::all_of(p->tensors.begin(), p->tensors.end(), [&](const Prologue::Tensor &tensor) {
             return suits(tensor.value, shapeOf(p->reachOf(tensor), factor.shape));
           });
  };
  if (isFilter(c.pass == Convolution::GradWeight ? c.result : c.stationary.value) ||
      !suitsPrologue(c.streamed) || !suitsPrologue(c.stationary))
    return false;
  if (c.sibling && (!suitsPrologue(c.sibling->streamed) || !suits(c.sibling->result, c.sibling->resultShape)))
    return false;
  if (!c.epilogue)
    return suits(c.result, c.resultShape);
  const std::vector<Epilogue::Tensor> &tensors = c.epilogue->tensors;
  return std::all_of(tensors.begin(), tensors.end(), [&](const Epilogue::Tensor &tensor) {
    return suits(tensor.value, shapeOf(c.epilogue->reachOf(tensor), c.resultShape));
  });
}

std::optional<Convolution> convolutionIn(const Unit &unit) {
  std::optional<Convolution> convolution = Reader(unit).read();
  return convolution && suitsViews(unit, *convolution) ? convolution : std::nullopt;
}

} // namespace arsis::schedule
