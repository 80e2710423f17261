// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Table.h. Fields in double quotes may hold commas.
#include "technology/Table.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace arsis::technology {

static std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      fields.emplace_back();
    else
      fields.back() += c;
  }
  return fields;
}

Table::Table(std::string_view name) : name(name) {
  std::string_view text = tableText(name);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    if (columns.empty())
      columns = split(line);
    else
      fields.push_back(split(line));
  }
  if (columns.empty())
    throw std::out_of_range("no table " + this->name);
}

const std::string &Table::text(size_t row, std::string_view column) const {
  const auto found = std::find(columns.begin(), columns.end(), column);
  if (found == columns.end())
    throw std::out_of_range("table " + name + " has no column " + std::string(column));
  return fields.at(row).at(static_cast<size_t>(found - columns.begin()));
}

double Table::number(size_t row, std::string_view column) const {
  const std::string &field = text(row, column);
  double value = 0;
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc() || end != field.data() + field.size())
    throw std::out_of_range("table " + name + ", row " + std::to_string(row) + ": '" + field +
                            "' is no number");
  return value;
}

} // namespace arsis::technology
