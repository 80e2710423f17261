// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What is particular to the DRAM of a chip: presets, the two ways to give a bandwidth, and the relations
// between sizes and times.
#include "arch_configs/reader/Chip.h"
#include "arch_configs/reader/DramOrder.h"
#include "arch_configs/schema/Keys.h"
#include "dialects/Isa/Encoding/ErrorKind.h"

#include <cmath>

namespace arsis::chip {

static constexpr const char *kPreset = "dram.preset", *kTotal = "dram.bandwidth_gbps",
                            *kOne = "dram.channel_gbps", *kNone = "none";

bool Chip::repeats(std::string_view key) const { return key == kOne && entry(key).derived; }

void Chip::fillFromPreset() {
  const auto given = entries.find(kPreset);
  if (given == entries.end()) {
    Entry none;
    none.text = kNone;
    none.line = firstLine;
    none.source = "not given: every figure stands in the chip's own file";
    entries[kPreset] = none;
  } else if (given->second.text != kNone) {
    const Chip preset = loadPreset(given->second.text, where(given->second));
    for (const auto &[key, theirs] : preset.entries)
      if (entries.count(key) == 0 && !(key == kOne && entries.count(kTotal) != 0)) {
        Entry taken = theirs;
        taken.line = given->second.line;
        taken.source = "preset " + preset.name + ": " + theirs.source;
        entries[key] = std::move(taken);
      }
  }
  if (entries.count(kTotal) != 0 && entries.count(kOne) != 0)
    throw ChipError(where(entry(kOne)) + ": found " + kOne + " beside " + kTotal +
                    ", expected one of them, from which the other follows");
  for (const auto &[missing, other] : {std::pair(kTotal, kOne), std::pair(kOne, kTotal)})
    if (const auto found = entries.find(other); entries.count(missing) == 0 && found != entries.end()) {
      Entry follows;
      follows.derived = true;
      follows.line = found->second.line;
      entries[missing] = follows;
    }
}

void Chip::replacePreset(const std::string &name) {
  if (name == entry(kPreset).text)
    return;
  if (name == kNone)
    throw ChipError(
        "found an override of dram.preset by 'none', expected the name of a preset: what preset " +
        entry(kPreset).text + " gives stands nowhere else");
  const Chip preset = loadPreset(name, "override of dram.preset");
  for (const auto &[key, theirs] : preset.entries) {
    replace(key, theirs.text, "preset " + preset.name + ": " + theirs.source);
    if (key == kOne)
      entries.find(kTotal)->second.derived = true;
  }
  replace(kPreset, name);
}

void Chip::deriveBandwidth() {
  const std::string_view derived = entry(kTotal).derived ? kTotal : kOne,
                         given = derived == kTotal ? kOne : kTotal;
  const double channels = entry("dram.channels").number, value = entry(given).number;
  Entry follows;
  follows.derived = true;
  const Entry &old = entry(derived);
  follows.line = entry(given).line;
  follows.original = old.line ? old.text : old.original;
  follows.origin = old.line ? old.source : old.origin;
  follows.text = formatNumber(derived == kTotal ? channels * value : value / channels);
  follows.source = "derived: " + entry(given).text + " GB/s of " + std::string(given) +
                   (derived == kTotal ? " x " : " / ") + entry("dram.channels").text + " channels (" +
                   entry(given).source + ")";
  setValue(*findKey(derived), std::move(follows));
}

void Chip::checkDram() const {
  const auto value = [&](std::string_view key) { return entry(key).number; };
  const auto fail = [&](std::string_view key, const std::string &message) {
    throw ChipError(where(entry(key)) + ": " + std::string(key) + message);
  };
  const auto requireAtMost = [&](std::string_view less, std::string_view more, std::string_view why) {
    if (value(less) > value(more))
      fail(less, " is " + formatNumber(value(less)) + ", expected at most the " + formatNumber(value(more)) +
                     " ns of " + std::string(more) + ", " + std::string(why));
  };
  checkMultiple("dram.row_bytes", value("dram.row_bytes"), "dram.burst_bytes", value("dram.burst_bytes"));
  checkMultiple("dram.interleave_bytes", value("dram.interleave_bytes"), "dram.burst_bytes",
                value("dram.burst_bytes"));
  if (std::fmod(value("dram.write_queue"), value("dram.write_batch")) != 0)
    fail("dram.write_queue", " gives " + formatNumber(value("dram.write_queue")) +
                                 " bursts, expected a multiple of the " +
                                 formatNumber(value("dram.write_batch")) + " bursts of dram.write_batch");
  if (std::fmod(value("dram.banks"), value("dram.bank_groups")) != 0)
    fail("dram.banks", " gives " + formatNumber(value("dram.banks")) + " banks, expected a multiple of the " +
                           formatNumber(value("dram.bank_groups")) + " groups of dram.bank_groups");
  requireAtMost("dram.trcd_ns", "dram.tras_ns", "a row is open before it may be closed");
  requireAtMost("dram.trrd_ns", "dram.tfaw_ns", "four openings take as long as one");
  // Rows are closed before a refresh, and the next one is opened behind it.
  const double rows = value("dram.trtp_ns") + value("dram.trp_ns") + value("dram.trcd_ns");
  if (value("dram.trfc_ns") > 0 && value("dram.trfc_ns") + rows >= value("dram.trefi_ns"))
    fail("dram.trfc_ns", " is " + formatNumber(value("dram.trfc_ns")) + ", with tRTP, tRP and tRCD " +
                             formatNumber(value("dram.trfc_ns") + rows) + ", expected less than the " +
                             formatNumber(value("dram.trefi_ns")) +
                             " ns of dram.trefi_ns, or nothing but refresh is done");
  const std::string &order = entry("dram.order").text;
  try {
    parseDramOrder(order);
  } catch (const Error &error) {
    fail("dram.order", std::string(": ") + error.what());
  }
  if (order.find("-rank-") == std::string::npos && value("dram.ranks") > 1)
    fail("dram.order", " '" + order + "' has no rank, expected one for the " + entry("dram.ranks").text +
                           " ranks of dram.ranks");
  if (order == kPlainDramOrder)
    return;
  for (const char *key :
       {"dram.banks", "dram.bank_groups", "dram.ranks", "dram.row_bytes", "dram.burst_bytes"})
    if (const double number = value(key); std::exp2(std::round(std::log2(number))) != number)
      fail(key, " is " + formatNumber(number) + ", expected a power of two, since dram.order '" + order +
                    "' takes bits of the address");
}

} // namespace arsis::chip
