// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The instructions that libraries brought, by opcode and by mnemonic, and the loading of such libraries.
// Filled while a tool starts, before it reads a program; constant from then on, so that any thread may ask.
#pragma once

#include "dialects/Isa/Encoding/External.h"

namespace arsis::isa {

class ExternalInstructions {
public:
  /// Throws Error if the description breaks a rule, or opcode or mnemonic are taken.
  void add(std::unique_ptr<ExternalInstruction> instruction, const std::string &library);

  /// Null if there is none.
  const ExternalInstruction *find(uint8_t opcode) const {
    return opcode < kFirstExternalOpcode ? nullptr : table[opcode - kFirstExternalOpcode].get();
  }
  const ExternalInstruction *find(std::string_view mnemonic) const;
  bool empty() const { return count == 0; }

private:
  std::array<std::unique_ptr<ExternalInstruction>, 256 - kFirstExternalOpcode> table;
  size_t count = 0;
};

/// The one of this process.
ExternalInstructions &externalInstructions();

/// Registers some kind of what a library brings. Throws Error if it cannot be.
using Taker = void (*)(const Brought &, const std::string &library);

/// Loads a library and registers its instructions, and what `takers` take; nothing if it is loaded already.
/// It stays until the process ends. Throws Error if it cannot be loaded, is no such library, or was made for
/// another build.
void loadPlugin(const std::string &path, const std::vector<Taker> &takers = {});

/// A body with the initial values of its fields.
External makeExternal(const ExternalInstruction &);

/// Identifies the description: opcode, mnemonic, stream, revision, names and kinds of the fields.
uint64_t signatureOf(const ExternalDescription &);

/// Elements that one operand of such an instruction visits: the machine holds their values while it computes,
/// 64 MiB.
constexpr int64_t kMostExternalVisits = int64_t(1) << 24;
/// The largest ExternalWork::times.
constexpr int64_t kMostExternalTimes = 1024;

/// The work of an instance, within limits. Throws Error that names library and instruction if it is not.
ExternalWork workOf(const External &, const Evaluation &);
/// Whether an instance does nothing.
bool isEmpty(const ExternalWork &);
/// Elements of a pass over an operand, and of all positions of its window; saturates.
int64_t elementsOf(const ExternalOperand &);
int64_t visitsOf(const ExternalOperand &);
/// The most visits of any operand, or of the result if there is none.
int64_t visitsOf(const ExternalWork &);
/// Whether an operand is the very view of the result, element for element, so that it may be overwritten.
bool isResult(const ExternalOperand &, const ExternalWork &);

} // namespace arsis::isa
