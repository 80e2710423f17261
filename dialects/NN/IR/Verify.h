// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Private helpers of the operations: shapes, and an error that carries the label of the violated constraint.

#ifndef ARSIS_DIALECTS_NN_IR_VERIFY_H
#define ARSIS_DIALECTS_NN_IR_VERIFY_H

#include "dialects/NN/Structure/Structure.h"
#include "mlir/IR/Operation.h"
#include "llvm/Support/raw_ostream.h"

namespace arsis::nn {

// Emits "<op>: expects <what>, found <found> (<label>)" and fails.
inline mlir::LogicalResult violates(mlir::Operation *op, llvm::StringRef label, const llvm::Twine &expected,
                                    const llvm::Twine &found) {
  return op->emitOpError() << "expects " << expected << ", found " << found << " (" << label << ")";
}

inline std::string toText(llvm::ArrayRef<int64_t> numbers) {
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << '[';
  llvm::interleaveComma(numbers, stream);
  stream << ']';
  return text;
}

inline llvm::ArrayRef<int64_t> shapeOf(mlir::Value value) {
  return llvm::cast<mlir::RankedTensorType>(value.getType()).getShape();
}

// Dimensions d0, d1, ... of a shape.
std::vector<Dimension> dimensionsOf(llvm::ArrayRef<int64_t> shape);

inline bool areAllBetween(llvm::ArrayRef<int64_t> numbers, size_t count, int64_t least, int64_t most) {
  return numbers.size() == count &&
         llvm::all_of(numbers, [&](int64_t number) { return number >= least && number <= most; });
}

} // namespace arsis::nn

#endif // ARSIS_DIALECTS_NN_IR_VERIFY_H
