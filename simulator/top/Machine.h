// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The chip put together: one engine per stream of the program, the DMA queues bound to the DRAM.
#pragma once

#include "simulator/memory/Dram.h"
#include "simulator/units/DmaBus.h"
#include "simulator/units/StreamEngine.h"

#include <memory>

namespace arsis::sim {

class Machine : public sc_core::sc_module {
public:
  Machine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip);

  /// Throws Error naming every stream that is not finished and what it waits for.
  void checkFinished() const;

  Dram dram;
  DmaBus loadBus, storeBus;
  std::vector<std::unique_ptr<StreamEngine>> engines; // in the order of the program's streams

private:
  template <class Engine> void bindQueue(std::unique_ptr<Engine> engine);
};

/// "load0", "matrix1": the unit that a stream feeds.
std::string unitName(const isa::Stream &stream);

} // namespace arsis::sim
