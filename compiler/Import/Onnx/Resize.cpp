// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Resize and Upsample, one dimension after the other: nearest, linear and cubic of any size. Where the factor
// up is a whole number s, elements o = s * i + p of one phase p come from the same place relative to i, so a
// phase of the linear mode is a mean of two slices, and the phases are interleaved by a concatenation of
// rows. What has no such form is a product with a matrix of shares. Gradients follow from those of the
// pieces.

#include "compiler/Import/Onnx/Emit.h"
#include "compiler/Import/Onnx/Operators.h"
#include "compiler/Import/Onnx/Pieces.h"

#include "dialects/Isa/Encoding/Limits.h"

#include "onnx/onnx_pb.h"

#include <cmath>

using namespace mlir;

namespace arsis::compiler::onnximport {

namespace {

/// One dimension: `out` elements from `in`, `scale` is about their quotient.
struct Axis {
  int64_t dim; ///< of the host
  int64_t in, out;
  double scale;
};

/// Where an element of the result lies among those of the input.
using Coordinates = std::vector<double>;

} // namespace

static std::string checkResize(const Node &node) {
  const std::string mode = node.text("mode", "nearest"),
                    place = node.text("coordinate_transformation_mode", "half_pixel"),
                    policy = node.text("keep_aspect_ratio_policy", "stretch"),
                    nearest = node.text("nearest_mode", "round_prefer_floor");
  if (mode != "nearest" && mode != "linear" && mode != "bilinear" && mode != "cubic")
    return "mode = " + mode + " (supported: nearest, linear, cubic)";
  if (place != "half_pixel" && place != "pytorch_half_pixel" && place != "asymmetric" &&
      place != "align_corners")
    return "coordinate_transformation_mode = " + place +
           " (supported: half_pixel, pytorch_half_pixel, asymmetric, align_corners)";
  if (nearest != "round_prefer_floor" && nearest != "round_prefer_ceil" && nearest != "floor" &&
      nearest != "ceil")
    return "nearest_mode = " + nearest + " (supported: round_prefer_floor, round_prefer_ceil, floor, ceil)";
  if (policy != "stretch")
    return "keep_aspect_ratio_policy = " + policy + " (supported: stretch)";
  if (node.integer("antialias", 0) != 0)
    return "antialias = 1 (supported: 0)";
  return {};
}

/// Where input `index` is a tensor of elements, its values; empty if there is none. Nothing after an error.
static std::optional<std::vector<double>> numbersOf(const Node &node, GraphImporter &graph, size_t index,
                                                    StringRef what) {
  if (!node.hasInput(index))
    return std::vector<double>();
  const Tensor *given = graph.constant(node, index);
  if (!given) {
    (void)graph.fail(node, "the " + what + " are not known at import");
    return std::nullopt;
  }
  return given->isFloat ? std::vector<double>(given->floats.begin(), given->floats.end())
                        : std::vector<double>(given->integers.begin(), given->integers.end());
}

/// The dimensions that change; nothing after an error.
static std::optional<SmallVector<Axis>> axesOf(const Node &node, GraphImporter &graph,
                                               ArrayRef<int64_t> host) {
  constexpr int64_t kRoiSince = 11, kScalesAreInputs = 9;
  const size_t scalesAt = node.type() == "Resize" && node.opset() >= kRoiSince ? 2 : 1;
  std::optional<std::vector<double>> scales = numbersOf(node, graph, scalesAt, "scales"), sizes;
  sizes = scales && node.type() == "Resize" ? numbersOf(node, graph, 3, "sizes") : std::vector<double>();
  if (!scales || !sizes)
    return std::nullopt;
  if (node.opset() < kScalesAreInputs)
    if (const onnx::AttributeProto *given = node.find("scales"))
      scales->assign(given->floats().begin(), given->floats().end());
  const bool bySize = !sizes->empty();
  const std::vector<double> &numbers = bySize ? *sizes : *scales;
  const SmallVector<int64_t> dims = node.integers("axes", hostPermutation(host.size()));
  if (numbers.size() != dims.size()) {
    (void)graph.fail(node, Twine(numbers.size()) + " scales or sizes, expected one for each of " +
                               Twine(dims.size()) + " dimensions");
    return std::nullopt;
  }
  SmallVector<Axis> axes;
  for (auto [given, number] : llvm::zip_equal(dims, numbers)) {
    const int64_t rank = host.size(), dim = given < 0 ? given + rank : given;
    if (dim < 0 || dim >= rank) {
      (void)graph.fail(node, "axes = " + Twine(given) + " of a tensor of rank " + Twine(rank));
      return std::nullopt;
    }
    const double scale = bySize ? number / double(host[dim]) : number,
                 out = std::floor(double(host[dim]) * scale);
    const int64_t extent = bySize ? int64_t(number) : out < 0x1p40 ? int64_t(out) : INT64_MAX;
    if (std::string problem = sizeProblem({extent}); extent < 1 || !problem.empty()) {
      (void)graph.fail(node, "makes " + Twine(extent) + " elements of dimension " + Twine(dim) +
                                 ", expected 1 to " + Twine(isa::kLargestExtent));
      return std::nullopt;
    }
    if (extent != host[dim] || scale != 1)
      axes.push_back({dim, host[dim], extent, scale});
  }
  return axes;
}

static Coordinates coordinatesOf(const Node &node, const Axis &axis) {
  // Before there was a choice, and in Upsample, places were asymmetric.
  const bool mayChoose = node.type() == "Resize" && node.opset() >= 11;
  const std::string place =
      mayChoose ? node.text("coordinate_transformation_mode", "half_pixel") : "asymmetric";
  Coordinates coordinates;
  for (int64_t o = 0; o < axis.out; ++o) {
    double at = (double(o) + 0.5) / axis.scale - 0.5;
    if (place == "pytorch_half_pixel" && axis.out == 1)
      at = 0;
    else if (place == "asymmetric")
      at = double(o) / axis.scale;
    else if (place == "align_corners")
      at = axis.out == 1 ? 0 : double(o) * double(axis.in - 1) / double(axis.out - 1);
    coordinates.push_back(at);
  }
  return coordinates;
}

/// The chip's shape as rows: what is before the axis, the axis, and what is behind.
static SmallVector<int64_t> around(ArrayRef<int64_t> shape, int64_t axis) {
  return {llvm::product_of(shape.take_front(axis)), shape[axis],
          llvm::product_of(shape.drop_front(axis + 1))};
}

static SmallVector<int64_t> withExtent(ArrayRef<int64_t> shape, int64_t axis, int64_t extent) {
  SmallVector<int64_t> changed(shape);
  changed[axis] = extent;
  return changed;
}

/// Every element `count` times in a row.
static Value repeatEach(const Emitter &emit, Value x, int64_t axis, int64_t count) {
  const SmallVector<int64_t> shape = shapeOnChip(x), parts = around(shape, axis);
  SmallVector<int64_t> from = {parts[0] * parts[1], parts[2]}, to = {from[0], count, from[1]}, along = {0, 2};
  if (from[1] == 1) {
    from.pop_back();
    to.pop_back();
    along.pop_back();
  }
  OpBuilder &builder = emit.graph.builder();
  Value repeated =
      nn::BroadcastOp::create(builder, emit.graph.location(emit.node), emit.graph.tensorType(to),
                              emit.reshape(x, from), builder.getDenseI64ArrayAttr(along), nullptr);
  return emit.reshape(repeated, withExtent(shape, axis, shape[axis] * count));
}

/// Element s * i + p is element i of phases[p].
static Value interleavePhases(const Emitter &emit, ArrayRef<Value> phases, int64_t axis) {
  const SmallVector<int64_t> shape = shapeOnChip(phases.front()), parts = around(shape, axis);
  SmallVector<Value> rows;
  for (Value phase : phases)
    rows.push_back(emit.reshape(phase, {parts[0] * parts[1], parts[2]}));
  const auto count = static_cast<int64_t>(phases.size());
  return emit.reshape(concat(emit.node, emit.graph, rows, 1), withExtent(shape, axis, shape[axis] * count));
}

static int64_t nearestOf(const Node &node, double at) {
  const bool mayChoose = node.type() == "Resize" && node.opset() >= 11;
  const std::string mode = mayChoose ? node.text("nearest_mode", "round_prefer_floor") : "floor";
  if (mode == "floor")
    return std::floor(at);
  if (mode == "ceil")
    return std::ceil(at);
  return mode == "round_prefer_floor" ? std::ceil(at - 0.5) : std::floor(at + 0.5);
}

static FailureOr<Value> resizeNearest(const Emitter &emit, const Axis &axis, Value x, int64_t chipAxis) {
  SmallVector<int64_t> sources;
  for (double at : coordinatesOf(emit.node, axis))
    sources.push_back(std::clamp<int64_t>(nearestOf(emit.node, at), 0, axis.in - 1));
  const int64_t up = axis.out / axis.in;
  const auto all = llvm::seq<int64_t>(0, axis.out);
  if (axis.out % axis.in == 0 && llvm::all_of(all, [&](int64_t o) { return sources[o] == o / up; }))
    return repeatEach(emit, x, chipAxis, up);
  const int64_t step = axis.out > 1 ? sources[1] - sources[0] : 1;
  if (step > 0 && llvm::all_of(all, [&](int64_t o) { return sources[o] == sources[0] + o * step; }))
    return pick(emit.node, emit.graph, x, chipAxis, sources[0], axis.out, step);
  SmallVector<Value> pieces; // runs of neighbours
  for (int64_t begin = 0, end = 0; begin < axis.out; begin = end) {
    for (end = begin + 1; end < axis.out && sources[end] == sources[end - 1] + 1;)
      ++end;
    pieces.push_back(slice(emit.node, emit.graph, x, chipAxis, sources[begin], end - begin));
  }
  return concat(emit.node, emit.graph, pieces, chipAxis);
}

namespace {
/// A place between two elements: the first of them, and how far behind it.
struct Between {
  int64_t first;
  double part;
};
} // namespace

static Between between(double at) {
  constexpr double kRounding = 1e-6; // of quotients of extents
  const double nearest = std::round(at);
  if (std::abs(at - nearest) < kRounding)
    return {int64_t(nearest), 0};
  return {int64_t(std::floor(at)), at - std::floor(at)};
}

/// a + (b - a) * part, as a mean by weights; b is not asked for where it has none.
static Value mix(const Emitter &emit, Value a, llvm::function_ref<Value()> b, double part) {
  return part == 0 ? a : emit.add(emit.affine(a, 1 - part, 0), emit.affine(b(), part, 0));
}

/// Whether `at` grows by `step` from each element to the one that is `every` later.
static bool growsBy(ArrayRef<double> at, size_t every, double step) {
  constexpr double kRounding = 1e-6;
  return llvm::all_of(llvm::seq<size_t>(every, std::max(every, at.size())),
                      [&](size_t o) { return std::abs(at[o] - at[o - every] - step) < kRounding; });
}

/// Elements of the input, the first and last for those beyond them, and how much of each there is.
using Shares = std::vector<std::pair<int64_t, double>>;

/// The product of the shares of each element of the result with the axis.
static FailureOr<Value> weigh(const Emitter &emit, const Axis &axis, Value x, int64_t chipAxis,
                              llvm::function_ref<Shares(double)> sharesOf) {
  if (std::string problem = sizeProblem({axis.out, axis.in}); !problem.empty())
    return emit.graph.fail(emit.node, "the shares of its elements have " + problem);
  Tensor shares;
  shares.shape = {axis.out, axis.in};
  shares.floats.resize(axis.out * axis.in);
  for (auto [o, place] : llvm::enumerate(coordinatesOf(emit.node, axis)))
    for (auto [element, share] : sharesOf(place))
      shares.floats[o * axis.in + std::clamp<int64_t>(element, 0, axis.in - 1)] += static_cast<float>(share);
  GraphImporter &graph = emit.graph;
  OpBuilder &builder = graph.builder();
  const Location location = graph.location(emit.node);
  const SmallVector<int64_t> shape = shapeOnChip(x), parts = around(shape, chipAxis);
  const int64_t swapped[] = {1, 0, 2}; // before the axis, the axis, behind it
  const auto turned = [&](Value value, int64_t first, int64_t second) -> Value {
    if (first == 1 || second == 1)
      return value;
    return nn::TransposeOp::create(builder, location, graph.tensorType({second, first, parts[2]}),
                                   emit.reshape(value, {first, second, parts[2]}), swapped, nullptr);
  };
  const Value matrix =
      graph.stored((emit.node.name() + ".shares" + Twine(axis.dim)).str(), std::move(shares));
  const Value columns = emit.reshape(turned(x, parts[0], parts[1]), {axis.in, parts[0] * parts[2]});
  const Value y =
      nn::MatmulOp::create(builder, location, graph.tensorType({axis.out, parts[0] * parts[2]}), matrix,
                           columns, /*transpose_a=*/false, /*transpose_b=*/false, nullptr, nullptr);
  return emit.reshape(turned(y, axis.out, parts[0]), withExtent(shape, chipAxis, axis.out));
}

static FailureOr<Value> resizeLinear(const Emitter &emit, const Axis &axis, Value x, int64_t chipAxis) {
  const Coordinates at = coordinatesOf(emit.node, axis);
  auto take = [&](Value from, int64_t begin, int64_t count, int64_t step) {
    return pick(emit.node, emit.graph, from, chipAxis, begin, count, step);
  };
  if (axis.out % axis.in == 0 && growsBy(at, axis.out / axis.in, 1)) {
    // With the first and the last element once more, nothing lies outside.
    const Value ends[] = {take(x, 0, 1, 1), x, take(x, axis.in - 1, 1, 1)};
    const Value wide = concat(emit.node, emit.graph, ends, chipAxis);
    SmallVector<Value> phases;
    for (int64_t phase = 0; phase < axis.out / axis.in; ++phase) {
      const Between place = between(at[phase]);
      phases.push_back(mix(
          emit, take(wide, place.first + 1, axis.in, 1),
          [&] { return take(wide, place.first + 2, axis.in, 1); }, place.part));
    }
    return interleavePhases(emit, phases, chipAxis);
  }
  const Between first = between(at.front());
  const int64_t step = axis.in / axis.out;
  if (axis.in % axis.out == 0 && growsBy(at, 1, double(step)) && first.first >= 0 &&
      (first.part == 0 || first.first + 1 + step * (axis.out - 1) < axis.in))
    return mix(
        emit, take(x, first.first, axis.out, step), [&] { return take(x, first.first + 1, axis.out, step); },
        first.part);
  return weigh(emit, axis, x, chipAxis, [&](double place) -> Shares {
    const Between two = between(place);
    return {{two.first, 1 - two.part}, {two.first + 1, two.part}};
  });
}

static FailureOr<Value> resizeCubic(const Emitter &emit, const Axis &axis, Value x, int64_t chipAxis) {
  const double a = emit.node.real("cubic_coeff_a", -0.75f);
  const bool excludes = emit.node.integer("exclude_outside", 0) != 0;
  const auto near = [a](double d) { return ((a + 2) * d - (a + 3)) * d * d + 1; };
  const auto far = [a](double d) { return ((a * d - 5 * a) * d + 8 * a) * d - 4 * a; };
  return weigh(emit, axis, x, chipAxis, [&](double place) {
    const Between two = between(place);
    const double d = two.part;
    Shares shares = {{two.first - 1, far(1 + d)},
                     {two.first, near(d)},
                     {two.first + 1, near(1 - d)},
                     {two.first + 2, far(2 - d)}};
    if (excludes) {
      llvm::erase_if(shares, [&](auto &share) { return share.first < 0 || share.first >= axis.in; });
      double all = 0;
      for (auto &[element, share] : shares)
        all += share;
      for (auto &[element, share] : shares)
        share /= all;
    }
    return shares;
  });
}

static LogicalResult convertResize(const Node &node, GraphImporter &graph) {
  Arranged x = graph.valueAsItIs(node, 0);
  if (!x)
    return failure();
  std::optional<SmallVector<Axis>> axes = axesOf(node, graph, graph.hostShape(x));
  if (!axes)
    return failure();
  const Emitter emit{node, graph};
  const std::string mode = node.text("mode", "nearest");
  const auto resize = mode == "nearest" ? resizeNearest : mode == "cubic" ? resizeCubic : resizeLinear;
  for (const Axis &axis : *axes) {
    const int64_t chipAxis = x.permutation[axis.dim];
    SmallVector<int64_t> shape = withExtent(shapeOnChip(x.value), chipAxis, axis.out);
    if (std::string problem = sizeProblem(shape); !problem.empty())
      return graph.fail(node, "the result has " + problem);
    FailureOr<Value> resized = resize(emit, axis, x.value, chipAxis);
    if (failed(resized))
      return failure();
    x.value = *resized;
  }
  return graph.define(node, 0, x.value, x.permutation);
}

const std::vector<Operator> resizeOperators = {
    {"Resize", checkResize, convertResize},
    {"Upsample", checkResize, convertResize},
};

} // namespace arsis::compiler::onnximport
