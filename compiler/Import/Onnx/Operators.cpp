// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// All importable ONNX operators, from the tables of their families.

#include "compiler/Import/Onnx/Operators.h"

#include "llvm/ADT/STLExtras.h"

#include <map>

namespace arsis::compiler::onnximport {

static const std::map<llvm::StringRef, const Operator *> &allOperators() {
  static const std::map<llvm::StringRef, const Operator *> all = [] {
    std::map<llvm::StringRef, const Operator *> operators;
    for (const std::vector<Operator> *family :
         {&convolutionOperators, &poolingOperators, &normalizationOperators, &linearOperators,
          &elementwiseOperators, &arithmeticOperators, &reductionOperators, &movementOperators,
          &pieceOperators, &randomOperators, &resizeOperators, &softmaxOperators, &constantOperators,
          &castOperators, &variadicOperators, &gatherOperators, &einsumOperators})
      for (const Operator &each : *family)
        operators[each.type] = &each;
    return operators;
  }();
  return all;
}

const Operator *findOperator(llvm::StringRef type) {
  auto found = allOperators().find(type);
  return found == allOperators().end() ? nullptr : found->second;
}

std::string supportedOperators() {
  std::string names;
  for (const auto &[type, candidate] : allOperators())
    names += (names.empty() ? "" : ", ") + type.str();
  return names;
}

} // namespace arsis::compiler::onnximport
