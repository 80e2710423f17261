// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Constants that are made, cut and rearranged from others at import.

#include "compiler/Import/Onnx/Fold.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/STLExtras.h"

#include <algorithm>

namespace arsis::compiler::onnximport {

int64_t broadcastOffset(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> index) {
  int64_t offset = 0;
  llvm::ArrayRef<int64_t> last = index.take_back(shape.size());
  for (size_t i = 0; i < shape.size(); ++i)
    offset = offset * shape[i] + (shape[i] == 1 ? 0 : last[i]);
  return offset;
}

std::optional<llvm::SmallVector<int64_t>> broadcastShapes(Known tensors) {
  llvm::SmallVector<int64_t> shape;
  for (const Tensor *tensor : tensors)
    if (tensor->shape.size() > shape.size())
      shape.insert(shape.begin(), tensor->shape.size() - shape.size(), 1);
  for (const Tensor *tensor : tensors)
    for (size_t i = 0, skip = shape.size() - tensor->shape.size(); i < tensor->shape.size(); ++i) {
      int64_t &extent = shape[skip + i];
      if (extent != 1 && tensor->shape[i] != 1 && extent != tensor->shape[i])
        return std::nullopt;
      extent = extent == 1 ? tensor->shape[i] : extent;
    }
  return shape;
}

void advance(llvm::MutableArrayRef<int64_t> index, llvm::ArrayRef<int64_t> shape) {
  for (size_t i = index.size(); i-- > 0; index[i] = 0)
    if (++index[i] < shape[i])
      return;
}

namespace {

using Extents = llvm::SmallVector<int64_t>;
using std::string;

string tooLarge(int64_t found) {
  return "makes a constant of " + std::to_string(found) + " elements, expected at most " +
         std::to_string(kComputedElements);
}

/// Fills `result` with the elements of `from` whose offsets `source` gives for each index of `shape`.
string pick(const Tensor &from, llvm::ArrayRef<int64_t> shape, Tensor &result,
            llvm::function_ref<int64_t(llvm::ArrayRef<int64_t>)> source) {
  std::optional<int64_t> count = elementCount(shape);
  if (!count || *count > int64_t(kComputedElements))
    return tooLarge(count.value_or(INT64_MAX));
  result.shape = Extents(shape);
  result.isFloat = from.isFloat;
  Extents index(shape.size(), 0);
  for (int64_t left = *count; left > 0; --left, advance(index, shape)) {
    const int64_t offset = source(index);
    if (from.isFloat)
      result.floats.push_back(from.floats[offset]);
    else
      result.integers.push_back(from.integers[offset]);
  }
  return {};
}

int64_t offsetOf(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> index) {
  int64_t offset = 0;
  for (size_t i = 0; i < shape.size(); ++i)
    offset = offset * shape[i] + index[i];
  return offset;
}

/// The axis counted from the front; nothing if there is none.
std::optional<int64_t> frontAxis(int64_t axis, int64_t rank) {
  axis += axis < 0 ? rank : 0;
  return axis >= 0 && axis < rank ? std::optional<int64_t>(axis) : std::nullopt;
}

string noAxis(int64_t axis, size_t rank) {
  return "axis " + std::to_string(axis) + " of a constant of rank " + std::to_string(rank);
}

/// The attribute, or the input that replaced it.
Extents listOf(const Node &node, Known inputs, llvm::StringRef attribute, size_t input) {
  if (input < inputs.size() && inputs[input])
    return Extents(llvm::ArrayRef<int64_t>(inputs[input]->integers));
  return node.integers(attribute, {});
}

string concat(const Node &node, Known inputs, Tensor &result) {
  const int64_t given = node.integer("axis", 0);
  const size_t rank = inputs[0]->shape.size();
  std::optional<int64_t> axis = frontAxis(given, rank);
  if (!axis)
    return noAxis(given, rank);
  Extents shape = inputs[0]->shape;
  shape[*axis] = 0;
  for (const Tensor *part : inputs) {
    if (part->shape.size() != rank || part->isFloat != inputs[0]->isFloat)
      return "joins constants of different ranks or types";
    for (size_t i = 0; i < rank; ++i)
      if (int64_t(i) != *axis && part->shape[i] != shape[i])
        return "joins constants whose shapes differ in other dimensions";
    shape[*axis] += part->shape[*axis];
  }
  std::optional<int64_t> count = elementCount(shape);
  if (!count || *count > int64_t(kComputedElements))
    return tooLarge(count.value_or(INT64_MAX));
  result.shape = shape;
  result.isFloat = inputs[0]->isFloat;
  Extents index(rank, 0);
  for (int64_t left = *count; left > 0; --left, advance(index, shape)) {
    Extents inPart = index;
    const Tensor *const *part = inputs.begin();
    for (; inPart[*axis] >= (*part)->shape[*axis]; ++part)
      inPart[*axis] -= (*part)->shape[*axis];
    const int64_t offset = offsetOf((*part)->shape, inPart);
    if (result.isFloat)
      result.floats.push_back((*part)->floats[offset]);
    else
      result.integers.push_back((*part)->integers[offset]);
  }
  return {};
}

string gather(const Node &node, Known inputs, Tensor &result) {
  const Tensor &data = *inputs[0], &indices = *inputs[1];
  const int64_t given = node.integer("axis", 0), rank = data.shape.size();
  std::optional<int64_t> axis = frontAxis(given, rank);
  if (!axis)
    return noAxis(given, rank);
  if (indices.isFloat)
    return "index of floats, expected integers";
  const int64_t extent = data.shape[*axis];
  for (int64_t index : indices.integers)
    if (index < -extent || index >= extent)
      return "index " + std::to_string(index) + " into " + std::to_string(extent) + " elements";
  Extents shape(llvm::ArrayRef(data.shape).take_front(*axis));
  shape.append(indices.shape.begin(), indices.shape.end());
  shape.append(data.shape.begin() + *axis + 1, data.shape.end());
  return pick(data, shape, result, [&](llvm::ArrayRef<int64_t> index) {
    Extents source(index.take_front(*axis));
    const int64_t at = indices.integers[offsetOf(indices.shape, index.slice(*axis, indices.shape.size()))];
    source.push_back(at < 0 ? at + extent : at);
    llvm::append_range(source, index.drop_front(*axis + indices.shape.size()));
    return offsetOf(data.shape, source);
  });
}

string slice(const Node &node, Known inputs, Tensor &result) {
  const Tensor &data = *inputs[0];
  const Extents starts = listOf(node, inputs, "starts", 1), ends = listOf(node, inputs, "ends", 2);
  Extents axes = listOf(node, inputs, "axes", 3), steps = listOf(node, inputs, "steps", 4);
  if (axes.empty())
    for (size_t i = 0; i < starts.size(); ++i)
      axes.push_back(i);
  if (steps.empty())
    steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    return "starts, ends, axes and steps of different lengths";
  Extents shape(data.shape), first(shape.size(), 0), stride(shape.size(), 1);
  for (size_t i = 0; i < starts.size(); ++i) {
    std::optional<int64_t> axis = frontAxis(axes[i], shape.size());
    if (!axis || steps[i] == 0 || steps[i] == INT64_MIN)
      return axis ? "a step of " + std::to_string(steps[i]) : noAxis(axes[i], shape.size());
    const int64_t extent = data.shape[*axis], step = steps[i];
    auto clamped = [&](int64_t at, int64_t least, int64_t most) {
      at += at < 0 ? extent : 0;
      return std::max(least, std::min(at, most));
    };
    first[*axis] = clamped(starts[i], 0, step > 0 ? extent : extent - 1);
    const int64_t end = step > 0 ? clamped(ends[i], 0, extent) : clamped(ends[i], -1, extent - 1);
    const int64_t covered = extent == 0 ? 0 : (end - first[*axis]) * (step > 0 ? 1 : -1);
    const int64_t width = step > 0 ? step : -step;
    shape[*axis] = covered > 0 ? (covered - 1) / width + 1 : 0;
    stride[*axis] = step;
  }
  return pick(data, shape, result, [&](llvm::ArrayRef<int64_t> index) {
    Extents source;
    for (size_t i = 0; i < index.size(); ++i)
      source.push_back(first[i] + index[i] * stride[i]);
    return offsetOf(data.shape, source);
  });
}

string expand(const Node &node, Known inputs, Tensor &result) {
  Tensor wanted;
  wanted.shape = Extents(llvm::ArrayRef<int64_t>(inputs[1]->integers));
  std::optional<Extents> shape = broadcastShapes({inputs[0], &wanted});
  if (!shape || inputs[1]->isFloat)
    return "repeats a constant to a shape to which it does not broadcast";
  return pick(*inputs[0], *shape, result,
              [&](llvm::ArrayRef<int64_t> index) { return broadcastOffset(inputs[0]->shape, index); });
}

string constantOfShape(const Node &node, Known inputs, Tensor &result) {
  Tensor value;
  value.floats = {0.0f};
  string problem;
  if (const onnx::TensorProto *given = node.tensor("value"); given && !decodeTensor(*given, value, problem))
    return problem;
  if (value.size() != 1 || inputs[0]->isFloat)
    return "fills a shape with " + std::to_string(value.size()) + " elements, expected one";
  std::optional<int64_t> count = elementCount(inputs[0]->integers);
  if (!value.isFloat || !count || *count > int64_t(kFilledElements))
    return pick(value, inputs[0]->integers, result, [](llvm::ArrayRef<int64_t>) { return 0; });
  result.shape = Extents(llvm::ArrayRef<int64_t>(inputs[0]->integers));
  result.floats.assign(*count, value.floats.front());
  return {};
}

string squeeze(const Node &node, Known inputs, Tensor &result) {
  Extents axes = listOf(node, inputs, "axes", 1), shape;
  const Tensor &data = *inputs[0];
  for (int64_t &axis : axes) {
    std::optional<int64_t> found = frontAxis(axis, data.shape.size());
    if (!found || data.shape[*found] != 1)
      return found ? "drops a dimension of " + std::to_string(data.shape[*found]) + ", expected 1"
                   : noAxis(axis, data.shape.size());
    axis = *found;
  }
  for (auto [i, extent] : llvm::enumerate(data.shape))
    if (axes.empty() ? extent != 1 : !llvm::is_contained(axes, int64_t(i)))
      shape.push_back(extent);
  result = data;
  result.shape = shape;
  return {};
}

/// The shape with 0 and -1 replaced by what they mean for `data`.
string reshape(const Node &node, Known inputs, Tensor &result) {
  const Tensor &data = *inputs[0];
  Extents shape(llvm::ArrayRef<int64_t>(inputs[1]->integers));
  int64_t *unknown = nullptr, rest = 1;
  for (auto [i, extent] : llvm::enumerate(shape)) {
    if (extent == 0 && node.integer("allowzero", 0) == 0)
      extent = i < data.shape.size() ? data.shape[i] : 0;
    if (extent < -1 || (extent == -1 && unknown))
      return extent == -1 ? "the new shape has more than one -1"
                          : "the new shape holds " + std::to_string(extent);
    if (extent == -1)
      unknown = &shape[i];
    else if (extent > int64_t(kComputedElements) || (rest *= extent) > int64_t(kComputedElements))
      return tooLarge(std::max(extent, rest));
  }
  if (unknown)
    *unknown = rest == 0 ? 0 : data.size() / rest;
  if (rest * (unknown ? *unknown : 1) != data.size())
    return "the new shape has " + std::to_string(rest * (unknown ? *unknown : 1)) + " elements, the input " +
           std::to_string(data.size());
  result = data;
  result.shape = shape;
  return {};
}

string unsqueeze(const Node &node, Known inputs, Tensor &result) {
  const Tensor &data = *inputs[0];
  Extents axes = listOf(node, inputs, "axes", 1);
  const size_t rank = data.shape.size() + axes.size();
  Extents shape(rank, 0);
  for (int64_t axis : axes) {
    std::optional<int64_t> found = frontAxis(axis, rank);
    if (!found || shape[*found] == 1 || rank > kGraphRank)
      return "axes are not " + std::to_string(axes.size()) + " dimensions of a result of rank " +
             std::to_string(rank);
    shape[*found] = 1;
  }
  const int64_t *next = data.shape.begin();
  for (int64_t &extent : shape)
    extent = extent == 1 ? 1 : *next++;
  result = data;
  result.shape = shape;
  return {};
}

string transpose(const Node &node, Known inputs, Tensor &result) {
  const Tensor &data = *inputs[0];
  const size_t rank = data.shape.size();
  Extents reversed, sorted, strides(rank, 1), shape;
  for (size_t i = rank; i-- > 0;)
    reversed.push_back(int64_t(i));
  const Extents order = node.integers("perm", reversed);
  sorted = order;
  llvm::sort(sorted);
  if (!llvm::equal(sorted, llvm::reverse(reversed)))
    return "perm is not a permutation of the " + std::to_string(rank) + " dimensions of its input";
  for (size_t i = rank; i-- > 1;)
    strides[i - 1] = strides[i] * data.shape[i];
  for (int64_t dim : order)
    shape.push_back(data.shape[dim]);
  return pick(data, shape, result, [&](llvm::ArrayRef<int64_t> index) {
    int64_t offset = 0;
    for (size_t i = 0; i < rank; ++i)
      offset += index[i] * strides[order[i]];
    return offset;
  });
}

string range(const Node &node, Known inputs, Tensor &result) {
  for (const Tensor *input : inputs.take_front(3))
    if (input->isFloat || input->size() != 1)
      return "counts in floats or vectors (supported: integers)";
  const int64_t start = inputs[0]->integers[0], limit = inputs[1]->integers[0], step = inputs[2]->integers[0];
  if (step == 0)
    return "a step of 0";
  result.isFloat = false;
  for (__int128 value = start; step > 0 ? value < limit : value > limit; value += step) {
    if (result.integers.size() == kComputedElements)
      return tooLarge(kComputedElements + 1) + "; it goes from " + std::to_string(start) + " to " +
             std::to_string(limit);
    result.integers.push_back(static_cast<int64_t>(value));
  }
  result.shape = {int64_t(result.integers.size())};
  return {};
}

} // namespace

const std::vector<Fold> movementFolds = {
    {"Concat", 1, concat},       {"ConstantOfShape", 1, constantOfShape},
    {"Expand", 2, expand},       {"Gather", 2, gather},
    {"Range", 3, range},         {"Reshape", 2, reshape},
    {"Slice", 1, slice},         {"Squeeze", 1, squeeze},
    {"Transpose", 1, transpose}, {"Unsqueeze", 1, unsqueeze},
};

} // namespace arsis::compiler::onnximport
