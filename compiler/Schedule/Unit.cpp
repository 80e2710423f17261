// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Units of single operations: the numbering of their values.
#include "compiler/Schedule/Unit.h"

#include <map>
#include <numeric>

namespace arsis::schedule {

namespace {

std::vector<int> numbers(size_t first, size_t count) {
  std::vector<int> result(count);
  std::iota(result.begin(), result.end(), static_cast<int>(first));
  return result;
}

class Former {
public:
  explicit Former(std::vector<numerics::ElementType> innerTypes = {}) : innerTypes(std::move(innerTypes)) {}

  Unit form(std::string name, std::vector<nn::Part> parts, std::vector<Value> operands,
            std::vector<Value> results) {
    unit.name = std::move(name);
    unit.values = std::move(operands);
    unit.values.insert(unit.values.end(), results.begin(), results.end());
    for (nn::Part &part : parts)
      add(part);
    return std::move(unit);
  }

private:
  void add(nn::Part &part) {
    Part added;
    for (int code : part.operands)
      added.operands.push_back(numberOf(code));
    for (size_t i = 0; i < part.results.size(); ++i)
      added.results.push_back(numberOf(part.results[i], &part.structure, &part.structure.results[i]));
    for (const nn::Constant &constant : part.structure.constants) {
      Value value;
      value.kind = Value::Kind::Constant;
      value.shape = constant.shape;
      value.name = constant.name;
      value.values.assign(constant.values.begin(), constant.values.end());
      added.constants.push_back(static_cast<int>(unit.values.size()));
      unit.values.push_back(std::move(value));
    }
    added.structure = std::move(part.structure);
    added.at = std::move(part.at);
    unit.parts.push_back(std::move(added));
  }

  /// The number of a value; an inner one is made where it is computed.
  int numberOf(int code, const nn::Structure *structure = nullptr, const nn::Access *access = nullptr) {
    if (code >= 0)
      return code;
    auto [known, isNew] = inner.try_emplace(~code, static_cast<int>(unit.values.size()));
    if (isNew) {
      Value value;
      value.kind = Value::Kind::Inner;
      if (static_cast<size_t>(~code) < innerTypes.size())
        value.type = innerTypes[static_cast<size_t>(~code)];
      for (const nn::Index &index : access->indices) {
        int64_t extent = 1;
        for (const nn::Term &term : index.terms)
          extent *= structure->domain[term.dimension].extent;
        value.shape.push_back(extent);
      }
      unit.values.push_back(std::move(value));
    }
    return known->second;
  }

  const std::vector<numerics::ElementType> innerTypes;
  Unit unit;
  std::map<int, int> inner; // to values
};

} // namespace

Unit unitOf(std::string name, nn::Structure structure, std::vector<Value> operands,
            std::vector<Value> results) {
  std::vector<nn::Part> parts(1);
  parts[0] = {
      std::move(structure), numbers(0, operands.size()), numbers(operands.size(), results.size()), {}};
  return Former().form(std::move(name), std::move(parts), std::move(operands), std::move(results));
}

Unit unitOf(std::string name, std::vector<nn::Part> parts, std::vector<Value> operands,
            std::vector<Value> results, std::vector<numerics::ElementType> innerTypes) {
  return Former(std::move(innerTypes))
      .form(std::move(name), std::move(parts), std::move(operands), std::move(results));
}

} // namespace arsis::schedule
