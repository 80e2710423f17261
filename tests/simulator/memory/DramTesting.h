// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A DRAM whose every time is zero but those that a test sets, and requests to it.
#pragma once

#include "simulator/memory/DramModel.h"
#include "tests/simulator/Support.h"

namespace arsis::sim::test {

/// One channel: 64 B bursts at 6.4 GB/s take 10 ns; rows of 1 KiB; two banks, so that rows 0 and 2 share one.
inline timing::Dram plainDram() {
  timing::Dram dram(chipWith({}));
  dram.channels = 1;
  dram.banks = 2;
  dram.rowBytes = 1024;
  dram.burstBytes = dram.interleaveBytes = 64;
  dram.banksPermuted = dram.channelsPermuted = false;
  dram.writeQueue = dram.writeBatch = 1 << 20;
  dram.bandwidthGbps = 6.4;
  dram.controller = dram.interconnect = dram.phy = dram.cl = dram.cwl = 0;
  dram.rcd = dram.rp = dram.ras = dram.rrd = dram.faw = dram.wr = dram.rtp = dram.wtr = dram.rtw = 0;
  dram.rc = dram.ccd = dram.ccdLong = dram.rrdLong = dram.wtrLong = dram.rtrs = dram.rfc = 0;
  dram.refi = 1e6;
  return dram;
}

inline StridedPayload bytesAt(uint64_t address, int64_t bytes,
                              StridedPayload::Command command = StridedPayload::Read) {
  StridedPayload payload;
  payload.command = command;
  payload.address = address;
  payload.runBytes = payload.trimEnd = bytes;
  payload.runs = 1;
  return payload;
}

/// Times in ns.
struct TestedDram {
  explicit TestedDram(const timing::Dram &figures) : model(figures) {}
  double read(uint64_t address, int64_t bytes, double arrival) {
    return serve(bytesAt(address, bytes), arrival);
  }
  double write(uint64_t address, int64_t bytes, double arrival) {
    return serve(bytesAt(address, bytes, StridedPayload::Write), arrival);
  }
  double flush() { return inNanoseconds(model.flush()); }

  DramModel model;

private:
  static double inNanoseconds(Femtoseconds time) {
    return static_cast<double>(time) / static_cast<double>(kFemtosecondsPerNanosecond);
  }
  double serve(StridedPayload payload, double arrival) {
    return inNanoseconds(model.serve(
        payload, static_cast<Femtoseconds>(arrival * static_cast<double>(kFemtosecondsPerNanosecond))));
  }
};

} // namespace arsis::sim::test
