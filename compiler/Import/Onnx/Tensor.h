// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A constant of an ONNX graph, decoded from any of the encodings of TensorProto (raw_data or typed fields) to
// floats or to 64-bit integers. Element order is row-major in the host's (ONNX) layout.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_TENSOR_H
#define ARSIS_COMPILER_IMPORT_ONNX_TENSOR_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <string>
#include <vector>

namespace onnx {
class TensorProto;
}

namespace arsis::compiler::onnximport {

struct Tensor {
  llvm::SmallVector<int64_t> shape;
  bool isFloat = true;
  std::vector<float> floats;
  std::vector<int64_t> integers;

  int64_t size() const;
};

/// Decodes `proto`. On failure returns false and says in `problem` what was found and what is supported.
bool decodeTensor(const onnx::TensorProto &proto, Tensor &tensor, std::string &problem);

/// `values` of `hostShape` reordered so that host dimension i becomes dimension permutation[i].
std::vector<float> permute(llvm::ArrayRef<float> values, llvm::ArrayRef<int64_t> hostShape,
                           llvm::ArrayRef<int64_t> permutation);

/// The shape that `permute` gives.
llvm::SmallVector<int64_t> permuteShape(llvm::ArrayRef<int64_t> hostShape,
                                        llvm::ArrayRef<int64_t> permutation);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_TENSOR_H
