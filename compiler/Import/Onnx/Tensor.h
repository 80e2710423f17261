// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A constant of an ONNX graph, decoded from any of the encodings of TensorProto (raw_data or typed fields) to
// floats or to 64-bit integers. Element order is row-major in the host's (ONNX) layout.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_TENSOR_H
#define ARSIS_COMPILER_IMPORT_ONNX_TENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace onnx {
class TensorProto;
}

namespace arsis::compiler::onnximport {

/// FLOAT and what is converted to it: a master is fp32, whatever the file stores.
bool isFloatType(int32_t onnxType);
/// Bytes of one element of a type that can be decoded; 0 for others.
size_t elementBytes(int32_t onnxType);
/// As the format calls it, also where libonnx does not know it yet.
std::string elementTypeName(int32_t onnxType);

struct Tensor {
  llvm::SmallVector<int64_t> shape;
  bool isFloat = true;
  bool isAbsent = false; ///< the file gives the shape only: no values, whatever `size` is
  std::vector<float> floats;
  std::vector<int64_t> integers;

  int64_t size() const;
  /// Whether there are elements and all have the bits of the first.
  bool isUniform() const;
};

/// Dimensions of a tensor of the graph. Those of the chip have isa::kMaxRank, which the lowering asks for.
inline constexpr size_t kGraphRank = 8;
/// Elements of a constant that is computed at import: shapes and what is made of them.
inline constexpr size_t kComputedElements = 64;

/// The same for floats that are all equal, such as the probabilities of a mask with one element per image.
inline constexpr size_t kFilledElements = 1 << 14;

/// The product of the extents; nothing if one is negative or above isa::kLargestExtent, or the product is
/// above isa::kLargestTensor.
std::optional<int64_t> elementCount(llvm::ArrayRef<int64_t> extents);
/// Empty if a tensor of `shape` is within the limits, else what was found and what is expected.
std::string sizeProblem(llvm::ArrayRef<int64_t> shape);

/// Decodes `proto`; numbers in double precision are rounded to nearest even. Raw data of no bytes are an
/// absent tensor where it `mayBeAbsent`. On failure returns false and says in `problem` what was found and
/// what is supported.
bool decodeTensor(const onnx::TensorProto &proto, Tensor &tensor, std::string &problem,
                  bool mayBeAbsent = false);

/// `values` of `hostShape` reordered so that host dimension i becomes dimension permutation[i].
std::vector<float> permute(llvm::ArrayRef<float> values, llvm::ArrayRef<int64_t> hostShape,
                           llvm::ArrayRef<int64_t> permutation);

/// The shape that `permute` gives.
llvm::SmallVector<int64_t> permuteShape(llvm::ArrayRef<int64_t> hostShape,
                                        llvm::ArrayRef<int64_t> permutation);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_TENSOR_H
