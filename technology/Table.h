// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One of the tables of arch_configs/technology, which the build compiles in: rows of fields by column name.
// A column or number that is not there is a mistake in the tree, found by the tests, and throws.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace arsis::technology {

/// The CSV text of a table, "" if there is none of that name (generated).
std::string_view tableText(std::string_view name);

class Table {
public:
  /// Throws std::out_of_range for a table or, later, a column that there is not.
  explicit Table(std::string_view name);

  size_t rows() const { return fields.size(); }
  const std::string &text(size_t row, std::string_view column) const;
  /// Throws std::out_of_range for a field that is no number.
  double number(size_t row, std::string_view column) const;
  /// False for an empty field.
  bool has(size_t row, std::string_view column) const { return !text(row, column).empty(); }

private:
  std::string name;
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> fields;
};

} // namespace arsis::technology
