// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a library says of an instruction that it brings; docs/rationale/doors.md has the reasons, and
// docs/adding_an_instruction.md an example. The library includes this header and links nothing: everything
// here is inline or virtual.
//
//   class Absolute final : public ExternalInstruction { ... };
//   static void bring(Brought &brought) { brought.instruction(std::make_unique<Absolute>()); }
//   ARSIS_PLUGIN("absolute", bring)
#pragma once

#include "dialects/Isa/Encoding/Program.h"

#include <any>
#include <memory>

namespace arsis::isa {

/// The fixed part of a description.
struct ExternalDescription {
  uint8_t opcode = 0; // kFirstExternalOpcode or more
  std::string mnemonic, summary;
  StreamKind stream = StreamKind::Vector; // the one that executes it; no other kind is supported
  unsigned revision = 0;                  // raised when the meaning changes and the fields do not
  struct Field {
    std::string name;
    FieldValue initial; // its kind, and its value in a new instruction
  };
  std::vector<Field> fields; // in encoding order
};

/// Fields at loop indices. Without indices every extent is its full tile, and addresses and affine values are
/// 0: enough to know how much an instruction does at most, and how far it reaches.
class Evaluation {
public:
  Evaluation() = default;
  explicit Evaluation(const int64_t *index) : index(index) {}

  int64_t operator()(const Affine &value) const { return index ? value.evaluate(index) : 0; }
  int64_t operator()(const Address &value) const { return index ? value.evaluate(index) : 0; }
  int64_t operator()(const Extent &value) const { return index ? value.evaluate(index) : value.tile; }
  template <size_t n> std::array<int64_t, n> operator()(const std::array<Extent, n> &values) const {
    std::array<int64_t, n> result{};
    for (size_t d = 0; d < n; ++d)
      result[d] = (*this)(values[d]);
    return result;
  }

private:
  const int64_t *index = nullptr;
};

/// A strided box of the scratchpad, with a window at each of its elements.
struct ExternalOperand {
  const char *name = ""; // of its address field, for messages
  int64_t address = 0;   // bytes
  ElementType type = ElementType::F32;
  std::array<int64_t, 4> count = {1, 1, 1, 1}, stride = {}; // elements
  std::array<int64_t, 2> window = {1, 1}, windowStride = {};
};

/// What one instance does. It is empty, and nothing happens, if any count is 0.
struct ExternalWork {
  static constexpr size_t kMostOperands = 3;

  ExternalOperand result; // window 1 by 1; no element is written twice
  boost::container::static_vector<ExternalOperand, kMostOperands>
      operands; // one may be the very view of the result
  /// An element of the largest operand costs the lanes `times` elements of this function, whose cycles and
  /// energy the chip file gives.
  VectorFunction costsAs = VectorFunction::Copy;
  int64_t times = 1;
  bool reduces = false; // takes the steps of the reduction tree instead
};

class ExternalInstruction {
public:
  explicit ExternalInstruction(ExternalDescription theDescription)
      : description(std::move(theDescription)), info{description.mnemonic.c_str(), Opcode(description.opcode),
                                                     uint8_t(1u << unsigned(description.stream)), false,
                                                     description.summary.c_str()} {}
  virtual ~ExternalInstruction() = default;
  ExternalInstruction(const ExternalInstruction &) = delete;
  ExternalInstruction &operator=(const ExternalInstruction &) = delete;

  /// What is wrong with the fields of an instruction, lower case and without a period; empty if nothing is.
  virtual std::string check(const External &) const { return {}; }
  /// The work of an instance. Counts come from extents and constants only, so that full tiles bound them.
  virtual ExternalWork workOf(const External &, const Evaluation &) const = 0;
  /// The values of the result, dense and row-major, from those of the operands: dense and row-major over
  /// their counts, window positions innermost. Pure: equal operands, equal bits, on every machine; a NaN is
  /// the canonical one.
  virtual void compute(const External &, const ExternalWork &, const float *const *operands,
                       float *result) const = 0;

  const ExternalDescription description;
  const InstructionInfo info;
  std::string library; // that brought it; set when it is registered
};

/// Where a library puts what it brings.
class Brought {
public:
  void instruction(std::unique_ptr<ExternalInstruction> brought) {
    instructions.push_back(std::move(brought));
  }
  /// Something for another part of the tree: schedule::Strategy, ref::BroughtKernel, nn::BroughtDialects. A
  /// tool takes the kinds that it has a use for.
  template <class Thing> void add(Thing thing) { others.emplace_back(std::move(thing)); }

  std::vector<std::unique_ptr<ExternalInstruction>> instructions;
  template <class Thing> std::vector<Thing> all() const {
    std::vector<Thing> found;
    for (const std::any &other : others)
      if (const Thing *thing = std::any_cast<Thing>(&other))
        found.push_back(*thing);
    return found;
  }

private:
  std::vector<std::any> others;
};

/// Raised with every change to what a library sees of these headers.
constexpr uint32_t kPluginInterface = 3;

/// What the library exports. The first three members say whether the others can be read.
struct PluginDescription {
  uint32_t interfaceNumber;
  uint64_t schemaHash;
  const char *compiler;
  const char *name;
  void (*bring)(Brought &);
};
constexpr const char *kPluginSymbol = "arsisPlugin";

} // namespace arsis::isa

/// Once per library: its name, and the function that brings what it has.
#define ARSIS_PLUGIN(NAME, BRING)                                                                            \
  extern "C" __attribute__((visibility("default"))) const ::arsis::isa::PluginDescription *arsisPlugin() {   \
    static const ::arsis::isa::PluginDescription description{                                                \
        ::arsis::isa::kPluginInterface, ::arsis::isa::kSchemaHash, __VERSION__, NAME, BRING};                \
    return &description;                                                                                     \
  }
