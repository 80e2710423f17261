// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Machine.h.
#include "simulator/top/Machine.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "simulator/units/DmaEngine.h"
#include "simulator/units/DrainEngine.h"
#include "simulator/units/MatrixEngine.h"
#include "simulator/units/UnorderedDmaEngine.h"
#include "simulator/units/VectorEngine.h"

namespace arsis::sim {

std::string unitName(const isa::Stream &stream) {
  std::string name = isa::streamName(stream);
  name.erase(name.find(' '), 1);
  return name;
}

Machine::Machine(const sc_core::sc_module_name &name, Board &board, const chip::Chip &chip)
    : sc_core::sc_module(name), dram("dram", chip) {
  for (size_t i = 0; i < board.program.streams.size(); ++i) {
    const isa::Stream &stream = board.program.streams[i];
    const std::string unit = unitName(stream);
    switch (stream.kind) {
    case isa::StreamKind::Load:
    case isa::StreamKind::Store: {
      DmaBus &bus = stream.kind == isa::StreamKind::Load ? loadBus : storeBus;
      if (dram.answersInOrder())
        bindQueue(std::make_unique<DmaEngine>(unit.c_str(), board, chip, i, bus));
      else
        bindQueue(std::make_unique<UnorderedDmaEngine>(unit.c_str(), board, chip, i, bus));
      break;
    }
    case isa::StreamKind::Matrix:
      engines.push_back(std::make_unique<MatrixEngine>(unit.c_str(), board, chip, i));
      break;
    case isa::StreamKind::Drain:
      engines.push_back(std::make_unique<DrainEngine>(unit.c_str(), board, chip, i));
      break;
    case isa::StreamKind::Vector:
      engines.push_back(std::make_unique<VectorEngine>(unit.c_str(), board, chip, i));
      break;
    case isa::StreamKind::Collective:
      throw ProgramError("stream " + isa::streamName(stream) +
                         " is not supported, this machine has no links to other chips");
    }
  }
}

template <class Engine> void Machine::bindQueue(std::unique_ptr<Engine> engine) {
  engine->socket.bind(dram.socket);
  engines.push_back(std::move(engine));
}

void Machine::checkFinished() const {
  std::string blocked;
  for (const auto &engine : engines)
    if (!engine->finished())
      blocked += (blocked.empty() ? "" : "; ") + engine->blockedOn();
  if (!blocked.empty())
    throw ProgramError("deadlock: nothing can happen any more, but " + blocked);
}

} // namespace arsis::sim
