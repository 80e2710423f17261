// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See DramOrder.h.
#include "arch_configs/reader/DramOrder.h"

#include "dialects/Isa/Encoding/Error.h"

#include <algorithm>
#include <sstream>

namespace arsis::chip {

std::vector<DramField> parseDramOrder(const std::string &text) {
  const std::vector<std::string> names = {"row", "rank", "bank", "group", "column", "channel"};
  const auto fail = [&](const std::string &found) {
    throw Error(found + " in '" + text + "', expected fields like " + kPlainDramOrder +
                " from the most significant on: row first, channel last, bank and column between");
  };
  std::vector<std::string> given;
  std::istringstream stream(text);
  for (std::string name; std::getline(stream, name, '-');) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      fail("unknown field '" + name + "'");
    if (std::find(given.begin(), given.end(), name) != given.end())
      fail("field '" + name + "' is there twice");
    given.push_back(name);
  }
  const auto has = [&](const char *name) {
    return std::find(given.begin(), given.end(), name) != given.end();
  };
  for (const char *name : {"row", "bank", "column", "channel"})
    if (!has(name))
      fail(std::string("field '") + name + "' is missing");
  if (given.front() != "row" || given.back() != "channel" || text.back() == '-')
    fail("found '" + given.front() + "' first and '" + (text.back() == '-' ? "" : given.back()) + "' last");
  std::vector<DramField> fields;
  for (const std::string &name : given) {
    if (name == "channel")
      continue;
    fields.push_back(static_cast<DramField>(std::find(names.begin(), names.end(), name) - names.begin()));
    if (name == "bank" && !has("group"))
      fields.push_back(DramField::Group);
  }
  return fields;
}

} // namespace arsis::chip
