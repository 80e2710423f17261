// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// One instruction to bytes and back, and equality of programs.
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/Externals.h"
#include "dialects/Isa/Encoding/OptionNames.h"
#include "dialects/Isa/Encoding/Tables.h"

#include <algorithm>
#include <tuple>

namespace arsis::isa {

std::optional<Body> makeBody(Opcode opcode) {
  switch (opcode) {
#define ARSIS_X(STRUCT, MNEMONIC, OPCODE)                                                                    \
  case Opcode::STRUCT:                                                                                       \
    return STRUCT();
    ARSIS_ISA_INSTRUCTIONS(ARSIS_X)
#undef ARSIS_X
  }
  if (const ExternalInstruction *external = externalInstructions().find(uint8_t(opcode)))
    return makeExternal(*external);
  return std::nullopt;
}

std::optional<Body> makeBody(std::string_view mnemonic) {
  for (const InstructionInfo &info : kInstructionInfo)
    if (mnemonic == info.mnemonic)
      return makeBody(info.opcode);
  if (const ExternalInstruction *external = externalInstructions().find(mnemonic))
    return makeExternal(*external);
  return std::nullopt;
}

const InstructionInfo &infoOf(const External &external) { return external.type->info; }

const InstructionInfo *findInfo(Opcode opcode) {
  for (const InstructionInfo &info : kInstructionInfo)
    if (info.opcode == opcode)
      return &info;
  const ExternalInstruction *external = externalInstructions().find(uint8_t(opcode));
  return external ? &external->info : nullptr;
}

void transferExternals(ByteWriter &out, const Program &program) {
  std::map<uint8_t, const ExternalInstruction *> used;
  for (const Stream &stream : program.streams)
    for (const Instruction &instruction : stream.instructions)
      if (auto *external = std::get_if<External>(&instruction.body))
        used.emplace(uint8_t(external->type->info.opcode), external->type);
  out.unsignedNumber(used.size());
  for (auto [opcode, type] : used) {
    out(opcode);
    out(type->description.mnemonic);
    out(type->library);
    out.fixed(signatureOf(type->description));
  }
}

void transferExternals(ByteReader &in, Program &) {
  for (size_t left = in.count(); left > 0; --left) {
    const size_t start = in.offset;
    uint8_t opcode;
    std::string mnemonic, library;
    in(opcode);
    in(mnemonic);
    in(library);
    const ExternalInstruction *type = externalInstructions().find(opcode);
    const std::string wanted = "opcode " + std::to_string(opcode) + " is instruction '" + mnemonic +
                               "' of library '" + library + "', ";
    if (!type)
      in.failAt(start, wanted + "which is not loaded: name its file with " + optionName("load-plugin"));
    if (in.fixed<uint64_t>() != signatureOf(type->description) || mnemonic != type->description.mnemonic ||
        library != type->library)
      in.failAt(start, wanted + "but of those loaded it is '" + type->description.mnemonic + "' of '" +
                           type->library + "', or another description of it");
  }
}

void transferInstruction(ByteWriter &out, const Instruction &instruction) {
  if (instruction.waitCount > kMaxWaits)
    throw ProgramError("instruction with " + std::to_string(instruction.waitCount) +
                       " waits, expected at most 2");
  out(uint8_t(opcodeOf(instruction)));
  out(uint8_t(instruction.waitCount | (instruction.increment ? kIncrementFlag : 0)));
  for (unsigned i = 0; i < instruction.waitCount; ++i)
    out(instruction.waits[i]);
  if (instruction.increment)
    out(*instruction.increment);
  std::visit([&](auto &body) { body.visitFields([&](const char *, auto &field) { out(field); }); },
             instruction.body);
}

void transferInstruction(ByteReader &in, Instruction &instruction) {
  size_t start = in.offset;
  uint8_t opcode, flags;
  in(opcode);
  std::optional<Body> body = makeBody(Opcode(opcode));
  if (!body)
    in.failAt(start, "unknown opcode " + std::to_string(opcode) +
                         (opcode >= kFirstExternalOpcode ? ", which no loaded library brings (" +
                                                               optionName("load-plugin") + " loads one)"
                                                         : ""));
  in(flags);
  instruction.waitCount = flags & kWaitCountMask;
  if (flags & ~(kWaitCountMask | kIncrementFlag) || instruction.waitCount > kMaxWaits)
    in.failAt(start + 1, "instruction flags are " + std::to_string(flags) +
                             ", expected at most 2 waits and an increment");
  for (unsigned i = 0; i < instruction.waitCount; ++i)
    in(instruction.waits[i]);
  if (flags & kIncrementFlag)
    in(instruction.increment.emplace());
  instruction.body = std::move(*body);
  std::visit([&](auto &fields) { fields.visitFields([&](const char *, auto &field) { in(field); }); },
             instruction.body);
}

size_t encodedSize(const Instruction &instruction) {
  ByteWriter out;
  transferInstruction(out, instruction);
  return out.bytes.size();
}

bool operator==(const Instruction &a, const Instruction &b) {
  return a.waitCount == b.waitCount &&
         std::equal(a.waits.begin(), a.waits.begin() + a.waitCount, b.waits.begin()) &&
         a.increment == b.increment && a.location == b.location && a.body == b.body;
}

static auto fieldsOf(const Tensor &t) {
  return std::tie(t.name, t.role, t.type, t.shape, t.stride, t.address, t.hostShape, t.hostPermutation,
                  t.alias, t.parameter, t.observable, t.completeCounter, t.completeValue, t.readableCounter,
                  t.readableUntil);
}
static auto fieldsOf(const Location &l) { return std::tie(l.layer, l.phase, l.op); }
static auto fieldsOf(const Requirement &r) { return std::tie(r.key, r.relation, r.value); }
static auto fieldsOf(const Placement &p) {
  return std::tie(p.memory, p.unit, p.buffer, p.begin, p.end, p.slots, p.layer);
}
static auto fieldsOf(const InitialFile &f) { return std::tie(f.name, f.bytes, f.sha256); }
static auto fieldsOf(const Initial &i) { return std::tie(i.tensor, i.value); }

template <class T> static bool sameAll(const std::vector<T> &a, const std::vector<T> &b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const T &x, const T &y) { return fieldsOf(x) == fieldsOf(y); });
}

bool operator==(const Tensor &a, const Tensor &b) { return fieldsOf(a) == fieldsOf(b); }

bool operator==(const Stream &a, const Stream &b) {
  return a.kind == b.kind && a.index == b.index && a.instructions == b.instructions;
}

bool operator==(const Program &a, const Program &b) {
  return a.streams == b.streams && a.counterStream == b.counterStream && a.tensors == b.tensors &&
         sameAll(a.locations, b.locations) && sameAll(a.requirements, b.requirements) &&
         sameAll(a.placements, b.placements) && sameAll(a.files, b.files) &&
         sameAll(a.initials, b.initials) && a.nnModule == b.nnModule && a.options == b.options &&
         a.notObservable == b.notObservable && a.dramBytes == b.dramBytes;
}

} // namespace arsis::isa
