// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Shapes, conversion between element types and permutation of dims.
#include "runtime/common/HostTensor.h"

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"

#include <cstring>
#include <limits>

namespace arsis::ref {

size_t sizeOf(HostType type) { return type == HostType::F32 || type == HostType::I32 ? 4 : 8; }

const char *nameOf(HostType type) {
  static const char *const names[] = {"f32", "f64", "i32", "i64"};
  return names[static_cast<size_t>(type)];
}

int64_t elementCount(const Shape &shape) {
  int64_t count = 1;
  for (int64_t dim : shape) {
    // Eight bytes an element must still be addressable.
    if (dim < 0 || (dim != 0 && count > std::numeric_limits<int64_t>::max() / 8 / dim))
      throw InputError("shape " + toString(shape) + " has no valid element count");
    count *= dim;
  }
  return count;
}

std::string toString(const Shape &shape) {
  if (shape.empty())
    return "scalar";
  std::string text;
  for (int64_t dim : shape)
    text += (text.empty() ? "" : "x") + std::to_string(dim);
  return text;
}

HostTensor::HostTensor(Shape shape, HostType type)
    : dims(std::move(shape)), elementType(type), count(elementCount(dims)), bytes(count * sizeOf(type)) {}

void HostTensor::copyFrom(const void *source, size_t byteCount) {
  if (byteCount != bytes.size())
    throw InputError("tensor " + toString(dims) + " of " + nameOf(elementType) + " has " +
                     std::to_string(bytes.size()) + " bytes, found " + std::to_string(byteCount));
  if (byteCount)
    std::memcpy(bytes.data(), source, byteCount);
}

void HostTensor::fill(const void *element) {
  const size_t size = sizeOf(elementType);
  for (size_t at = 0; at < bytes.size(); at += size)
    std::memcpy(bytes.data() + at, element, size);
}

HostTensor HostTensor::reshaped(Shape shape) const {
  if (elementCount(shape) != count)
    throw InputError("cannot reshape " + toString(dims) + " to " + toString(shape));
  HostTensor result = *this;
  result.dims = std::move(shape);
  return result;
}

uint8_t *HostTensor::checked(HostType type) {
  if (type != elementType)
    throw InputError(std::string("expected elements of type ") + nameOf(type) + ", found " +
                     nameOf(elementType));
  return bytes.data();
}

template <class From, class To> static To convertElement(From value) {
  if constexpr (std::is_integral_v<To>) {
    // Both bounds are exact in double: -2^31 and 2^31, -2^63 and 2^63.
    const double low = static_cast<double>(std::numeric_limits<To>::min());
    const double wide = static_cast<double>(value);
    bool fits = wide >= low && wide < -low;
    if constexpr (std::is_integral_v<From>)
      fits = static_cast<From>(static_cast<To>(value)) == value;
    if (!fits || (std::is_floating_point_v<From> && static_cast<double>(static_cast<To>(wide)) != wide))
      throw InputError("value " + std::to_string(value) + " is no " + nameOf(HostTypeOf<To>::value));
  }
  return static_cast<To>(value);
}

template <class From> static void convertAll(const HostTensor &source, HostTensor &result) {
  const From *from = source.as<From>();
  auto fill = [&](auto *to) {
    for (int64_t i = 0; i < source.size(); ++i)
      to[i] = convertElement<From, std::decay_t<decltype(*to)>>(from[i]);
  };
  switch (result.type()) {
  case HostType::F32:
    return fill(result.as<float>());
  case HostType::F64:
    return fill(result.as<double>());
  case HostType::I32:
    return fill(result.as<int32_t>());
  case HostType::I64:
    return fill(result.as<int64_t>());
  }
}

HostTensor HostTensor::converted(HostType type) const {
  if (type == elementType)
    return *this;
  const numerics::FloatEnvironment environment; // narrowing rounds
  HostTensor result(dims, type);
  switch (elementType) {
  case HostType::F32:
    convertAll<float>(*this, result);
    break;
  case HostType::F64:
    convertAll<double>(*this, result);
    break;
  case HostType::I32:
    convertAll<int32_t>(*this, result);
    break;
  case HostType::I64:
    convertAll<int64_t>(*this, result);
    break;
  }
  return result;
}

std::vector<int64_t> inversePermutation(const std::vector<int64_t> &permutation) {
  std::vector<int64_t> inverse(permutation.size(), -1);
  for (size_t i = 0; i < permutation.size(); ++i) {
    const int64_t to = permutation[i];
    if (to < 0 || to >= static_cast<int64_t>(inverse.size()) || inverse[to] != -1)
      throw InputError("[" + toString(permutation) + "] is no permutation");
    inverse[to] = static_cast<int64_t>(i);
  }
  return inverse;
}

HostTensor HostTensor::permuted(const std::vector<int64_t> &permutation) const {
  if (permutation.empty())
    return *this;
  if (permutation.size() != dims.size())
    throw InputError("a permutation of " + std::to_string(permutation.size()) + " dims does not fit shape " +
                     toString(dims));
  inversePermutation(permutation);
  const size_t rank = dims.size(), width = sizeOf(elementType);
  std::vector<int64_t> stride(rank, 1), step(rank);
  for (size_t d = rank; d-- > 1;)
    stride[d - 1] = stride[d] * dims[d];
  Shape shape(rank);
  for (size_t d = 0; d < rank; ++d) {
    shape[d] = dims[permutation[d]];
    step[d] = stride[permutation[d]];
  }
  HostTensor result(shape, elementType);
  std::vector<int64_t> index(rank, 0);
  int64_t from = 0;
  for (int64_t to = 0; to < count; ++to) {
    std::memcpy(result.bytes.data() + to * width, bytes.data() + from * width, width);
    for (size_t d = rank; d-- > 0;) {
      from += step[d];
      if (++index[d] < shape[d])
        break;
      from -= step[d] * shape[d];
      index[d] = 0;
    }
  }
  return result;
}

} // namespace arsis::ref
