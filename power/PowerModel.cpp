// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See PowerModel.h.
#include "power/PowerModel.h"
#include "arch_configs/reader/MatrixPasses.h"
#include "arch_configs/reader/Silicon.h"
#include "arch_configs/schema/Keys.h"
#include "technology/Logic.h"

#include <algorithm>

namespace arsis::power {
namespace {

using chip::formatNumber;
using numerics::ElementType;
using technology::OperatingPoint;

chip::Silicon siliconOf(const chip::Chip &chip) {
  return chip::Silicon([&](std::string_view key) { return chip.real(key); });
}

std::string pointText(const OperatingPoint &point) {
  return formatNumber(point.nodeNm) + " nm " +
         (point.transistor == technology::Transistor::LowPower ? "low-power" : "high-performance") + " " +
         formatNumber(point.voltage) + " V";
}

std::string sramText(const technology::SramShape &shape, const technology::Sram &sram) {
  return "CACTI 7 (HewlettPackard/cacti 1ffd8df), " + formatNumber(shape.nodeNm) + " nm " +
         (shape.lowStandby ? "itrs-lstp" : "itrs-hp") + ", " + formatNumber(shape.bytes / 1024) + " KiB of " +
         formatNumber(shape.wordBytes) + " B words, " +
         (shape.twoPorts ? "one read and one write port" : "one port") + ", " + formatNumber(shape.voltage) +
         " V, interpolated" + (sram.note.empty() ? "" : "; " + sram.note);
}

const char *kLogicSource =
    "Horowitz, ISSCC 2014, and Jouppi et al., ISCA 2021, table 2, scaled by Stillmaker "
    "and Baas, Integration 58 (2017): ";
const char *kRegisterSource = "Aladdin 40 nm tables in Accelergy-Project/hwcomponents-library@8b56f7e (MIT), "
                              "scaled by Stillmaker and Baas, Integration 58 (2017): ";
const char *kLogicAreaSource =
    "areas of Horowitz, ISSCC 2014 (from memory) and Aladdin, scaled by Stillmaker "
    "and Baas; leakage by area of Aladdin, between nodes as CACTI's arrays: ";
constexpr double kSumBits = 32;
constexpr double kPolynomial = 8; // fused multiply-adds of degree 7, assumed

/// Which type the multipliers of the array take when they multiply `type`, and in how many passes.
std::pair<ElementType, int64_t> multiplied(const chip::MatrixPasses &passes, ElementType type) {
  const int64_t times = passes.of(type);
  if (times > 1)
    for (ElementType narrow : {ElementType::BF16, ElementType::F16})
      if (narrow != type && passes.of(narrow) == 1)
        return {narrow, times};
  return {type, std::max<int64_t>(times, 1)};
}

/// The widest type that the array multiplies in one pass, whose multipliers it has.
ElementType native(const chip::MatrixPasses &passes) {
  for (ElementType type : {ElementType::F32, ElementType::F16, ElementType::BF16})
    if (passes.of(type) == 1)
      return type;
  return ElementType::BF16; // products of any type are pieced together from the narrowest
}

} // namespace

void PowerModel::add(const chip::Chip &chip, const char *key, const Range &value, const std::string &source) {
  if (chip.has(key))
    energies.push_back(
        {key, chip.unit(key), chip.source(key), {chip.low(key), chip.real(key), chip.high(key)}, true});
  else
    energies.push_back({key, chip.unit(key), source, value, false});
}

void PowerModel::addMemories(const chip::Chip &chip) {
  const chip::Silicon silicon = siliconOf(chip);
  const auto has = [&](const char *part, const technology::SramShape &shape, double count) {
    const technology::Sram sram = technology::sram(shape);
    const std::string source = formatNumber(count) + " x " + sramText(shape, sram);
    staticParts.push_back({part, sram.leakageMw * count, source});
    areaParts.push_back({part, Range::exactly(sram.areaMm2 * count), source});
    return sram;
  };
  const technology::Sram scratchpad = has("scratchpad", silicon.scratchpadBank, silicon.scratchpadBanks);
  add(chip, "energy.spm_read_pj", scratchpad.readPj, sramText(silicon.scratchpadBank, scratchpad));
  add(chip, "energy.spm_write_pj", scratchpad.writePj, sramText(silicon.scratchpadBank, scratchpad));
  const technology::Sram sums = has("accumulators", silicon.accumulatorBank, silicon.accumulatorBanks);
  add(chip, "energy.acc_read_pj", sums.readPj, sramText(silicon.accumulatorBank, sums));
  add(chip, "energy.acc_write_pj", sums.writePj, sramText(silicon.accumulatorBank, sums));
  const technology::Sram fetched = has("instruction_buffer", silicon.instructionBuffer, 1);
  add(chip, "energy.fetch_pj_per_byte", fetched.readPj * (1 / silicon.instructionBuffer.wordBytes),
      sramText(silicon.instructionBuffer, fetched) + ", by the byte");
}

void PowerModel::addLogic(const chip::Chip &chip) {
  const OperatingPoint point = siliconOf(chip).point;
  const chip::MatrixPasses passes(chip);
  const std::string logic = kLogicSource + pointText(point);
  const std::pair<ElementType, const char *> types[] = {{ElementType::F32, "energy.mac_f32_pj"},
                                                        {ElementType::BF16, "energy.mac_bf16_pj"},
                                                        {ElementType::F16, "energy.mac_f16_pj"}};
  for (const auto &[type, key] : types) {
    const auto [own, times] = multiplied(passes, type);
    const Range once = technology::multiplyPj(own, point) + technology::addPj(point);
    add(chip, key, once * static_cast<double>(times),
        logic + (times > 1 ? ", " + std::to_string(times) + " passes" : ""));
  }
  add(chip, "energy.register_pj", technology::registerPj(point), kRegisterSource + pointText(point));
  add(chip, "energy.vector_add_pj", technology::addPj(point), logic);
  add(chip, "energy.vector_multiply_pj", technology::multiplyPj(ElementType::F32, point), logic);
  add(chip, "energy.vector_compare_pj", technology::comparePj(point), kRegisterSource + pointText(point));
  add(chip, "energy.vector_transcendental_pj",
      (technology::multiplyPj(ElementType::F32, point) + technology::addPj(point)) * kPolynomial,
      logic + ", 8 fused multiply-adds; degree 7 assumed");

  const auto has = [&](const char *part, double count, double mm2, const std::string &of) {
    const double area = count * mm2;
    const std::string source = formatNumber(count) + " x " + of + "; " + kLogicAreaSource + pointText(point);
    areaParts.push_back({part, Range::exactly(area), source});
    staticParts.push_back({part, Range::exactly(technology::logicLeakageMw(area, point)), source});
  };
  const ElementType widest = native(passes);
  const double bits = 8.0 * static_cast<double>(numerics::sizeInBytes(widest));
  const double weights = bits * chip.real("matrix.weight_banks");
  has("array", chip.real("matrix.units") * chip.real("matrix.rows") * chip.real("matrix.cols"),
      technology::multiplierMm2(widest, point.nodeNm) + technology::adderMm2(point.nodeNm) +
          (weights + bits + kSumBits) * technology::registerMm2(point.nodeNm),
      "PE: multiplier of " + formatNumber(bits) + "-bit operands, fp32 adder, " +
          formatNumber(weights + bits + kSumBits) + " bits of registers");
  constexpr double kLaneRegisters = 3 * kSumBits; // operands of a fused multiply-add
  has("vector", chip.real("vector.lanes"),
      technology::multiplierMm2(ElementType::F32, point.nodeNm) + technology::adderMm2(point.nodeNm) +
          technology::comparatorMm2(point.nodeNm) + kLaneRegisters * technology::registerMm2(point.nodeNm),
      "lane: fp32 multiplier, adder, comparator, 96 bits of registers");
}

void PowerModel::addDram(const chip::Chip &chip) {
  for (const char *key :
       {"energy.dram_read_pj_per_byte", "energy.dram_write_pj_per_byte", "energy.dram_activate_pj"}) {
    add(chip, key, {}, "");
    energies.back().given = false; // no function would have served
  }
  const auto range = [&](const char *key) { return Range{chip.low(key), chip.real(key), chip.high(key)}; };
  const double ranks = chip.real("dram.channels") * chip.real("dram.ranks");
  staticParts.push_back({"dram_background", range("energy.dram_background_mw") * ranks,
                         "dram.channels x dram.ranks x energy.dram_background_mw; " +
                             chip.source("energy.dram_background_mw")});
  const bool refreshed = chip.real("dram.trfc_ns") > 0;
  staticParts.push_back({"dram_refresh",
                         range("energy.dram_refresh_pj") *
                             ((refreshed ? ranks : 0) / chip.real("dram.trefi_ns")), // pJ per ns: mW
                         "dram.channels x dram.ranks x energy.dram_refresh_pj / dram.trefi_ns; " +
                             chip.source("energy.dram_refresh_pj")});
}

PowerModel::PowerModel(const chip::Chip &chip) {
  const chip::ClockLimit limit = siliconOf(chip).clockLimit();
  clockLimitMhz = limit.mhz;
  clockLimit = limit.what;
  addMemories(chip);
  addLogic(chip);
  if (constexpr const char *key = "energy.static_mw"; chip.has(key))
    staticParts = {{"chip", {chip.low(key), chip.real(key), chip.high(key)}, chip.source(key)}};
  addDram(chip);
}

const Coefficient &PowerModel::coefficient(std::string_view key) const {
  const auto found = std::find_if(energies.begin(), energies.end(),
                                  [&](const Coefficient &coefficient) { return coefficient.key == key; });
  if (found == energies.end())
    throw Error("no energy '" + std::string(key) + "', expected a key of an event");
  return *found;
}

double PowerModel::areaMm2() const {
  double sum = 0;
  for (const Part &part : areaParts)
    sum += part.value.nominal;
  return sum;
}

} // namespace arsis::power
