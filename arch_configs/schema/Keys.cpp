// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The table of chip keys. Ranges reject what no chip can be (zero rows, a negative latency), not what is
// merely unusual.
#include "arch_configs/schema/Keys.h"

#include <algorithm>
#include <sstream>

namespace arsis::chip {

/// The keys of the DRAM in the place of "dram.".
static std::vector<KeySpec> withDram(std::vector<KeySpec> specs) {
  const auto place =
      std::find_if(specs.begin(), specs.end(), [](const KeySpec &spec) { return spec.key == "dram."; });
  const std::vector<KeySpec> dram = dramKeySpecs();
  specs.insert(specs.erase(place), dram.begin(), dram.end());
  return specs;
}

const std::vector<KeySpec> &keySpecs() {
  constexpr auto integer = KeySpec::Integer;
  constexpr auto real = KeySpec::Real;
  static const std::vector<KeySpec> specs = withDram({
      {"clock.core_mhz", "MHz", real, 1, 10000, "clock of every unit on the chip"},

      {"matrix.units", "arrays", integer, 1, 16,
       "systolic arrays, each with its own accumulator, matrix and drain stream"},
      {"matrix.rows", "PE", integer, 1, 1024, "rows of an array: elements of K it holds at once"},
      {"matrix.cols", "PE", integer, 1, 1024, "columns of an array: elements of N it holds at once"},
      {"matrix.pe_latency_cycles", "cycles", integer, 1, 64,
       "pipeline of a PE: cycles from the entry of an operand to that of the sum into the row below, or into "
       "the accumulator; operands go on to the next column after one cycle"},
      {"matrix.weight_banks", "banks", integer, 1, 16,
       "sets of stationary weights per array; two hide the reload behind a product"},
      {"matrix.accumulator_rows", "rows", integer, 1, 1 << 20,
       "accumulator rows per array, each `matrix.cols` fp32 wide; all arrays together at most 2 GiB"},
      {"matrix.transposer", "flag", integer, 0, 1,
       "1 if operands can be read with K not contiguous at full rate"},
      {"matrix.fp32_passes", "passes", integer, 0, 64,
       "passes through the array of a product of two fp32 operands, 0 if it does not multiply them; sums are "
       "fp32 whatever the operands"},
      {"matrix.bf16_passes", "passes", integer, 0, 64, "the same of two bf16 operands"},
      {"matrix.fp16_passes", "passes", integer, 0, 64, "the same of two fp16 operands"},

      {"scratchpad.kib", "KiB", integer, 1, 1 << 20, "size of the scratchpad that all units share"},
      {"scratchpad.banks", "banks", integer, 1, 4096, "single-ported banks, interleaved by bank width"},
      {"scratchpad.bank_width_bytes", "B", integer, 1, 4096, "bytes one bank delivers or takes per cycle"},

      {"vector.lanes", "lanes", integer, 1, 65536,
       "elements the vector unit processes side by side, in fp32; bf16 and fp16 operands are widened as they "
       "are read"},
      {"vector.startup_cycles", "cycles", integer, 0, 10000,
       "cycles from the issue of a vector instruction to its first result"},
      {"vector.cycles_simple", "cycles", real, 0.01, 1000,
       "cycles per element and lane of add, multiply, fma, compare, select"},
      {"vector.cycles_reciprocal", "cycles", real, 0.01, 1000, "cycles per element and lane of reciprocal"},
      {"vector.cycles_rsqrt", "cycles", real, 0.01, 1000, "cycles per element and lane of rsqrt"},
      {"vector.cycles_exp", "cycles", real, 0.01, 1000, "cycles per element and lane of exp"},
      {"vector.cycles_log", "cycles", real, 0.01, 1000, "cycles per element and lane of log"},
      {"vector.cycles_tanh", "cycles", real, 0.01, 1000, "cycles per element and lane of tanh and erf"},
      {"vector.cycles_random", "cycles", real, 0.01, 1000, "cycles per element and lane of a random number"},

      {"dma.load_queues", "queues", integer, 1, 16, "load streams"},
      {"dma.store_queues", "queues", integer, 1, 16, "store streams"},
      {"dma.outstanding_requests", "requests", integer, 1, 65536,
       "entries of a queue's table of requests in flight"},
      {"dma.request_bytes", "B", integer, 1, 65536,
       "largest request to the DRAM, one entry of the table; whole bursts, or less than one"},
      {"dma.bus_bytes_per_cycle", "B/cycle", integer, 1, 65536,
       "width of the bus between DRAM and scratchpad, each way; all queues of a direction share it"},
      {"dma.startup_cycles", "cycles", integer, 0, 100000,
       "cycles from the issue of a DMA instruction to its first request, a pipeline that a busy queue hides"},

      {"dram.", "", integer, 0, 0, ""}, // the place of dramKeySpecs()

      {"frontend.decode_cycles", "cycles", integer, 0, 10000,
       "cycles between two instructions of one stream"},
      {"frontend.fetch_bytes_per_cycle", "B/cycle", integer, 1, 4096,
       "instruction bytes fetched per cycle and stream"},

      {"technology.node_nm", "nm", real, 7, 180, "node of everything on the chip"},
      {"technology.voltage_v", "V", real, 0.6, 1.3,
       "supply of everything on the chip; bounds of a node are narrower"},
      {"technology.logic_low_power", "flag", integer, 0, 1,
       "transistors of logic: 1 low power, 0 high performance"},
      {"technology.sram_low_standby", "flag", integer, 0, 1,
       "cells of memories on the chip: 1 CACTI's itrs-lstp, 0 itrs-hp"},
      {"technology.accumulator_banks", "banks", integer, 1, 1024,
       "memories that an accumulator is built of; no time depends on it"},
      {"technology.instruction_buffer_kib", "KiB", integer, 1, 1 << 20,
       "memory that instructions are fetched from; no time depends on it"},

      {"energy.mac_f32_pj", "pJ", real, 0, 1e6,
       "one fp32 fused multiply-add in the array without its registers, in all its passes", "", true},
      {"energy.mac_bf16_pj", "pJ", real, 0, 1e6,
       "one bf16 multiply with fp32 accumulation in the array, in all its passes", "", true},
      {"energy.mac_f16_pj", "pJ", real, 0, 1e6,
       "one fp16 multiply with fp32 accumulation in the array, in all its passes", "", true},
      {"energy.register_pj", "pJ", real, 0, 1e6, "one bit written to a register of a PE or lane", "", true},
      {"energy.spm_read_pj", "pJ", real, 0, 1e6, "read of one word of a scratchpad bank", "", true},
      {"energy.spm_write_pj", "pJ", real, 0, 1e6, "write of one word of a scratchpad bank", "", true},
      {"energy.acc_read_pj", "pJ", real, 0, 1e6, "read of one row of an accumulator", "", true},
      {"energy.acc_write_pj", "pJ", real, 0, 1e6, "write of one row of an accumulator", "", true},
      {"energy.vector_add_pj", "pJ", real, 0, 1e6, "one fp32 addition of a lane", "", true},
      {"energy.vector_multiply_pj", "pJ", real, 0, 1e6, "one fp32 multiplication of a lane", "", true},
      {"energy.vector_compare_pj", "pJ", real, 0, 1e6, "one comparison or selection of a lane", "", true},
      {"energy.vector_transcendental_pj", "pJ", real, 0, 1e6,
       "one reciprocal, rsqrt, exp, log, tanh, erf or random number of one element", "", true},
      {"energy.fetch_pj_per_byte", "pJ/B", real, 0, 1e6, "instruction fetch", "", true},
      {"energy.static_mw", "mW", real, 0, 1e9,
       "leakage and idle power of the whole chip, DRAM devices excluded, in place of the sum over its parts",
       "", true},
      {"energy.dram_read_pj_per_byte", "pJ/B", real, 0, 1e6,
       "read from an open row, with the interface on both sides"},
      {"energy.dram_write_pj_per_byte", "pJ/B", real, 0, 1e6,
       "write to an open row, with the interface on both sides"},
      {"energy.dram_activate_pj", "pJ", real, 0, 1e9, "opening a row of a channel and closing it"},
      {"energy.dram_refresh_pj", "pJ", real, 0, 1e9,
       "a refresh of all banks of a rank of a channel, each dram.trefi_ns"},
      {"energy.dram_background_mw", "mW", real, 0, 1e9,
       "a rank of a channel with rows open and nothing else to do"},
  });
  return specs;
}

const KeySpec *findKey(std::string_view key) {
  const auto &specs = keySpecs();
  auto found = std::find_if(specs.begin(), specs.end(), [&](const KeySpec &spec) { return spec.key == key; });
  return found == specs.end() ? nullptr : &*found;
}

std::string insteadOf(std::string_view key) {
  if (key == "energy.dram_pj_per_byte")
    return "energy.dram_read_pj_per_byte, energy.dram_write_pj_per_byte and energy.dram_activate_pj";
  if (key == "energy.spm_read_pj_per_byte" || key == "energy.spm_write_pj_per_byte" ||
      key == "energy.acc_read_pj_per_byte" || key == "energy.acc_write_pj_per_byte")
    return "the energy of a whole word or row (energy.spm_read_pj and the like), or no key at all: then it "
           "is a function of sizes and technology";
  if (key == "energy.vector_op_pj")
    return "energy.vector_add_pj, energy.vector_multiply_pj and energy.vector_compare_pj";
  if (key == "dram.latency_ns")
    return "its parts dram.controller_ns, dram.interconnect_ns, dram.phy_ns and dram.tcl_ns (without the "
           "burst), and dram.interleave_bytes beside them";
  if (key == "dram.device_ns")
    return "dram.tcl_ns";
  if (key == "dram.row_miss_ns")
    return "dram.trp_ns and dram.trcd_ns, which it was the sum of";
  return "a key of arch_configs/schema/keys.md";
}

std::string formatNumber(double value) {
  std::ostringstream out;
  out.precision(15);
  out << value;
  std::string text = out.str();
  if (text.find('e') == std::string::npos)
    return text;
  out.str("");
  out << std::fixed;
  out.precision(value < 1 ? 9 : 0);
  out << value;
  text = out.str();
  if (text.find('.') != std::string::npos)
    text.erase(text.find_last_not_of('0') + 1);
  return text;
}

std::string keysAsMarkdown() {
  constexpr const char *kKinds[] = {"integer", "real", "text"};
  std::ostringstream out;
  out << "# Keys of a chip description\n\n"
         "Generated by `arsis-chip keys` from arch_configs/schema/Keys.cpp. Every chip gives every key, each "
         "as\n"
         "`name: {value: ..., unit: ..., source: \"...\"}` under its section; a figure without a source says "
         "`assumed`\n"
         "and, after a colon, why. A chip that names a `dram.preset` may leave out what the preset gives; "
         "of\n"
         "`dram.bandwidth_gbps` and `dram.channel_gbps` it gives one, from which the other follows.\n"
         "Keys whose unit is in brackets may be left out: then the figure is a function of sizes and "
         "technology\n"
         "(`power/`), and giving it replaces the function. An energy whose sources disagree has `low: ...` "
         "and\n"
         "`high: ...` beside its value.\n\n"
         "| key | unit | kind | minimum | maximum | meaning |\n|---|---|---|---|---|---|\n";
  for (const KeySpec &spec : keySpecs())
    out << "| `" << spec.key << "` | " << (spec.optional ? "[" : "") << spec.unit
        << (spec.optional ? "]" : "") << " | " << kKinds[spec.kind] << " | "
        << (spec.kind == KeySpec::Text ? "" : formatNumber(spec.minimum)) << " | "
        << (spec.kind == KeySpec::Text ? "" : formatNumber(spec.maximum)) << " | " << spec.description
        << " |\n";
  return out.str();
}

} // namespace arsis::chip
