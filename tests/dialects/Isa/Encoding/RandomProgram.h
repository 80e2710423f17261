// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Random programs that are valid but otherwise mean nothing: every instruction, every field, every table. The
// same seed gives the same program everywhere.
#pragma once

#include "dialects/Isa/Encoding/Initials.h"

#include <algorithm>
#include <random>

namespace arsis::isa::test {

class RandomProgram {
public:
  explicit RandomProgram(uint64_t seed) : random(seed) {}

  Program make(size_t instructionsPerStream = 40) {
    Program program;
    makeTables(program);
    constexpr unsigned kKinds = unsigned(std::size(EnumTraits<StreamKind>::kNames));
    for (unsigned kind = 0; kind < kKinds; ++kind)
      for (uint8_t index = 0; index < 2; ++index) {
        program.streams.push_back({StreamKind(kind), index, {}});
        program.counterStream.push_back(uint8_t(program.streams.size() - 1));
      }
    for (size_t s = 0; s < program.streams.size(); ++s)
      makeStream(program, s, instructionsPerStream);
    return program;
  }

  int64_t number(int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(random);
  }
  bool chance(double p) { return std::bernoulli_distribution(p)(random); }

  /// A field of any kind, using at most `depth` loops. `tensors`: size of the tensor table.
  struct Fill {
    RandomProgram &r;
    unsigned depth;
    size_t tensors;
    void operator()(const char *, uint8_t &v) { v = uint8_t(r.number(0, 255)); }
    void operator()(const char *, uint16_t &v) { v = uint16_t(r.number(1, 20)); }
    void operator()(const char *, uint32_t &v) { v = uint32_t(r.number(1, 3)); }
    void operator()(const char *, int32_t &v) {
      v = r.chance(0.1) ? INT32_MIN : int32_t(r.number(-1000, 1000));
    }
    void operator()(const char *, float &v) {
      uint32_t bits = uint32_t(r.random());
      std::memcpy(&v, &bits, sizeof v);
    }
    void operator()(const char *, TensorIndex &v) { v = uint16_t(r.number(0, int64_t(tensors) - 1)); }
    void operator()(const char *, Terms &v) {
      v.clear();
      for (unsigned loop = 0; loop < depth; ++loop)
        if (r.chance(0.5))
          addTerm(v, uint8_t(loop),
                  r.chance(0.2) ? r.number(-(int64_t(1) << 36), int64_t(1) << 36) : r.number(-9, 9));
    }
    void operator()(const char *n, Affine &v) {
      v.base = r.number(-300, 300);
      (*this)(n, v.terms);
    }
    void operator()(const char *n, Extent &v) {
      v.tile = r.number(0, 12);
      v.clamped = r.chance(0.5);
      if (v.clamped)
        (*this)(n, v.limit);
    }
    void operator()(const char *n, Address &v) {
      v.base = r.chance(0.3) ? 0 : r.number(0, 1 << 20);
      (*this)(n, v.strides);
      if (r.chance(0.5)) {
        v.slots = uint32_t(r.number(1, 5));
        v.slotSize = r.number(-1000, 1000);
        (*this)(n, v.slot);
      }
    }
    template <class T, size_t n> void operator()(const char *name, std::array<T, n> &values) {
      for (T &value : values)
        (*this)(name, value);
    }
    template <class E, std::enable_if_t<std::is_enum_v<E>, int> = 0> void operator()(const char *, E &v) {
      v = E(r.number(0, int64_t(std::size(EnumTraits<E>::kNames)) - 1));
    }
  };

  std::string name(size_t longest) {
    static constexpr std::string_view kLetters = "abcXYZ_09.:/-+ \"\\\n\x01#|\xc3\xa9";
    std::string text;
    for (size_t length = size_t(number(0, int64_t(longest))); text.size() < length;)
      text += kLetters[size_t(number(0, int64_t(kLetters.size()) - 1))];
    return text;
  }

  std::mt19937_64 random;

private:
  void makeTables(Program &program) {
    for (int i = 0; i < 4; ++i) {
      Tensor tensor;
      tensor.name = name(8) + std::to_string(i);
      tensor.role = TensorRole(number(0, 10));
      tensor.type = ElementType(number(0, 3));
      std::array<size_t, 4> order = {0, 1, 2, 3}; // from the innermost dimension out
      std::shuffle(order.begin(), order.end(), random);
      int64_t span = 1; // of the dimensions so far
      for (size_t d : order) {
        tensor.shape[d] = number(1, 5);
        tensor.stride[d] = span + number(0, 3);
        span += (tensor.shape[d] - 1) * tensor.stride[d];
      }
      tensor.address = uint64_t(number(0, 5000));
      if (chance(0.5)) {
        tensor.hostPermutation = {3, 1, 0, 2};
        for (int64_t d : tensor.hostPermutation)
          tensor.hostShape.push_back(tensor.shape[size_t(d)]);
      }
      tensor.observable = chance(0.5);
      tensor.completeCounter = uint8_t(number(0, 5));
      tensor.completeValue = uint32_t(number(0, UINT32_MAX));
      tensor.readableCounter = uint8_t(number(0, 5));
      tensor.readableUntil = uint32_t(number(0, 2));
      if (chance(0.5)) {
        program.initials.push_back({uint16_t(i), makeInitial(program, tensor)});
      }
      program.tensors.push_back(std::move(tensor));
      program.locations.push_back({name(6), name(6), name(6)});
      program.requirements.push_back(
          {name(6), chance(0.5) ? Requirement::Equal : Requirement::AtLeast, number(INT64_MIN, INT64_MAX)});
      const Memory memory = Memory(number(0, 2));
      program.placements.push_back({memory, uint8_t(memory == Memory::Acc ? number(0, 255) : 0), name(6),
                                    uint64_t(number(0, 9)), uint64_t(number(9, 1 << 30)),
                                    uint32_t(number(1, 9)), name(6)});
      program.options[name(6)] = name(20);
      program.notObservable.push_back(name(6));
    }
    if (chance(0.5)) {
      Tensor alias = program.tensors.front();
      alias.name += "@";
      alias.alias = 0;
      program.tensors.push_back(std::move(alias));
    }
    if (chance(0.5)) {
      program.tensors.front().role = TensorRole::Parameter;
      Tensor slot = program.tensors.front();
      slot.name += "'";
      slot.parameter = 0;
      program.tensors.push_back(std::move(slot));
    }
    program.nnModule = name(200);
    program.dramBytes = uint64_t(number(50000, INT32_MAX));
  }

  InitialValue makeInitial(Program &program, const Tensor &tensor) {
    std::vector<uint8_t> bytes(elementBytes(tensor));
    if (chance(0.3)) { // in a file
      if (program.files.empty() || chance(0.5)) {
        program.files.push_back({"w" + name(6) + std::to_string(program.files.size()), bytes.size() + 9, {}});
        for (uint8_t &byte : program.files.back().sha256)
          byte = uint8_t(random());
      }
      InitialFile &file = program.files.back();
      const uint64_t offset = uint64_t(number(0, 9));
      file.bytes = std::max(file.bytes, offset + bytes.size());
      return FileRange{uint16_t(program.files.size() - 1), offset};
    }
    const size_t size = size_t(numerics::sizeInBytes(tensor.type));
    const bool repeat = chance(0.4);
    for (size_t i = 0; i < bytes.size(); ++i)
      bytes[i] = repeat && i >= size ? bytes[i - size] : uint8_t(random());
    return initialValue(tensor, std::move(bytes));
  }

  void makeStream(Program &program, size_t number_, size_t count) {
    Stream &stream = program.streams[number_];
    std::vector<size_t> allowed;
    for (size_t i = 0; i < std::size(kInstructionInfo); ++i)
      if (!kInstructionInfo[i].marker && kInstructionInfo[i].streams >> unsigned(stream.kind) & 1)
        allowed.push_back(i);
    unsigned depth = 0;
    auto append = [&](Body body) {
      Instruction instruction;
      instruction.body = std::move(body);
      instruction.location = uint32_t(number(0, int64_t(program.locations.size()) - 1));
      stream.instructions.push_back(std::move(instruction));
    };
    while (stream.instructions.size() < count) {
      if (depth < kMaxLoopDepth && chance(0.25)) {
        append(Loop{uint32_t(number(1, 3))});
        ++depth;
      } else if (depth > 0 && chance(0.3)) {
        append(EndLoop());
        --depth;
      } else {
        append(*makeBody(kInstructionInfo[allowed[size_t(number(0, int64_t(allowed.size()) - 1))]].opcode));
        Instruction &instruction = stream.instructions.back();
        Fill fill{*this, depth, program.tensors.size()};
        std::visit([&](auto &body) { body.visitFields(fill); }, instruction.body);
        if (Reduce *reduce = std::get_if<Reduce>(&instruction.body))
          reduce->reduceMask %= 16;
        instruction.waitCount = uint8_t(number(0, kMaxWaits));
        for (unsigned i = 0; i < instruction.waitCount; ++i) {
          instruction.waits[i].counter = uint8_t(number(0, int64_t(program.counterStream.size()) - 1));
          fill("", instruction.waits[i].value);
        }
        if (chance(0.5))
          instruction.increment = uint8_t(number_);
      }
    }
    for (; depth > 0; --depth)
      append(EndLoop());
  }
};

} // namespace arsis::isa::test
