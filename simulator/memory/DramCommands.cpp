// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See DramCommands.h.
#include "simulator/memory/DramCommands.h"

#include <cmath>

namespace arsis::sim {

std::vector<DramRule> dramRules(const timing::Dram &d) {
  constexpr auto act = DramCommand::Activate, pre = DramCommand::Precharge, read = DramCommand::Read,
                 write = DramCommand::Write, refresh = DramCommand::Refresh;
  constexpr auto bank = DramScope::Bank, group = DramScope::Group, rank = DramScope::Rank,
                 others = DramScope::OtherRanks;
  const auto fs = [](double ns) {
    return static_cast<Femtoseconds>(std::llround(ns * static_cast<double>(kFemtosecondsPerNanosecond)));
  };
  const double burst = d.burstNs();
  const Femtoseconds readToWrite = fs(burst + std::max(0.0, d.cl + d.rtw - d.cwl));
  return {
      {"tRCD", act, read, bank, fs(d.rcd)},
      {"tRCD", act, write, bank, fs(d.rcd)},
      {"tRAS", act, pre, bank, fs(d.ras)},
      {"tRC", act, act, bank, fs(d.rowCycleNs())},
      {"tRP", pre, act, bank, fs(d.rp)},
      {"tRP", pre, refresh, rank, fs(d.rp)},
      {"tRTP", read, pre, bank, fs(d.rtp)},
      {"tWR", write, pre, bank, fs(d.cwl + burst + d.wr)},
      {"tRRD_L", act, act, group, fs(d.rrdLongNs())},
      {"tRRD_S", act, act, rank, fs(d.rrdShortNs())},
      {"tFAW", act, act, rank, fs(d.faw), 4},
      {"tCCD_L", read, read, group, fs(d.columnLongNs())},
      {"tCCD_L", write, write, group, fs(d.columnLongNs())},
      {"tCCD_S", read, read, rank, fs(d.columnShortNs())},
      {"tCCD_S", write, write, rank, fs(d.columnShortNs())},
      {"tWTR_L", write, read, group, fs(burst + d.cwl + d.wtrLongNs())},
      {"tWTR_S", write, read, rank, fs(burst + d.cwl + d.wtrShortNs())},
      {"read to write", read, write, rank, readToWrite},
      {"tRTRS", read, read, others, fs(burst + d.rtrs)},
      {"tRTRS", write, write, others, fs(burst + d.rtrs)},
      {"tRTRS", read, write, others, fs(burst + std::max(0.0, d.cl + std::max(d.rtw, d.rtrs) - d.cwl))},
      {"tRTRS", write, read, others, fs(burst + std::max(0.0, d.cwl + d.rtrs - d.cl))},
      {"tRFC", refresh, act, rank, fs(d.rfc)},
      {"tRFC", refresh, refresh, rank, fs(d.rfc)},
  };
}

static constexpr Femtoseconds kLongAgo = int64_t(1) << 50; // more than any distance

DramCommands::DramCommands(const timing::Dram &dram)
    : map(dram), banks(map.bankCount(), Earliest{}),
      groups(static_cast<size_t>(dram.ranks * dram.groups), Earliest{}),
      ranks(static_cast<size_t>(dram.ranks), Earliest{}), activations(static_cast<size_t>(dram.ranks)) {
  for (const DramRule &rule : dramRules(dram))
    rules[static_cast<size_t>(rule.from)].push_back(rule);
  for (Activations &each : activations)
    each.at.fill(-kLongAgo);
}

void DramCommands::issue(DramCommand command, size_t bank, Femtoseconds at) {
  const size_t rank = map.rankOf(bank);
  if (command == DramCommand::Activate) {
    Activations &last = activations[rank];
    last.at[last.next] = at;
    last.next = (last.next + 1) % last.at.size();
  }
  for (const DramRule &rule : rules[static_cast<size_t>(command)]) {
    const auto to = static_cast<size_t>(rule.to);
    const Femtoseconds from = rule.back == 1 ? at : activations[rank].at[activations[rank].next];
    const auto hold = [&](Earliest &place) { place[to] = std::max(place[to], from + rule.gap); };
    switch (rule.scope) {
    case DramScope::Bank:
      hold(banks[bank]);
      break;
    case DramScope::Group:
      hold(groups[map.groupOf(bank)]);
      break;
    case DramScope::Rank:
      hold(ranks[rank]);
      break;
    case DramScope::OtherRanks:
      for (size_t other = 0; other < ranks.size(); ++other)
        if (other != rank)
          hold(ranks[other]);
      break;
    }
  }
}

} // namespace arsis::sim
