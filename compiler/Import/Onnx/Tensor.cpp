// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Decoding and reordering of ONNX constants.

#include "compiler/Import/Onnx/Tensor.h"

#include "dialects/Isa/Encoding/Limits.h"

#include "onnx/onnx_pb.h"
#include "llvm/ADT/APFloat.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace arsis::compiler::onnximport {

int64_t Tensor::size() const {
  int64_t count = 1;
  for (int64_t extent : shape)
    count *= extent;
  return count;
}

bool Tensor::isUniform() const {
  auto sameBits = [](const auto &values) {
    return !values.empty() && std::all_of(values.begin(), values.end(), [&](const auto &value) {
      return std::memcmp(&value, &values.front(), sizeof value) == 0;
    });
  };
  return isFloat ? sameBits(floats) : sameBits(integers);
}

std::optional<int64_t> elementCount(llvm::ArrayRef<int64_t> extents) {
  int64_t count = 1; // of the extents so far that are not zero
  bool isEmpty = false;
  for (int64_t extent : extents) {
    if (extent < 0 || extent > isa::kLargestExtent)
      return std::nullopt;
    isEmpty |= extent == 0;
    if (extent > 1 && count > isa::kLargestTensor / extent)
      return std::nullopt;
    count *= std::max<int64_t>(extent, 1);
  }
  return isEmpty ? 0 : count;
}

std::string sizeProblem(llvm::ArrayRef<int64_t> shape) {
  if (shape.size() > kGraphRank)
    return "rank " + std::to_string(shape.size()) + ", expected at most " + std::to_string(kGraphRank);
  for (int64_t extent : shape)
    if (extent < 0 || extent > isa::kLargestExtent)
      return "an extent of " + std::to_string(extent) + ", expected 0 to " +
             std::to_string(isa::kLargestExtent);
  if (!elementCount(shape))
    return "more than " + std::to_string(isa::kLargestTensor) + " elements";
  return {};
}

namespace {

/// Raw data is little-endian by the format's definition, as is every machine this compiler is built for.
template <typename From, typename To>
bool decodeRaw(const std::string &raw, int64_t count, std::vector<To> &out) {
  if (raw.size() != count * sizeof(From))
    return false;
  out.resize(count);
  for (int64_t i = 0; i < count; ++i) {
    From value;
    std::memcpy(&value, raw.data() + i * sizeof(From), sizeof(From));
    out[i] = static_cast<To>(value);
  }
  return true;
}

/// A number of 16 bits, as the file stores it.
template <const llvm::fltSemantics &(*semantics)()> struct Half {
  uint16_t bits = 0;
  explicit operator float() const {
    llvm::APFloat value(semantics(), llvm::APInt(16, bits));
    bool loses = false;
    value.convert(llvm::APFloat::IEEEsingle(), llvm::APFloat::rmNearestTiesToEven, &loses);
    return value.convertToFloat();
  }
};
using Float16 = Half<llvm::APFloat::IEEEhalf>;
using BFloat16 = Half<llvm::APFloat::BFloat>;

template <typename Field, typename To>
bool decodeField(const Field &field, int64_t count, std::vector<To> &out) {
  if (field.size() != count)
    return false;
  out.assign(field.begin(), field.end());
  return true;
}

/// The bits lie in a field of wider integers.
template <typename From, typename Field>
bool decodeHalf(const Field &field, int64_t count, std::vector<float> &out, std::string &problem) {
  if (field.size() != count)
    return false;
  out.clear();
  for (int32_t bits : field) {
    if (bits != static_cast<uint16_t>(bits))
      problem = "element " + std::to_string(out.size()) + " is " + std::to_string(bits) +
                ", expected the 16 bits of a half";
    out.push_back(static_cast<float>(From{static_cast<uint16_t>(bits)}));
  }
  return true;
}

/// Doubles as the nearest floats.
bool narrow(const std::vector<double> &values, std::vector<float> &out, std::string &problem) {
  out.reserve(values.size());
  for (double value : values) {
    if (std::isfinite(value) && std::abs(value) > std::numeric_limits<float>::max())
      problem = "element " + std::to_string(out.size()) + " is " + std::to_string(value) +
                ", expected a number that fp32 holds";
    out.push_back(problem.empty() ? static_cast<float>(value) : 0.0f);
  }
  return true;
}

} // namespace

bool isFloatType(int32_t onnxType) {
  return onnxType == onnx::TensorProto::FLOAT || onnxType == onnx::TensorProto::DOUBLE ||
         onnxType == onnx::TensorProto::FLOAT16 || onnxType == onnx::TensorProto::BFLOAT16;
}

bool decodeTensor(const onnx::TensorProto &proto, Tensor &tensor, std::string &problem) {
  tensor = Tensor();
  tensor.shape.assign(proto.dims().begin(), proto.dims().end());
  if (proto.data_location() == onnx::TensorProto::EXTERNAL) {
    problem = "its data lies in another file; save the model with its data inside";
    return false;
  }
  if (problem = sizeProblem(tensor.shape); !problem.empty()) {
    problem = "has " + problem;
    return false;
  }
  int64_t count = tensor.size();
  bool raw = proto.has_raw_data();
  bool complete = false;
  std::vector<double> doubles;
  switch (proto.data_type()) {
  case onnx::TensorProto::FLOAT:
    complete = raw ? decodeRaw<float>(proto.raw_data(), count, tensor.floats)
                   : decodeField(proto.float_data(), count, tensor.floats);
    break;
  case onnx::TensorProto::DOUBLE:
    complete = (raw ? decodeRaw<double>(proto.raw_data(), count, doubles)
                    : decodeField(proto.double_data(), count, doubles)) &&
               narrow(doubles, tensor.floats, problem);
    break;
  case onnx::TensorProto::FLOAT16:
    complete = raw ? decodeRaw<Float16>(proto.raw_data(), count, tensor.floats)
                   : decodeHalf<Float16>(proto.int32_data(), count, tensor.floats, problem);
    break;
  case onnx::TensorProto::BFLOAT16:
    complete = raw ? decodeRaw<BFloat16>(proto.raw_data(), count, tensor.floats)
                   : decodeHalf<BFloat16>(proto.int32_data(), count, tensor.floats, problem);
    break;
  case onnx::TensorProto::INT64:
    tensor.isFloat = false;
    complete = raw ? decodeRaw<int64_t>(proto.raw_data(), count, tensor.integers)
                   : decodeField(proto.int64_data(), count, tensor.integers);
    break;
  case onnx::TensorProto::INT32:
    tensor.isFloat = false;
    complete = raw ? decodeRaw<int32_t>(proto.raw_data(), count, tensor.integers)
                   : decodeField(proto.int32_data(), count, tensor.integers);
    break;
  case onnx::TensorProto::BOOL:
    tensor.isFloat = false;
    complete = raw ? decodeRaw<uint8_t>(proto.raw_data(), count, tensor.integers)
                   : decodeField(proto.int32_data(), count, tensor.integers);
    break;
  default:
    problem = "element type " + onnx::TensorProto::DataType_Name(proto.data_type()) +
              " (supported: FLOAT, DOUBLE, FLOAT16, BFLOAT16, INT64, INT32, BOOL)";
    return false;
  }
  if (!complete)
    problem = "its data does not have the " + std::to_string(count) + " elements of its shape";
  return problem.empty();
}

llvm::SmallVector<int64_t> permuteShape(llvm::ArrayRef<int64_t> hostShape,
                                        llvm::ArrayRef<int64_t> permutation) {
  llvm::SmallVector<int64_t> shape(hostShape.size());
  for (size_t i = 0; i < hostShape.size(); ++i)
    shape[permutation[i]] = hostShape[i];
  return shape;
}

std::vector<float> permute(llvm::ArrayRef<float> values, llvm::ArrayRef<int64_t> hostShape,
                           llvm::ArrayRef<int64_t> permutation) {
  llvm::SmallVector<int64_t> shape = permuteShape(hostShape, permutation);
  llvm::SmallVector<int64_t> strides(shape.size(), 1);
  for (int64_t i = static_cast<int64_t>(shape.size()) - 2; i >= 0; --i)
    strides[i] = strides[i + 1] * shape[i + 1];
  std::vector<float> result(values.size());
  llvm::SmallVector<int64_t> index(hostShape.size(), 0);
  int64_t target = 0;
  for (float value : values) {
    result[target] = value;
    for (size_t i = index.size(); i-- > 0;) {
      const int64_t stride = strides[permutation[i]];
      target += stride;
      if (++index[i] < hostShape[i])
        break;
      target -= stride * hostShape[i];
      index[i] = 0;
    }
  }
  return result;
}

} // namespace arsis::compiler::onnximport
