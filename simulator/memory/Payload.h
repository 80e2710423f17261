// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A memory request as it travels over TLM-2.0 sockets: a strided set of runs instead of one burst, because a
// training step has hundreds of millions of bursts. Timing only: no data. The target answers at once
// (TLM_COMPLETED) and annotates the delay until the last byte, together with what the delay was spent on.
#pragma once

#include "simulator/base/Clock.h"
#include "timing/Divisor.h"

#include <tlm>

#include <algorithm>
#include <array>
#include <cstdint>

namespace arsis::sim {

using timing::Divisor;
using timing::Shift;

constexpr int64_t kNoBurst = -1;

struct StridedPayload {
  enum Command : uint8_t { Read, Write } command = Read;
  uint64_t address = 0; // of run 0
  int64_t runBytes = 0;
  std::array<int64_t, 4> count{1, 1, 1, 1}; // runs, row-major
  std::array<int64_t, 4> stride{};          // bytes between neighbouring runs
  int64_t firstRun = 0, runs = 0;           // the part of the runs that this request covers
  int64_t trimBegin = 0, trimEnd = 0; // bytes [trimBegin, trimEnd) of each run; a partial run has runs == 1

  // In: the last burst of the request before, still in the DMA's line buffer. Out: the same of this one.
  int64_t bufferedBurst = kNoBurst;

  // Filled by the target.
  int64_t bursts = 0;
  int64_t activations = 0;   // rows opened meanwhile, for this request or for writes that it found queued
  Femtoseconds first = 0;    // when the first burst is there; the last one is the annotated delay
  Femtoseconds waited = 0;   // in the queue of the busiest channel
  Femtoseconds occupied = 0; // transferring, mean over channels
  Femtoseconds held =
      0; // occupied and waiting for rows to open with nothing else to transfer, mean over channels
};

/// Protocol traits of the sockets between DMA engines and memory.
struct StridedProtocol {
  using tlm_payload_type = StridedPayload;
  using tlm_phase_type = tlm::tlm_phase;
};

/// Calls visit(address, bytes) for every run that the payload covers. Inlined with what calls it, so that
/// what is kept from run to run stays in registers.
template <class Visit>
[[gnu::always_inline]] inline void forEachRun(const StridedPayload &payload, Visit visit) {
  const std::array<int64_t, 4> count = payload.count, stride = payload.stride;
  size_t inner = 3;
  while (inner > 0 && count[inner] == 1)
    --inner;
  std::array<int64_t, 4> index{};
  int64_t offset = payload.trimBegin, before = payload.firstRun;
  for (size_t d = inner + 1; before > 0 && d-- > 0;) {
    index[d] = before % count[d];
    before /= count[d];
    offset += index[d] * stride[d];
  }
  const int64_t bytes = payload.trimEnd - payload.trimBegin;
  for (int64_t rest = payload.runs; rest > 0;) {
    const int64_t row = std::min(rest, count[inner] - index[inner]);
    for (int64_t run = 0; run < row; ++run, offset += stride[inner])
      visit(payload.address + static_cast<uint64_t>(offset), bytes);
    rest -= row;
    index[inner] += row;
    for (size_t d = inner; d > 0 && index[d] == count[d]; --d) {
      offset += stride[d - 1] - stride[d] * count[d];
      index[d] = 0;
      ++index[d - 1];
    }
  }
}

/// Calls visit(first, last) with the whole bursts (or requests) of `granule` bytes that the payload touches,
/// run by run. One that the run before has just touched is in the line buffer and is not visited again;
/// `buffered` is its number.
template <class Divide, class Visit>
[[gnu::always_inline]] inline void forEachGranules(const StridedPayload &payload, const Divide &granule,
                                                   int64_t &buffered, Visit visit) {
  int64_t before = buffered;
  const auto inGranules = [&](uint64_t address, int64_t bytes) __attribute__((always_inline)) {
    int64_t first = granule.quotient(static_cast<int64_t>(address));
    const int64_t last = granule.quotient(static_cast<int64_t>(address) + bytes - 1);
    first += first == before;
    if (first <= last)
      visit(first, last);
    before = last;
  };
  forEachRun(payload, inGranules);
  buffered = before;
}

} // namespace arsis::sim
