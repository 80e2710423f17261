// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Dram.h.
#include "timing/Dram.h"

namespace arsis::timing {

Dram::Dram(const chip::Chip &chip)
    : channels(chip.integer("dram.channels")), banks(chip.integer("dram.banks")),
      rowBytes(chip.integer("dram.row_bytes")), burstBytes(chip.integer("dram.burst_bytes")),
      interleaveBytes(chip.integer("dram.interleave_bytes")),
      banksPermuted(chip.integer("dram.bank_permutation") != 0),
      channelsPermuted(chip.integer("dram.channel_permutation") != 0),
      writeQueue(chip.integer("dram.write_queue")), writeBatch(chip.integer("dram.write_batch")),
      bandwidthGbps(chip.real("dram.bandwidth_gbps")), controller(chip.real("dram.controller_ns")),
      interconnect(chip.real("dram.interconnect_ns")), phy(chip.real("dram.phy_ns")),
      cl(chip.real("dram.tcl_ns")), cwl(chip.real("dram.tcwl_ns")), rcd(chip.real("dram.trcd_ns")),
      rp(chip.real("dram.trp_ns")), ras(chip.real("dram.tras_ns")), rrd(chip.real("dram.trrd_ns")),
      faw(chip.real("dram.tfaw_ns")), wr(chip.real("dram.twr_ns")), rtp(chip.real("dram.trtp_ns")),
      wtr(chip.real("dram.twtr_ns")), rtw(chip.real("dram.trtw_ns")), rfc(chip.real("dram.trfc_ns")),
      refi(chip.real("dram.trefi_ns")) {}

} // namespace arsis::timing
