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

std::string elementTypeName(int32_t onnxType) {
  static const char *const newer[] = {"FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ",
                                      "UINT4",        "INT4",           "FLOAT4E2M1", "FLOAT8E8M0",
                                      "UINT2",        "INT2",           "FLOAT6E2M3", "FLOAT6E3M2"};
  constexpr int32_t kFirst = 17;
  if (onnxType >= kFirst && onnxType < kFirst + int32_t(std::size(newer)))
    return newer[onnxType - kFirst];
  return onnx::TensorProto::DataType_IsValid(onnxType) ? onnx::TensorProto::DataType_Name(onnxType)
                                                       : std::to_string(onnxType);
}

size_t elementBytes(int32_t onnxType) {
  switch (onnxType) {
  case onnx::TensorProto::INT8:
  case onnx::TensorProto::UINT8:
  case onnx::TensorProto::BOOL:
    return 1;
  case onnx::TensorProto::FLOAT16:
  case onnx::TensorProto::BFLOAT16:
  case onnx::TensorProto::INT16:
  case onnx::TensorProto::UINT16:
    return 2;
  case onnx::TensorProto::FLOAT:
  case onnx::TensorProto::INT32:
  case onnx::TensorProto::UINT32:
    return 4;
  case onnx::TensorProto::DOUBLE:
  case onnx::TensorProto::INT64:
  case onnx::TensorProto::UINT64:
    return 8;
  default:
    return 0;
  }
}

/// Integers of type `From`, which `field` holds where they are not raw; all of them fit int64.
template <typename From, typename Field>
static bool decodeIntegers(const onnx::TensorProto &proto, const Field &field, int64_t count,
                           Tensor &tensor) {
  tensor.isFloat = false;
  return proto.has_raw_data() ? decodeRaw<From>(proto.raw_data(), count, tensor.integers)
                              : decodeField(field, count, tensor.integers);
}

bool decodeTensor(const onnx::TensorProto &proto, Tensor &tensor, std::string &problem, bool mayBeAbsent) {
  tensor = Tensor();
  tensor.shape.assign(proto.dims().begin(), proto.dims().end());
  if (problem = sizeProblem(tensor.shape); !problem.empty()) {
    problem = "has " + problem;
    return false;
  }
  int64_t count = tensor.size();
  bool raw = proto.has_raw_data();
  if (mayBeAbsent && raw && proto.raw_data().empty() && count > 0 && elementBytes(proto.data_type()) != 0) {
    tensor.isFloat = isFloatType(proto.data_type());
    tensor.isAbsent = true;
    return true;
  }
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
    complete = decodeIntegers<int64_t>(proto, proto.int64_data(), count, tensor);
    break;
  case onnx::TensorProto::INT32:
    complete = decodeIntegers<int32_t>(proto, proto.int32_data(), count, tensor);
    break;
  case onnx::TensorProto::INT16:
    complete = decodeIntegers<int16_t>(proto, proto.int32_data(), count, tensor);
    break;
  case onnx::TensorProto::UINT16:
    complete = decodeIntegers<uint16_t>(proto, proto.int32_data(), count, tensor);
    break;
  case onnx::TensorProto::INT8:
    complete = decodeIntegers<int8_t>(proto, proto.int32_data(), count, tensor);
    break;
  case onnx::TensorProto::UINT8:
  case onnx::TensorProto::BOOL:
    complete = decodeIntegers<uint8_t>(proto, proto.int32_data(), count, tensor);
    break;
  case onnx::TensorProto::UINT32:
    complete = decodeIntegers<uint32_t>(proto, proto.uint64_data(), count, tensor);
    break;
  case onnx::TensorProto::UINT64:
    complete = decodeIntegers<uint64_t>(proto, proto.uint64_data(), count, tensor);
    for (int64_t value : tensor.integers)
      if (value < 0)
        problem = "holds " + std::to_string(static_cast<uint64_t>(value)) + ", expected at most 2^63 - 1";
    break;
  default:
    problem = "element type " + elementTypeName(proto.data_type()) +
              " (supported: FLOAT, DOUBLE, FLOAT16, BFLOAT16, INT8 to INT64, UINT8 to UINT64, BOOL)";
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
  if (values.empty())
    return result;
  if (shape.empty()) {
    result[0] = values[0];
    return result;
  }
  // Neighbours of the result are far apart in the source and the other way round; in blocks of a cache line
  // along the result's innermost dimension both stay in the cache.
  constexpr int64_t kBlock = 16;
  const auto rank = static_cast<int64_t>(shape.size());
  llvm::SmallVector<int64_t> from(shape.size(), 1); // strides of the source, by its own dimensions
  for (int64_t i = rank - 2; i >= 0; --i)
    from[i] = from[i + 1] * hostShape[i + 1];
  const auto inner = static_cast<int64_t>(llvm::find(permutation, rank - 1) - permutation.begin());
  for (int64_t block = 0; block < hostShape[inner]; block += kBlock) {
    const int64_t width = std::min(kBlock, hostShape[inner] - block);
    llvm::SmallVector<int64_t> index(shape.size(), 0); // of the others, in the order of the source
    int64_t source = block * from[inner], target = block;
    for (bool more = true; more;) {
      for (int64_t k = 0; k < width; ++k)
        result[target + k] = values[source + k * from[inner]];
      more = false;
      for (int64_t i = rank - 1; i >= 0 && !more; --i) {
        if (i == inner)
          continue;
        source += from[i];
        target += strides[permutation[i]];
        more = ++index[i] < hostShape[i];
        if (more)
          break;
        source -= from[i] * hostShape[i];
        target -= strides[permutation[i]] * hostShape[i];
        index[i] = 0;
      }
    }
  }
  return result;
}

} // namespace arsis::compiler::onnximport
