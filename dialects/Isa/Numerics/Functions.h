// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The functions a vector instruction can name. The numbers are part of the binary format: append, never
// reorder.
#ifndef ARSIS_DIALECTS_ISA_NUMERICS_FUNCTIONS_H
#define ARSIS_DIALECTS_ISA_NUMERICS_FUNCTIONS_H

#include <cstdint>
#include <optional>
#include <string_view>

namespace arsis::numerics {

// X(enumerator, mnemonic, operands, uses immediate)
#define ARSIS_VECTOR_FUNCTIONS(X)                                                                            \
  X(Copy, "copy", 1, false)                                                                                  \
  X(Fill, "fill", 0, true)                                                                                   \
  X(Add, "add", 2, false)                                                                                    \
  X(Subtract, "subtract", 2, false)                                                                          \
  X(Multiply, "multiply", 2, false)                                                                          \
  X(Fma, "fma", 3, false)                                                                                    \
  X(Scale, "scale", 1, true)                                                                                 \
  X(Offset, "offset", 1, true)                                                                               \
  X(ScaleAdd, "scale_add", 2, true)                                                                          \
  X(Maximum, "maximum", 2, false)                                                                            \
  X(Minimum, "minimum", 2, false)                                                                            \
  X(Relu, "relu", 1, false)                                                                                  \
  X(SelectPositive, "select_positive", 2, false)                                                             \
  X(Reciprocal, "reciprocal", 1, false)                                                                      \
  X(Rsqrt, "rsqrt", 1, false)                                                                                \
  X(Exp, "exp", 1, false)                                                                                    \
  X(Log, "log", 1, false)                                                                                    \
  X(OneHot, "one_hot", 1, false)                                                                             \
  X(IsFinite, "is_finite", 1, false)                                                                         \
  X(Tanh, "tanh", 1, false)                                                                                  \
  X(Random, "random", 3, true)                                                                               \
  X(Select, "select", 3, false)                                                                              \
  X(Erf, "erf", 1, false)

enum class VectorFunction : uint8_t {
#define ARSIS_X(ID, NAME, OPERANDS, IMMEDIATE) ID,
  ARSIS_VECTOR_FUNCTIONS(ARSIS_X)
#undef ARSIS_X
};

/// How `reduce` combines elements, and `pool` those of a window.
enum class ReduceFunction : uint8_t { Sum, Max };
enum class PoolFunction : uint8_t { Sum, Max };
constexpr ReduceFunction combinationOf(PoolFunction function) {
  return function == PoolFunction::Sum ? ReduceFunction::Sum : ReduceFunction::Max;
}

struct VectorFunctionInfo {
  std::string_view name;
  unsigned operands; // how many of a, b, c are read
  bool immediate;    // whether the immediate is read
};

inline constexpr VectorFunctionInfo kVectorFunctions[] = {
#define ARSIS_X(ID, NAME, OPERANDS, IMMEDIATE) {NAME, OPERANDS, IMMEDIATE},
    ARSIS_VECTOR_FUNCTIONS(ARSIS_X)
#undef ARSIS_X
};
inline constexpr unsigned kVectorFunctionCount = sizeof(kVectorFunctions) / sizeof(kVectorFunctions[0]);

constexpr std::string_view name(VectorFunction function) {
  auto index = static_cast<unsigned>(function);
  return index < kVectorFunctionCount ? kVectorFunctions[index].name : "invalid";
}
/// REQUIRES: function is one of the enumerators.
constexpr unsigned operandCount(VectorFunction function) {
  return kVectorFunctions[static_cast<unsigned>(function)].operands;
}
constexpr bool usesImmediate(VectorFunction function) {
  return kVectorFunctions[static_cast<unsigned>(function)].immediate;
}

constexpr std::string_view name(ReduceFunction function) {
  return function == ReduceFunction::Sum ? "sum" : "max";
}
constexpr std::string_view name(PoolFunction function) {
  return function == PoolFunction::Sum ? "sum" : "max";
}

constexpr std::optional<VectorFunction> parseVectorFunction(std::string_view text) {
  for (unsigned i = 0; i < kVectorFunctionCount; ++i)
    if (kVectorFunctions[i].name == text)
      return static_cast<VectorFunction>(i);
  return std::nullopt;
}
constexpr std::optional<ReduceFunction> parseReduceFunction(std::string_view text) {
  return text == "sum"   ? std::optional(ReduceFunction::Sum)
         : text == "max" ? std::optional(ReduceFunction::Max)
                         : std::nullopt;
}
constexpr std::optional<PoolFunction> parsePoolFunction(std::string_view text) {
  return text == "sum"   ? std::optional(PoolFunction::Sum)
         : text == "max" ? std::optional(PoolFunction::Max)
                         : std::nullopt;
}

} // namespace arsis::numerics

#endif
