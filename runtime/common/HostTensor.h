// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A dense tensor in the host's memory: shape, element type and contiguous row-major elements. It is what the
// oracle computes on and what enters and leaves an .npz file. It knows no layout: whether dims are the chip's
// or the host's is the caller's business.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace arsis::ref {

enum class HostType : uint8_t { F32, F64, I32, I64 };

/// Bytes of one element.
size_t sizeOf(HostType type);
/// "f32", "f64", "i32" or "i64".
const char *nameOf(HostType type);

template <class T> struct HostTypeOf;
template <> struct HostTypeOf<float> { static constexpr HostType value = HostType::F32; };
template <> struct HostTypeOf<double> { static constexpr HostType value = HostType::F64; };
template <> struct HostTypeOf<int32_t> { static constexpr HostType value = HostType::I32; };
template <> struct HostTypeOf<int64_t> { static constexpr HostType value = HostType::I64; };

using Shape = std::vector<int64_t>;

/// Product of the dims; 1 for a scalar. Throws arsis::Error if a dim is negative or the product does not fit.
int64_t elementCount(const Shape &shape);
/// "2x3x4", "scalar" for rank 0.
std::string toString(const Shape &shape);

class HostTensor {
public:
  HostTensor() = default;
  /// All elements zero.
  HostTensor(Shape shape, HostType type);

  /// Copies `values`; throws arsis::Error unless their number is the shape's.
  template <class T> static HostTensor of(Shape shape, const std::vector<T> &values) {
    HostTensor tensor(std::move(shape), HostTypeOf<T>::value);
    tensor.copyFrom(values.data(), values.size() * sizeof(T));
    return tensor;
  }

  const Shape &shape() const { return dims; }
  HostType type() const { return elementType; }
  int64_t size() const { return count; }
  size_t byteSize() const { return bytes.size(); }
  uint8_t *data() { return bytes.data(); }
  const uint8_t *data() const { return bytes.data(); }

  /// The elements; throws arsis::Error unless T is the element type.
  template <class T> T *as() { return reinterpret_cast<T *>(checked(HostTypeOf<T>::value)); }
  template <class T> const T *as() const {
    return reinterpret_cast<const T *>(const_cast<HostTensor *>(this)->checked(HostTypeOf<T>::value));
  }

  /// Overwrites all elements; throws arsis::Error unless `byteCount` is byteSize().
  void copyFrom(const void *source, size_t byteCount);
  /// Overwrites every element with the one at `element`.
  void fill(const void *element);
  /// The same elements under another shape of the same size.
  HostTensor reshaped(Shape shape) const;
  /// Each element converted (round to nearest even); an integer that does not fit the target type is an
  /// arsis::Error.
  HostTensor converted(HostType type) const;
  /// Dim i of the result is dim permutation[i] of this tensor; an empty permutation is the identity.
  HostTensor permuted(const std::vector<int64_t> &permutation) const;

private:
  uint8_t *checked(HostType type);

  Shape dims;
  HostType elementType = HostType::F32;
  int64_t count = 0;
  std::vector<uint8_t> bytes;
};

/// q with q[p[i]] = i. Throws arsis::Error if p is not a permutation.
std::vector<int64_t> inversePermutation(const std::vector<int64_t> &permutation);

} // namespace arsis::ref
