// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What the simulator's tests share: chips with a few keys replaced, programs from assembly text, values of a
// tensor.
#pragma once

#include "simulator/top/Check.h"
#include "simulator/top/HostChecks.h"
#include "simulator/top/HostLayout.h"
#include "simulator/top/RunRecord.h"
#include "simulator/top/Session.h"
#include "tests/SourceFolder.h"

#include <fstream>
#include <sstream>

namespace arsis::sim::test {

using Overrides = std::vector<std::pair<std::string, double>>;

inline chip::Chip chipWith(const Overrides &overrides, const std::string &name = "tiny") {
  chip::Chip chip = chip::Chip::load(name);
  for (const auto &[key, value] : overrides)
    chip = chip.withOverride(key, value);
  return chip;
}

inline std::shared_ptr<const isa::Program> programOf(const std::string &text) {
  return std::make_shared<isa::Program>(isa::assemble(text, "test.arsis.s"));
}

inline std::shared_ptr<const isa::Program> programFile(const std::string &pathInTree) {
  std::ifstream in(arsis::sourceFolder() + pathInTree);
  std::stringstream text;
  text << in.rdbuf();
  return std::make_shared<isa::Program>(isa::assemble(text.str(), pathInTree));
}

inline std::shared_ptr<const isa::Program> convolution() {
  return programFile("tests/dialects/Isa/Encoding/conv.arsis.s");
}

/// A timing-only run with its trace.
inline RunRecord timing(const isa::Program &program, const chip::Chip &chip) {
  return runTimed(program, chip, memorySizes(chip), nullptr, std::nullopt,
                  TraceOptions{TraceDetail::Instructions});
}

inline const UnitRecord &unit(const RunRecord &record, const std::string &name) {
  for (const UnitRecord &unit : record.units)
    if (unit.name == name)
      return unit;
  throw Error("no unit " + name);
}

inline std::vector<float> read(const Session &session, const std::string &name) {
  std::vector<float> values(static_cast<size_t>(hostBytes(*session.findTensor(name)) / 4));
  session.readTensor(name, values.data(), values.size() * 4);
  return values;
}
inline void write(Session &session, const std::string &name, const std::vector<float> &values) {
  session.writeTensor(name, values.data(), values.size() * 4);
}
/// Zeros in every tensor that the host has to give.
inline void writeZeros(Session &session) {
  for (const isa::Tensor &tensor : session.program().tensors)
    if (isGiven(tensor))
      write(session, tensor.name, std::vector<float>(static_cast<size_t>(hostBytes(tensor) / 4)));
}

/// Values that look random and are the same everywhere.
inline std::vector<float> ramp(size_t n, uint32_t seed) {
  std::vector<float> values(n);
  for (float &value : values) {
    seed = seed * 1664525u + 1013904223u;
    value = static_cast<float>(static_cast<int32_t>(seed >> 8) % 2001 - 1000) / 512.0f;
  }
  return values;
}

} // namespace arsis::sim::test
