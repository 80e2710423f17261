// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A DRAM whose every time is zero but those that a test sets, and requests to it.
#pragma once

#include "simulator/memory/DramModel.h"
#include "tests/simulator/Support.h"

#include <functional>

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

using Number = std::function<int64_t(int64_t, int64_t)>; // at random, from the least to the most

/// Sizes and times at random; of a standard with bank groups and ranks, pages and orders if `all`.
inline timing::Dram someFigures(const Number &number, bool all) {
  const auto time = [&](int64_t most) {
    return number(0, 2) == 0 ? 0.0 : static_cast<double>(number(0, most));
  };
  timing::Dram figures = plainDram();
  figures.channels = int64_t(1) << number(0, 2);
  figures.bandwidthGbps *= static_cast<double>(figures.channels);
  figures.interleaveBytes = 64 * number(1, 6);
  figures.banks = number(1, 9);
  figures.rowBytes = 64 * number(1, 20);
  figures.banksPermuted = number(0, 1) == 1;
  figures.channelsPermuted = number(0, 1) == 1;
  figures.writeBatch = number(1, 12);
  figures.writeQueue = figures.writeBatch * number(1, 3);
  figures.controller = time(20);
  figures.interconnect = time(20);
  figures.phy = time(20);
  for (double *each : {&figures.cl, &figures.cwl, &figures.rcd, &figures.rp, &figures.wr, &figures.rtp,
                       &figures.wtr, &figures.rtw, &figures.rrd})
    *each = time(40);
  figures.ras = figures.rcd + time(60);
  figures.faw = figures.rrd + time(200);
  figures.rfc = time(300);
  figures.refi = figures.rfc + static_cast<double>(number(1, 3000));
  if (!all)
    return figures;
  figures.ranks = number(1, 3);
  figures.groups = number(1, 3);
  figures.banks *= figures.groups;
  for (double *each : {&figures.ccd, &figures.ccdLong, &figures.rrdLong, &figures.wtrLong, &figures.rtrs})
    *each = time(40);
  figures.rc = time(150);
  figures.policy = static_cast<timing::PagePolicy>(number(0, 2));
  figures.pageTimeout = time(300);
  const char *orders[] = {"row-bank-rank-column-channel", "row-rank-bank-column-group-channel",
                          "row-column-group-bank-rank-channel", "row-group-rank-bank-column-channel"};
  if (const int64_t order = number(0, 5); order < 4) {
    figures.plainOrder = false;
    figures.order = chip::parseDramOrder(orders[order]);
    figures.ranks = int64_t(1) << number(0, 2);
    figures.groups = int64_t(1) << number(0, 2);
    figures.banks = figures.groups << number(0, 2);
    figures.rowBytes = int64_t(64) << number(0, 4);
  }
  return figures;
}

} // namespace arsis::sim::test
