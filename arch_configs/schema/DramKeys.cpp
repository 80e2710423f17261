// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The keys of the DRAM: sizes, rates, the controller, and the times of the standards (JEDEC) by their names.
#include "arch_configs/schema/Keys.h"

namespace arsis::chip {

std::vector<KeySpec> dramKeySpecs() {
  constexpr auto integer = KeySpec::Integer;
  constexpr auto real = KeySpec::Real;
  constexpr auto text = KeySpec::Text;
  return {
      {"dram.preset", "name", text, 0, 0,
       "a file of `arch_configs/dram` that gives what the chip's file leaves out; none without"},
      {"dram.capacity_mib", "MiB", integer, 1, 1 << 24, "bytes a program can place"},
      {"dram.bandwidth_gbps", "GB/s", real, 0.001, 100000,
       "peak bandwidth of all channels together; 1 GB = 10^9 B; another one scales the data rate and no "
       "time"},
      {"dram.channel_gbps", "GB/s", real, 1e-7, 100000,
       "peak bandwidth of one channel: data rate times width"},
      {"dram.controller_ns", "ns", real, 0, 100000,
       "part of the unloaded latency: the controller's own pipeline, both ways"},
      {"dram.interconnect_ns", "ns", real, 0, 100000,
       "part of the unloaded latency: between DMA queue and controller on the chip, both ways"},
      {"dram.phy_ns", "ns", real, 0, 100000,
       "part of the unloaded latency: the interface between controller and devices, both ways"},
      {"dram.channels", "channels", integer, 1, 4096,
       "independent channels; pieces of `dram.interleave_bytes` go round them"},
      {"dram.ranks", "ranks", integer, 1, 64, "ranks of a channel, which share its bus"},
      {"dram.bank_groups", "groups", integer, 1, 64,
       "bank groups of a rank; accesses to the same one keep the longer distances tCCD_L, tRRD_L and tWTR_L"},
      {"dram.banks", "banks", integer, 1, 1024,
       "banks of a rank, in all its bank groups, each with one open row"},
      {"dram.row_bytes", "B", integer, 1, 1 << 20, "bytes of a row across the devices of a channel"},
      {"dram.burst_bytes", "B", integer, 1, 4096, "smallest transfer; shorter requests cost a whole burst"},
      {"dram.interleave_bytes", "B", integer, 1, 1 << 20,
       "consecutive bytes of one channel, whole bursts; the next ones are in the next channel"},
      {"dram.order", "fields", text, 0, 0,
       "how a channel's addresses become rows, ranks, banks, groups and columns, the most significant first "
       "and "
       "`channel` last: pieces of `dram.interleave_bytes` go round the channels first of all; without "
       "`group` it "
       "is the low part of `bank`; any but row-rank-bank-group-column-channel takes bits and needs powers of "
       "two"},
      {"dram.channel_permutation", "flag", integer, 0, 1,
       "1 if each round of pieces over n channels begins one channel on from the round before, "
       "and every n of them at a channel by their hash"},
      {"dram.bank_permutation", "flag", integer, 0, 1,
       "1 if each round of rows over the banks begins at a bank of its own, by a hash of the row"},
      {"dram.write_queue", "bursts", integer, 1, 65536,
       "writes that the controller of a channel holds; a store is answered when its bursts are in it"},
      {"dram.write_batch", "bursts", integer, 1, 65536,
       "writes that leave the queue together; the queue holds whole batches"},
      {"dram.scheduler", "word", text, 0, 0,
       "`in_order`: reads go out as they came; `fr_fcfs`: the first one that is ready goes, among rows that "
       "are "
       "open the oldest",
       "in_order fr_fcfs"},
      {"dram.read_queue", "bursts", integer, 1, 4096, "reads of a channel among which `fr_fcfs` chooses"},
      {"dram.page_policy", "word", text, 0, 0,
       "`open`: a row stays open until another one of its bank is needed; `closed`: it closes when its "
       "request "
       "is through; `timed_out`: it closes after `dram.page_timeout_ns`",
       "open closed timed_out"},
      {"dram.page_timeout_ns", "ns", real, 0, 1e9,
       "for which a row that nobody uses stays open; of `timed_out` only"},
      {"dram.tcl_ns", "ns", real, 0, 100000,
       "tCL: from a read to its first beat, row open; part of the unloaded latency"},
      {"dram.tcwl_ns", "ns", real, 0, 100000, "tCWL: from a write to its first beat"},
      {"dram.trcd_ns", "ns", real, 0, 100000, "tRCD: from opening a row to its first read or write"},
      {"dram.trp_ns", "ns", real, 0, 100000, "tRP: from closing a row to opening another one of its bank"},
      {"dram.tras_ns", "ns", real, 0, 100000, "tRAS: from opening a row to closing it"},
      {"dram.trc_ns", "ns", real, 0, 100000,
       "tRC: between two openings of rows of one bank; tRAS + tRP where that is longer"},
      {"dram.tccd_s_ns", "ns", real, 0, 100000,
       "tCCD_S: between two reads or two writes of one rank; the burst where that is longer"},
      {"dram.tccd_l_ns", "ns", real, 0, 100000,
       "tCCD_L: the same within a bank group; tCCD_S where that is longer"},
      {"dram.trrd_ns", "ns", real, 0, 100000, "tRRD_S: between two openings of rows of one rank"},
      {"dram.trrd_l_ns", "ns", real, 0, 100000,
       "tRRD_L: the same within a bank group; tRRD_S where that is longer"},
      {"dram.tfaw_ns", "ns", real, 0, 100000, "tFAW: in which a rank opens at most four rows"},
      {"dram.twr_ns", "ns", real, 0, 100000, "tWR: from the last beat of a write to closing its row"},
      {"dram.trtp_ns", "ns", real, 0, 100000, "tRTP: from a read to closing its row"},
      {"dram.twtr_ns", "ns", real, 0, 100000,
       "tWTR_S: from the last beat of a write to a read of the same rank"},
      {"dram.twtr_l_ns", "ns", real, 0, 100000,
       "tWTR_L: the same within a bank group; tWTR_S where that is longer"},
      {"dram.trtw_ns", "ns", real, 0, 100000, "gap on the bus between the beats of a read and of a write"},
      {"dram.trtrs_ns", "ns", real, 0, 100000, "tRTRS: gap on the bus between the beats of two ranks"},
      {"dram.trfc_ns", "ns", real, 0, 100000, "tRFC: a refresh of all banks of a rank"},
      {"dram.trefi_ns", "ns", real, 1, 1e9, "tREFI: from one refresh to the next"},
  };
}

} // namespace arsis::chip
