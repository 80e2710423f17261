// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text of a function of one unit.
#ifndef ARSIS_TESTS_E2E_SHAPES_UNITTEXT_H
#define ARSIS_TESTS_E2E_SHAPES_UNITTEXT_H

#include "tests/e2e/shapes/Shapes.h"

#include <map>
#include <string>
#include <vector>

namespace arsis::testing {

using Shape = std::vector<int>;

/// A function of one unit, written operation by operation. What stays in it is fp32.
class UnitText {
public:
  UnitText(std::string strategy, std::string element)
      : strategy(std::move(strategy)), element(std::move(element)) {}

  /// An argument of the element type, or of another.
  std::string read(const Shape &shape) { return read(shape, element); }
  std::string read(const Shape &shape, const std::string &elementType) {
    const std::string number = std::to_string(arguments++), name = "a" + number, t = type(shape, elementType);
    head += comma(head) + argument(name, t);
    inputs += comma(inputs) + "%" + name;
    inputTypes += comma(inputTypes) + t;
    bodyHead += comma(bodyHead) + "%b" + number + ": " + t;
    typeOf["%b" + number] = t;
    return "%b" + number;
  }

  /// An operation whose result stays inside, or leaves as a tensor of these elements.
  std::string add(const std::string &operation, const std::vector<std::string> &operands, const Shape &shape,
                  const std::string &leavesAs = "", const std::string &attributes = "") {
    const std::string value = "%" + std::to_string(operations++),
                      t = type(shape, leavesAs.empty() ? "f32" : leavesAs);
    body += "    " + value + " = nn." + operation + " " + taken(operands, attributes) + t + "\n";
    typeOf[value] = t;
    if (!leavesAs.empty())
      leave(value, t);
    return value;
  }

  /// An operation whose result is a factor of a product.
  std::string factor(const std::string &operation, const std::vector<std::string> &operands,
                     const Shape &shape) {
    const std::string value = "%" + std::to_string(operations++), t = type(shape, element);
    body += "    " + value + " = nn." + operation + " " + taken(operands, "") + t + "\n";
    typeOf[value] = t;
    return value;
  }

  /// An operation that sums over pixels: so many vectors in fp32, which leave.
  void sum(const std::string &operation, const std::vector<std::string> &operands, int length, int count) {
    const std::string value = "%" + std::to_string(operations++), t = type({length}, "f32");
    std::string types;
    for (int i = 0; i < count; ++i)
      types += comma(types) + t;
    body += "    " + value + ":" + std::to_string(count) + " = nn." + operation + " " + taken(operands, "") +
            "(" + types + ")\n";
    for (int i = 0; i < count; ++i)
      leave(value + "#" + std::to_string(i), t);
  }

  std::string text() const {
    return "func.func @forward(" + head + ") -> (" + returned + ") {\n  " + outputs + " = nn.unit(" + inputs +
           ") {schedule = #nn.schedule<\"" + strategy + "\">} : (" + inputTypes + ") -> (" + outputTypes +
           ") {\n  ^bb0(" + bodyHead + "):\n" + body + "    nn.yield " + yielded + " : " + outputTypes +
           "\n  }\n  return " + outputs + " : " + outputTypes + "\n}\n";
  }

  const std::string strategy, element;

private:
  static std::string comma(const std::string &list) { return list.empty() ? "" : ", "; }

  std::string taken(const std::vector<std::string> &operands, const std::string &attributes) const {
    std::string names, types;
    for (const std::string &operand : operands) {
      names += comma(names) + operand;
      types += comma(types) + typeOf.at(operand);
    }
    return names + attributes + " : (" + types + ") -> ";
  }
  void leave(const std::string &value, const std::string &t) {
    const std::string name = "y" + std::to_string(leaving++);
    outputs += comma(outputs) + "%" + name;
    yielded += comma(yielded) + value;
    outputTypes += comma(outputTypes) + t;
    returned += comma(returned) + result(name.c_str(), t);
  }

  int arguments = 0, operations = 0, leaving = 0;
  std::map<std::string, std::string> typeOf;
  std::string head, inputs, inputTypes, bodyHead, body, outputs, yielded, outputTypes, returned;
};

} // namespace arsis::testing

#endif
