// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The text of `dram.order`: which part of an address of a channel is which part of a place in the DRAM.
#pragma once

#include <string>
#include <vector>

namespace arsis::chip {

enum class DramField { Row, Rank, Bank, Group, Column };

/// The order in which rows go round all banks, whatever their number.
constexpr const char *kPlainDramOrder = "row-rank-bank-group-column-channel";

/// "row-bank-rank-column-channel" as fields, the most significant first and without the channel. `bank` is
/// the bank within its group; where the text has no group, Group stands right behind Bank. Throws Error
/// unless `row` is first, `channel` last, `bank` and `column` are there, and none is there twice.
std::vector<DramField> parseDramOrder(const std::string &text);

} // namespace arsis::chip
