// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A memory request as it travels over TLM-2.0 sockets: a strided set of runs instead of one burst, because a
// training step has hundreds of millions of bursts. Timing only: no data. The target answers at once
// (TLM_COMPLETED) and annotates the delay until the last byte, together with what the delay was spent on.
#pragma once

#include "simulator/base/Clock.h"
#include "timing/Divisor.h"

#include <tlm>

#include <array>
#include <cstdint>

namespace arsis::sim {

using timing::Divisor;

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

/// Calls visit(address, bytes) for every run that the payload covers.
template <class Visit> void forEachRun(const StridedPayload &payload, Visit visit) {
  std::array<int64_t, 4> index{};
  int64_t offset = 0, rest = payload.firstRun;
  for (size_t d = 4; rest > 0 && d-- > 0;) {
    if (payload.count[d] == 1)
      continue;
    index[d] = rest % payload.count[d];
    rest /= payload.count[d];
    offset += index[d] * payload.stride[d];
  }
  for (int64_t run = 0; run < payload.runs; ++run) {
    visit(payload.address + static_cast<uint64_t>(offset + payload.trimBegin),
          payload.trimEnd - payload.trimBegin);
    for (size_t d = 4; d-- > 0;) {
      offset += payload.stride[d];
      if (++index[d] < payload.count[d])
        break;
      offset -= payload.stride[d] * payload.count[d];
      index[d] = 0;
    }
  }
}

/// Calls visit(first, last) with the whole bursts (or requests) of `granule` bytes that the payload touches,
/// run by run. One that the run before has just touched is in the line buffer and is not visited again;
/// `buffered` is its number.
template <class Visit>
void forEachGranules(const StridedPayload &payload, const Divisor &granule, int64_t &buffered, Visit visit) {
  forEachRun(payload, [&](uint64_t address, int64_t bytes) {
    int64_t first = granule.quotient(static_cast<int64_t>(address));
    const int64_t last = granule.quotient(static_cast<int64_t>(address) + bytes - 1);
    first += first == buffered;
    if (first <= last)
      visit(first, last);
    buffered = last;
  });
}

} // namespace arsis::sim
