// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What one region of loops executes: parts, each with its structure, and the values that flow between them
// and to and from DRAM. Parts run in order; a part reads operands of the unit and results of earlier parts.
#ifndef ARSIS_COMPILER_SCHEDULE_UNIT_H
#define ARSIS_COMPILER_SCHEDULE_UNIT_H

#include "dialects/Isa/Numerics/ElementType.h"
#include "dialects/NN/Structure/Structure.h"

#include <cstdint>
#include <string>
#include <vector>

namespace arsis::schedule {

struct Value {
  enum class Kind : uint8_t {
    Operand,  // lies in DRAM before
    Result,   // lies in DRAM afterwards
    Constant, // lies in DRAM, brought along by the program
    Inner     // exists inside of the unit only
  };
  Kind kind = Kind::Operand;
  std::vector<int64_t> shape;
  numerics::ElementType type = numerics::ElementType::F32;
  std::vector<int64_t> strides = {}; // in DRAM, of elements; empty: row-major without gaps
  int64_t offset = 0;                // elements behind an address at which a buffer may begin
  std::string name = "";             // of a constant
  std::vector<float> values = {};    // of a constant, row-major

  bool isView() const { return !strides.empty(); }
};

/// Operands, results and constants of the structure are values of the unit, by number. `at` as in nn::Part.
struct Part {
  nn::Structure structure;
  std::vector<int> operands, results, constants;
  std::vector<int64_t> at;
};

struct Unit {
  std::string name; // of the operation, for messages
  std::vector<Part> parts;
  std::vector<Value> values; // operands, then results, then constants and inner ones
};

/// The unit of one operation with this structure, or with these parts.
Unit unitOf(std::string name, nn::Structure structure, std::vector<Value> operands,
            std::vector<Value> results);
/// Inner value ~k has type innerTypes[k], or is fp32 if there is none.
Unit unitOf(std::string name, std::vector<nn::Part> parts, std::vector<Value> operands,
            std::vector<Value> results, std::vector<numerics::ElementType> innerTypes = {});

} // namespace arsis::schedule

#endif
