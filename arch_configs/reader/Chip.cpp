// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Access to a chip's values, the record of reads, overrides, and the relations between keys that a single
// range cannot express. Parsing YAML is in ChipYaml.cpp.
#include "arch_configs/reader/Chip.h"

#include "arch_configs/reader/Silicon.h"
#include "arch_configs/schema/Keys.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"

#include <cctype>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <mutex>

namespace arsis::chip {

struct Chip::Reads {
  std::mutex mutex;
  std::set<std::string> keys;
};

Chip::Chip() : reads(std::make_shared<Reads>()) {}

const Chip::Entry &Chip::entry(std::string_view key) const {
  auto found = entries.find(key);
  if (found == entries.end() && findKey(key))
    throw ChipError("chip " + name + " does not give '" + std::string(key) +
                    "', which is a function of its sizes and technology then; expected a key that it gives");
  if (found == entries.end())
    throw ChipError("unknown chip key '" + std::string(key) + "', expected " + insteadOf(key));
  return found->second;
}

void Chip::record(std::string_view key) const {
  std::lock_guard<std::mutex> lock(reads->mutex);
  reads->keys.emplace(key);
}

int64_t Chip::integer(std::string_view key) const {
  const Entry &found = entry(key);
  if (findKey(key)->kind != KeySpec::Integer)
    throw ChipError("chip key '" + std::string(key) + "' is a " +
                    (findKey(key)->kind == KeySpec::Real ? "real number" : "text") +
                    ", expected one that is an integer");
  record(key);
  return static_cast<int64_t>(found.number);
}

double Chip::real(std::string_view key) const {
  const Entry &found = entry(key);
  if (findKey(key)->kind == KeySpec::Text)
    throw ChipError("chip key '" + std::string(key) + "' is a text, expected one that is a number");
  record(key);
  return found.number;
}

bool Chip::has(std::string_view key) const {
  if (!findKey(key))
    entry(key); // throws
  return entries.find(key) != entries.end();
}

double Chip::low(std::string_view key) const {
  record(key);
  return entry(key).low;
}
double Chip::high(std::string_view key) const {
  record(key);
  return entry(key).high;
}

std::vector<std::string> Chip::keys() const {
  std::vector<std::string> keys;
  for (const KeySpec &spec : keySpecs())
    if (has(spec.key))
      keys.emplace_back(spec.key);
  return keys;
}

std::string Chip::text(std::string_view key) const {
  const Entry &found = entry(key);
  record(key);
  return found.text;
}

std::string Chip::unit(std::string_view key) const {
  has(key); // throws for an unknown key
  return std::string(findKey(key)->unit);
}

std::string Chip::source(std::string_view key) const { return entry(key).source; }

std::vector<std::string> Chip::assumedKeys() const {
  std::vector<std::string> keys;
  for (const KeySpec &spec : keySpecs()) {
    if (!has(spec.key))
      continue;
    const std::string &source = entry(spec.key).source;
    const size_t own = source.rfind("preset ", 0) == 0 ? source.find(": ") + 2 : 0; // behind `preset NAME: `
    if (source.compare(own, 7, "assumed") == 0)
      keys.emplace_back(spec.key);
  }
  return keys;
}

std::set<std::string> Chip::readKeys() const {
  std::lock_guard<std::mutex> lock(reads->mutex);
  return reads->keys;
}

Chip Chip::withoutReads() const {
  Chip copy = *this;
  copy.reads = std::make_shared<Reads>();
  return copy;
}

std::string Chip::where(const Entry &entry) const {
  return entry.line ? filename + ":" + std::to_string(entry.line) : filename + " with an override";
}

double Chip::numberOf(const KeySpec &spec, const Entry &entry, const std::string &text) const {
  const std::string key(spec.key);
  const numerics::FloatEnvironment environment; // strtod rounds as the thread does
  errno = 0;
  char *end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  bool decimal = text.find_first_not_of("0123456789+-.eE") == std::string::npos;
  const size_t digit = text.find_first_of("0123456789"); // 010 is ten to some readers and eight to others
  const bool octal = digit != std::string::npos && digit + 1 < text.size() && text[digit] == '0' &&
                     std::isdigit(text[digit + 1]) && text.find('.') > digit;
  if (text.empty() || *end || errno || !decimal || octal || !std::isfinite(number))
    throw ChipError(where(entry) + ": value '" + text + "' of " + key +
                    " is not a number, expected a number of " + std::string(spec.unit));
  if (spec.kind == KeySpec::Integer && number != std::floor(number))
    throw ChipError(where(entry) + ": value " + text + " of " + key +
                    " is not whole, expected an integer number of " + std::string(spec.unit));
  if (number < spec.minimum || number > spec.maximum)
    throw ChipError(where(entry) + ": value " + text + " of " + key + " is impossible, expected between " +
                    formatNumber(spec.minimum) + " and " + formatNumber(spec.maximum) + " " +
                    std::string(spec.unit));
  return number;
}

void Chip::setValue(const KeySpec &spec, Entry entry, const std::string &low, const std::string &high) {
  if (spec.kind == KeySpec::Text) {
    const std::string words = " " + std::string(spec.words) + " ";
    if (!spec.words.empty() &&
        (entry.text.empty() || words.find(" " + entry.text + " ") == std::string::npos))
      throw ChipError(where(entry) + ": value '" + entry.text + "' of " + std::string(spec.key) +
                      " is unknown, expected one of " + std::string(spec.words));
    entries[std::string(spec.key)] = std::move(entry);
    return;
  }
  entry.number = numberOf(spec, entry, entry.text);
  entry.low = low.empty() ? entry.number : numberOf(spec, entry, low);
  entry.high = high.empty() ? entry.number : numberOf(spec, entry, high);
  if (entry.low > entry.number || entry.high < entry.number)
    throw ChipError(where(entry) + ": value " + entry.text + " of " + std::string(spec.key) +
                    " lies outside of its range, expected between " + formatNumber(entry.low) + " and " +
                    formatNumber(entry.high));
  entries[std::string(spec.key)] = std::move(entry);
}

void Chip::checkMultiple(std::string_view what, double total, std::string_view of, double unit) const {
  if (std::fmod(total, unit) != 0)
    throw ChipError(where(entry(what)) + ": " + std::string(what) + " gives " + formatNumber(total) +
                    " bytes, expected a multiple of the " + formatNumber(unit) + " bytes of " +
                    std::string(of));
}

void Chip::checkConsistency() const {
  auto value = [&](std::string_view key) { return entry(key).number; };
  checkMultiple("scratchpad.kib", value("scratchpad.kib") * 1024,
                "scratchpad.banks x scratchpad.bank_width_bytes",
                value("scratchpad.banks") * value("scratchpad.bank_width_bytes"));
  checkMultiple("scratchpad.bank_width_bytes", value("scratchpad.bank_width_bytes"), "an fp32 element", 4);
  if (value("dma.request_bytes") > value("dram.burst_bytes")) // a shorter request costs a whole burst
    checkMultiple("dma.request_bytes", value("dma.request_bytes"), "dram.burst_bytes",
                  value("dram.burst_bytes"));
  checkDram();
  const double accumulators =
      value("matrix.units") * value("matrix.accumulator_rows") * value("matrix.cols") * 4;
  if (accumulators > static_cast<double>(isa::kLargestAccumulators))
    throw ChipError(where(entry("matrix.accumulator_rows")) + ": the accumulators of all arrays hold " +
                    formatNumber(accumulators) +
                    " bytes (matrix.units x matrix.accumulator_rows x matrix.cols x 4)" +
                    ", expected at most " + formatNumber(static_cast<double>(isa::kLargestAccumulators)));
  checkSilicon();
}

void Chip::checkSilicon() const {
  const Silicon silicon([&](std::string_view key) { return entry(key).number; });
  if (const std::string complaint = technology::complaintAbout(silicon.point); !complaint.empty())
    throw ChipError(where(entry("technology.voltage_v")) +
                    ": technology.voltage_v and technology.node_nm: " + complaint);
  const ClockLimit limit = silicon.clockLimit();
  if (const double mhz = entry("clock.core_mhz").number; mhz > limit.mhz)
    throw ChipError(where(entry("clock.core_mhz")) + ": clock.core_mhz is " + formatNumber(mhz) +
                    ", expected at most the " + formatNumber(std::floor(limit.mhz)) + " MHz of " +
                    limit.what + " at technology.node_nm " + formatNumber(silicon.point.nodeNm) +
                    " and technology.voltage_v " + formatNumber(silicon.point.voltage));
}

void Chip::replace(std::string_view key, const std::string &value) { replace(key, value, ""); }

/// `source` is where the new value is from, if it has one of its own.
void Chip::replace(std::string_view key, const std::string &value, const std::string &source) {
  const KeySpec *spec = findKey(key);
  if (!spec)
    throw ChipError("cannot override unknown chip key '" + std::string(key) + "', expected " +
                    insteadOf(key));
  Entry changed;
  changed.text = value;
  changed.original = "a function";
  changed.origin = "of sizes and technology";
  if (has(key)) {
    const Entry &old = entry(key);
    changed.original = old.line ? old.text : old.original;
    changed.origin = old.line ? old.source : old.origin;
  }
  changed.source =
      (source.empty() ? "" : source + "; ") + "override of " + changed.original + " (" + changed.origin + ")";
  setValue(*spec, std::move(changed));
}

Chip Chip::withOverride(std::string_view key, const std::string &value) const {
  return withOverrides({{std::string(key), value}});
}

Chip Chip::withOverrides(const std::map<std::string, std::string> &values) const {
  Chip copy = withoutReads();
  if (const auto preset = values.find("dram.preset"); preset != values.end())
    copy.replacePreset(preset->second);
  if (values.count("dram.bandwidth_gbps") && values.count("dram.channel_gbps"))
    throw ChipError("found overrides of dram.bandwidth_gbps and of dram.channel_gbps, expected one of them, "
                    "from which the other follows");
  for (const auto &[key, value] : values) {
    if (key == "dram.preset")
      continue;
    copy.replace(key, value);
    if (key == "dram.bandwidth_gbps" || key == "dram.channel_gbps")
      copy.entries.find(key == "dram.bandwidth_gbps" ? "dram.channel_gbps" : "dram.bandwidth_gbps")
          ->second.derived = true;
  }
  copy.deriveBandwidth();
  copy.checkConsistency();
  return copy;
}

std::vector<Override> Chip::overrides() const {
  std::vector<Override> found;
  for (const KeySpec &spec : keySpecs())
    if (has(spec.key) && !entry(spec.key).line && !entry(spec.key).derived)
      found.push_back({std::string(spec.key), entry(spec.key).original, entry(spec.key).text});
  return found;
}

Chip Chip::withOverride(std::string_view key, double value) const {
  return withOverride(key, formatNumber(value));
}

std::vector<Difference> differences(const Chip &left, const Chip &right, const std::set<std::string> &keys) {
  std::vector<Difference> found;
  const auto textOf = [](const Chip &chip, const std::string &key) {
    return chip.has(key) ? chip.entry(key).text : std::string("a function");
  };
  const auto agree = [&](const std::string &key) {
    if (!left.has(key) || !right.has(key))
      return left.has(key) == right.has(key);
    if (left.repeats(key) && right.repeats(key))
      return true;
    return findKey(key)->kind == KeySpec::Text ? left.entry(key).text == right.entry(key).text
                                               : left.entry(key).number == right.entry(key).number;
  };
  for (const std::string &key : keys)
    if (!agree(key))
      found.push_back({key, textOf(left, key), textOf(right, key)});
  return found;
}

std::set<std::string> allKeys() {
  std::set<std::string> keys;
  for (const KeySpec &spec : keySpecs())
    keys.emplace(spec.key);
  return keys;
}

} // namespace arsis::chip
