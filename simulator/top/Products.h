// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Multiply-adds in the report: how many, how much of the arrays they take in the type of their operands, and
// what a chip multiplies only by emulation.
#pragma once

#include "arch_configs/reader/MatrixPasses.h"
#include "simulator/base/Events.h"

#include <boost/json.hpp>

namespace arsis::sim {

/// Multiply-adds of all types.
int64_t macsOf(const EventCounts &counts);

/// The same, each as often as the array passes it: macsOf over this is the share of one multiply-add per PE
/// and cycle that the types allow.
int64_t passedMacsOf(const EventCounts &counts, const chip::MatrixPasses &passes);

/// {"f32": passes, ...} of every type; 0: the arrays do not multiply it.
boost::json::object multipliesJson(const chip::MatrixPasses &passes);

/// A sentence for each type in which `counts` has products and that the chip multiplies in several passes:
/// such a result is hypothetical, because the values are those of true products.
boost::json::array hypotheticalJson(const EventCounts &counts, const chip::MatrixPasses &passes,
                                    const std::string &chipName);

} // namespace arsis::sim
