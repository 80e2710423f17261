// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Dram.h.
#include "timing/Dram.h"

#include "arch_configs/schema/Keys.h"

namespace arsis::timing {

Dram::Dram(const chip::Chip &chip)
    : channels(chip.integer("dram.channels")), ranks(chip.integer("dram.ranks")),
      groups(chip.integer("dram.bank_groups")), banks(chip.integer("dram.banks")),
      rowBytes(chip.integer("dram.row_bytes")), burstBytes(chip.integer("dram.burst_bytes")),
      interleaveBytes(chip.integer("dram.interleave_bytes")),
      order(chip::parseDramOrder(chip.text("dram.order"))),
      plainOrder(chip.text("dram.order") == chip::kPlainDramOrder),
      banksPermuted(chip.integer("dram.bank_permutation") != 0),
      channelsPermuted(chip.integer("dram.channel_permutation") != 0),
      writeQueue(chip.integer("dram.write_queue")), writeBatch(chip.integer("dram.write_batch")),
      readQueue(chip.integer("dram.read_queue")),
      scheduler(chip.text("dram.scheduler") == "fr_fcfs" ? DramScheduler::FrFcfs : DramScheduler::InOrder),
      policy(chip.text("dram.page_policy") == "open"     ? PagePolicy::Open
             : chip.text("dram.page_policy") == "closed" ? PagePolicy::Closed
                                                         : PagePolicy::TimedOut),
      bandwidthGbps(chip.real("dram.bandwidth_gbps")), controller(chip.real("dram.controller_ns")),
      interconnect(chip.real("dram.interconnect_ns")), phy(chip.real("dram.phy_ns")),
      pageTimeout(chip.real("dram.page_timeout_ns")), cl(chip.real("dram.tcl_ns")),
      cwl(chip.real("dram.tcwl_ns")), rcd(chip.real("dram.trcd_ns")), rp(chip.real("dram.trp_ns")),
      ras(chip.real("dram.tras_ns")), rc(chip.real("dram.trc_ns")), ccd(chip.real("dram.tccd_s_ns")),
      ccdLong(chip.real("dram.tccd_l_ns")), rrd(chip.real("dram.trrd_ns")),
      rrdLong(chip.real("dram.trrd_l_ns")), faw(chip.real("dram.tfaw_ns")), wr(chip.real("dram.twr_ns")),
      rtp(chip.real("dram.trtp_ns")), wtr(chip.real("dram.twtr_ns")), wtrLong(chip.real("dram.twtr_l_ns")),
      rtw(chip.real("dram.trtw_ns")), rtrs(chip.real("dram.trtrs_ns")), rfc(chip.real("dram.trfc_ns")),
      refi(chip.real("dram.trefi_ns")) {}

std::vector<std::string> Dram::repairs() const {
  std::vector<std::string> found;
  // Zero says that there is no such figure; sums of figures are rounded.
  constexpr double kRoundingNs = 1e-6;
  const auto atLeast = [&](double value, double least, const char *name, const char *other) {
    if (value > 0 && value + kRoundingNs < least)
      found.push_back(std::string(name) + " of " + chip::formatNumber(value) + " ns is shorter than " +
                      other + ", whose " + chip::formatNumber(least) + " ns are used");
  };
  atLeast(rc, ras + rp, "tRC", "tRAS + tRP");
  atLeast(ccd, burstNs(), "tCCD_S", "a burst on the data bus");
  atLeast(ccdLong, std::max(burstNs(), ccd), "tCCD_L",
          ccd > burstNs() ? "tCCD_S" : "a burst on the data bus");
  atLeast(rrdLong, rrd, "tRRD_L", "tRRD_S");
  atLeast(wtrLong, wtr, "tWTR_L", "tWTR_S");
  return found;
}

double Dram::streamShare() const {
  const double slow = columnLongNs() / burstNs(); // in bursts, of one along a row
  if (slow <= 1)
    return 1;
  const auto others = static_cast<double>(groups);
  if (order.back() == chip::DramField::Group) // neighbours go round the groups
    return std::min(1.0, others * burstNs() / columnLongNs());
  if (scheduler == DramScheduler::InOrder || groups == 1)
    return 1 / slow;
  // As many reads of a row as the window holds go beside those of the row before, as many beside the next.
  const auto row = static_cast<double>(rowBytes / burstBytes);
  const double shared = std::min(static_cast<double>(readQueue), row / 2);
  return row / (slow * (row - 2 * shared) + std::max(2.0, slow) * shared);
}

} // namespace arsis::timing
