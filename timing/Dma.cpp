// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Dma.h.
#include "timing/Dma.h"

#include <algorithm>
#include <cmath>

namespace arsis::timing {

static double cyclesPerNanosecond(const chip::Chip &chip) { return chip.real("clock.core_mhz") / 1000; }

Dma::Dma(const chip::Chip &chip)
    : dram(chip), channels{dram.channels, dram.interleaveBytes, dram.burstBytes, dram.channelsPermuted},
      outstanding(chip.integer("dma.outstanding_requests")), requestBytes(chip.integer("dma.request_bytes")),
      // A bus wider than all banks together carries no more than they take.
      busBytesPerCycle(
          std::min(chip.integer("dma.bus_bytes_per_cycle"),
                   chip.integer("scratchpad.banks") * chip.integer("scratchpad.bank_width_bytes"))),
      startupCycles(chip.integer("dma.startup_cycles")), rowBytes(dram.rowBytes * dram.channels),
      rowBanks(dram.banks * dram.ranks),
      otherBank(std::log(std::max(1e-9, 1 - 1 / static_cast<double>(rowBanks)))),
      dramBytesPerCycle(dram.bandwidthGbps * dram.usable() / cyclesPerNanosecond(chip) * dram.streamShare()),
      batchOverhead(dram.perBatchNs() / (static_cast<double>(dram.writeBatch) * dram.burstNs())),
      latencyCycles(dram.readLatencyNs() * cyclesPerNanosecond(chip)),
      writeLatencyCycles(dram.writeLatencyNs() * cyclesPerNanosecond(chip)),
      rowMissCycles(dram.rowMissNs() * cyclesPerNanosecond(chip)),
      rowOpenCycles(dram.ras * cyclesPerNanosecond(chip)),
      rowCycleCycles(dram.rowCycleNs() * cyclesPerNanosecond(chip)),
      activationCycles(std::max(dram.rrdShortNs(), dram.faw / 4) / static_cast<double>(dram.ranks) *
                       cyclesPerNanosecond(chip)),
      readBankCycles((dram.rtp + dram.rowMissNs()) * cyclesPerNanosecond(chip)),
      writeBankCycles((dram.wr + dram.rowMissNs() + dram.cwl) * cyclesPerNanosecond(chip)),
      queueCycles(static_cast<double>(dram.writeQueue) * dram.burstNs() / dram.usable() *
                  cyclesPerNanosecond(chip)),
      batchCycles(static_cast<double>(dram.writeBatch) * dram.burstNs() / dram.usable() *
                  cyclesPerNanosecond(chip)),
      writeToReadCycles(dram.writeToReadNs() * cyclesPerNanosecond(chip)),
      readToWriteCycles(dram.readToWriteNs() * cyclesPerNanosecond(chip)),
      conflictCycles(std::max(0.0, dram.wr - dram.wtr + dram.rowMissNs()) * cyclesPerNanosecond(chip)),
      refreshWaitCycles(dram.rfc * dram.rfc / (2 * dram.refi) * cyclesPerNanosecond(chip)),
      burstCycles(dram.burstNs() * cyclesPerNanosecond(chip)), banks(chip) {}

Transfer Dma::transfer(const Runs &runs, int64_t address, int64_t step, int64_t beats, bool store) const {
  static thread_local Memo<Transfer, 23> known;
  return known.get(
      {runs.bytes,
       runs.count[0],
       runs.count[1],
       runs.count[2],
       runs.count[3],
       runs.pitch[0],
       runs.pitch[1],
       runs.pitch[2],
       runs.pitch[3],
       address,
       step,
       2 * beats + store,
       outstanding,
       requestBytes,
       dram.channels,
       dram.interleaveBytes,
       dram.burstBytes * 4 + 2 * dram.channelsPermuted + dram.banksPermuted,
       rowBytes * 4096 + rowBanks,
       dram.writeQueue,
       wordOf(latencyCycles),
       wordOf(dramBytesPerCycle),
       wordOf(activationCycles),
       wordOf(store ? writeBankCycles : readBankCycles)},
      [&] {
        Transfer transfer;
        transfer.store = store;
        transfer.bytes = runs.totalBytes();
        transfer.beats = beats;
        if (transfer.bytes == 0)
          return transfer;
        transfer.requests = granulesTouched(runs, address, requestBytes);
        // Boxes close to each other are in flight together if the table, or the queue of writes, reaches
        // round all channels.
        const int64_t apart = std::abs(step), turn = dram.channels * dram.interleaveBytes;
        const bool reaches =
            apart < dram.interleaveBytes && (store || outstanding * apart >= transfer.requests * turn);
        const ChannelLoad load = channelLoad(runs, channels, address, reaches ? dram.interleaveBytes : step);
        const auto bytes = static_cast<double>(dram.channels * dram.burstBytes);
        const double piece = static_cast<double>(dram.interleaveBytes) / static_cast<double>(dram.burstBytes);
        if (store) { // boxes that stay in a channel share its queue
          const double stay = reaches && apart > 0 ? static_cast<double>(dram.interleaveBytes / apart) : 1;
          transfer.dramBytes =
              std::max(load.inSequence, load.fullest - static_cast<double>(dram.writeQueue) / stay) * bytes;
        } else { // boxes fill each other's idle channels as far as the table holds several of them; a piece
                 // more or less is still in the queue of its channel when the next box comes
          const double inFlight = std::max(1.0, 1 / rounds(transfer));
          transfer.dramBytes =
              std::max(load.inSequence * waitsByChance(static_cast<double>(transfer.bytes) /
                                                           static_cast<double>(transfer.requests),
                                                       load.byChance),
                       (load.fullest - piece) / inFlight) *
              bytes;
        }
        transfer.fullestBytes = load.fullest * bytes;
        transfer.sharedBytes = load.inSequence * bytes;
        transfer.rowsVisited = meanRowVisits(runs, rowBytes);
        if (dram.channelsPermuted)
          transfer.reached =
              std::min(1.0, static_cast<double>(granulesTouched(runs, address, dram.interleaveBytes)) /
                                (transfer.rowsVisited * static_cast<double>(dram.channels)));
        transfer.rowsOpened = timing::rowsOpened(runs, rowBytes, rowBanks, dram.banksPermuted, step);
        const double visits = transfer.rowsVisited;
        const double pace = transfer.sharedBytes / dramBytesPerCycle / (visits * transfer.reached);
        const double rows = static_cast<double>(runs.span()) / static_cast<double>(rowBytes);
        transfer.bankWait =
            waitForBank(visits, std::max(1.0, rows / visits), std::max(pace, activationCycles), store);
        return transfer;
      });
}

double Dma::waitForBank(double visits, double apart, double pace, bool store) const {
  if (!dram.banksPermuted)
    return 0;
  const auto banks = static_cast<double>(rowBanks);
  const double cycles = store ? writeBankCycles : readBankCycles;
  double wait = 0;
  // Of the rows of two rounds that are equally far apart the first one waits for all of them, and who waited
  // has those before it far behind.
  const double meets = std::min(1.0, apart / banks) / banks, within = meets * std::ceil(cycles / pace);
  double first = meets;
  for (double back = 1; back < visits && (back - 1) * pace < cycles; back += 1, first /= 1 + within)
    wait += (1 - back / visits) * first * (cycles - (back - 1) * pace);
  return wait;
}

double Dma::waitsByChance(double requestBytes, double share) const {
  // Of the requests in the table those wait at the channels that are not under way; of these the last in each
  // of the other channels, on average, finds its own idle. Both follow from the rate: rate = peak x waiting /
  // (waiting + idle).
  const double idle = share * static_cast<double>(dram.channels - 1);
  const double peak = dramBytesPerCycle / requestBytes, entries = static_cast<double>(outstanding);
  const double sum = entries + idle + peak * latencyCycles;
  const double rate = 2 * peak * entries / (sum + std::sqrt(sum * sum - 4 * latencyCycles * peak * entries));
  return std::max(1.0, std::min(peak, entries / latencyCycles) / rate);
}

int64_t Dma::localBeats(int64_t elements, const std::array<int64_t, 4> &box,
                        const std::array<int64_t, 4> &stride, int64_t elementBytes) const {
  size_t inner = 3;
  while (inner > 0 && box[inner] == 1)
    --inner;
  const int64_t packed = std::max<int64_t>(1, busBytesPerCycle / elementBytes);
  const int64_t perBeat = std::min(packed, std::max<int64_t>(1, box[inner]));
  const int64_t cycles = banks.use(perBeat, stride[inner] * elementBytes, elementBytes).cycles;
  // Short runs that follow each other closely share a beat; scattered ones do not.
  const int64_t beats = cycles == 1 ? (elements + packed - 1) / packed : (elements + perBeat - 1) / perBeat;
  return beats * cycles;
}

int64_t Dma::roundTrip(int64_t bytes, bool store) const {
  // The pieces of a long request go to several channels at once.
  const int64_t onOneChannel = std::min(bytes, dram.interleaveBytes);
  const int64_t bursts = (onOneChannel + dram.burstBytes - 1) / dram.burstBytes;
  const double cycles =
      store ? writeLatencyCycles : latencyCycles + static_cast<double>(bursts) * burstCycles;
  return std::max<int64_t>(1, static_cast<int64_t>(std::ceil(cycles)));
}

double Dma::moving(const Transfer &transfer) const {
  return std::max(static_cast<double>(busCycles(transfer.bytes)), static_cast<double>(transfer.beats));
}

int64_t Dma::chunkBytes(int64_t bytes) const {
  constexpr int64_t kChunks = 8, kSmallestBytes = 1024;
  const int64_t batch = dram.writeBatch * dram.burstBytes * dram.channels;
  const int64_t chunk = std::max(kSmallestBytes, std::min(batch, (bytes + kChunks - 1) / kChunks));
  return (chunk + requestBytes - 1) / requestBytes * requestBytes;
}

/// The requests that go out together.
static double requestsAtOnce(const Transfer &transfer, int64_t chunkBytes) {
  return static_cast<double>(transfer.requests) *
         std::min(1.0, static_cast<double>(chunkBytes) / static_cast<double>(transfer.bytes));
}

double Dma::dramCycles(const Transfer &transfer, double dramBytes) const {
  const double cycles = channelCycles(transfer, dramBytes) + bankCycles(transfer);
  if (!transfer.store)
    return cycles;
  const auto batch = static_cast<double>(dram.writeBatch * dram.burstBytes * dram.channels);
  const double together = std::clamp(static_cast<double>(transfer.bytes) / batch, 1.0,
                                     static_cast<double>(dram.writeQueue / dram.writeBatch));
  return cycles * (1 + batchOverhead / together);
}

double Dma::dramAndTable(const Transfer &transfer) const {
  if (transfer.requests == 0)
    return 0;
  const auto entries = static_cast<double>(outstanding),
             trip = static_cast<double>(roundTrip(transfer.bytes / transfer.requests, transfer.store));
  if (transfer.store)
    return trip * rounds(transfer);
  // Requests that wait for the same rows.
  const double group = std::max(entries, requestsAtOnce(transfer, chunkBytes(transfer.bytes)));
  const double groups = static_cast<double>(transfer.requests) / group;
  const double hit =
      std::max(dramCycles(transfer, transfer.dramBytes) / groups, trip * group / (entries * dram.usable()));
  const double missing = std::min(groups, transfer.rowsOpened * std::min(1.0, groups));
  return (groups - missing) * hit + missing * std::max(hit, trip + rowMissCycles);
}

double Dma::firstRowClosed(const Transfer &load) const {
  const double cycles = channelCycles(load, load.dramBytes), share = load.rowsOpened / load.rowsVisited;
  return std::min(1.0, share * std::max(1.0, load.rowsVisited * std::min(1.0, rowMissCycles / cycles)));
}

double Dma::stream(const Transfer &transfer, int64_t n) const {
  if (n <= 0)
    return 0;
  const double once = static_cast<double>(startupCycles), count = static_cast<double>(n);
  if (transfer.requests == 0)
    return once + count * moving(transfer);
  const double last = (transfer.fullestBytes - transfer.dramBytes) / dramBytesPerCycle;
  // The entries go round; the last request leaves when those of all rounds before it are back.
  const double all = count * rounds(transfer), whole = std::ceil(all);
  const auto trip = static_cast<double>(roundTrip(transfer.bytes / transfer.requests, transfer.store));
  const double issued = std::max({count * moving(transfer),
                                  whole * trip - (transfer.store ? writeLatencyCycles : latencyCycles),
                                  std::max(0.0, 1 - 1 / all) * count * dramAndTable(transfer)});
  const double served = rowMissCycles + count * transfer.dramBytes / dramBytesPerCycle + last;
  if (!transfer.store)
    return once + std::max(rowMissCycles + issued, served) + latencyCycles;
  // Answered when the queue has it, done when the DRAM has it.
  const auto queue = static_cast<double>(dram.writeQueue * dram.burstBytes * dram.channels);
  const double waits = std::max(0.0, count * transfer.dramBytes - queue) / dramBytesPerCycle;
  return once + std::max(std::max(issued, waits) + writeLatencyCycles, served);
}

} // namespace arsis::timing
