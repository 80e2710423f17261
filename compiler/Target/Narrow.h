// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Numbers on their way into the fields of the binary, which are narrower than the compiler's. Every such
// number passes through here: one that does not fit is an error that names the op and the field, never
// another number.
#ifndef ARSIS_COMPILER_TARGET_NARROW_H
#define ARSIS_COMPILER_TARGET_NARROW_H

#include "mlir/IR/Operation.h"

#include <array>
#include <cstdint>
#include <limits>

namespace arsis::compiler {

/// Narrows the numbers of one op. After the first error on the op the others are silent; ask `result` in the
/// end.
class Narrow {
public:
  explicit Narrow(mlir::Operation *op) : op(op) {}

  /// `value` as a To, an unsigned or signed integer of at most 32 bits; 0 after an error.
  template <class To> To to(int64_t value, llvm::StringRef field) {
    static_assert(sizeof(To) <= 4, "int64_t must hold every value");
    constexpr int64_t low = std::numeric_limits<To>::min(), high = std::numeric_limits<To>::max();
    if (value >= low && value <= high)
      return static_cast<To>(value);
    if (succeeded(outcome))
      op->emitOpError() << "has " << field << " " << value << ", the encoding holds " << low << " to "
                        << high;
    outcome = mlir::failure();
    return 0;
  }

  template <class To, size_t N>
  std::array<To, N> toArray(llvm::ArrayRef<int64_t> values, llvm::StringRef field) {
    std::array<To, N> result{};
    for (size_t i = 0; i < N; ++i)
      result[i] = to<To>(values[i], field);
    return result;
  }

  /// Reports that the op cannot become an instruction.
  void fail(const llvm::Twine &why) {
    if (succeeded(outcome))
      op->emitOpError(why);
    outcome = mlir::failure();
  }

  mlir::LogicalResult result() const { return outcome; }

private:
  mlir::Operation *op;
  mlir::LogicalResult outcome = mlir::success();
};

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_TARGET_NARROW_H
