// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The layout of every section of a program file, for ByteReader and ByteWriter alike: what a record holds, in
// order.
#pragma once

#include "dialects/Isa/Encoding/Bytes.h"

namespace arsis::isa {

/// Rises when the layout of a section changes; changes of the instruction set show in the schema hash.
constexpr uint32_t kFormatVersion = 6;

/// Instruction flags: the number of waits in the low bits, and whether a counter to increment follows.
constexpr uint8_t kWaitCountMask = 0x03;
constexpr uint8_t kIncrementFlag = 0x04;

void transferInstruction(ByteWriter &, const Instruction &);
void transferInstruction(ByteReader &, Instruction &);

/// A vector: its length, then its elements, each transferred by `element`.
template <class T, class Element>
void transferVector(ByteWriter &out, const std::vector<T> &values, const char *, Element element) {
  out.unsignedNumber(values.size());
  for (const T &value : values)
    element(value);
}
template <class T, class Element>
void transferVector(ByteReader &in, std::vector<T> &values, const char *what, Element element) {
  size_t count = in.count();
  std::string outer = in.item;
  values.clear();
  for (size_t i = 0; i < count; ++i) {
    in.item = outer + (outer.empty() ? "" : ", ") + what + " " + std::to_string(i);
    values.emplace_back();
    element(values.back());
  }
  in.item = outer;
}
template <class Archive, class Vector>
void transferNumbers(Archive &archive, Vector &values, const char *what) {
  transferVector(archive, values, what, [&](auto &value) { archive(value); });
}

template <class Archive, class Program> void transferCore(Archive &archive, Program &program) {
  archive(program.dramBytes);
  transferNumbers(archive, program.counterStream, "counter");
}

/// What the streams use of libraries, by opcode: mnemonic, library, signature. The reader keeps nothing of
/// it: an instruction that is not registered, or is another one, is an error.
void transferExternals(ByteWriter &, const Program &);
void transferExternals(ByteReader &, Program &);

template <class Archive, class Program> void transferStreams(Archive &archive, Program &program) {
  transferVector(archive, program.streams, "stream", [&](auto &stream) {
    archive(stream.kind);
    archive(stream.index);
    transferVector(archive, stream.instructions, "instruction",
                   [&](auto &instruction) { transferInstruction(archive, instruction); });
  });
}

/// Locations as runs: (location, number of instructions).
void transferDebug(ByteWriter &, const Program &);
void transferDebug(ByteReader &, Program &);

/// Whether there is a value, then the value.
template <class Archive, class Optional> void transferOptional(Archive &archive, Optional &value) {
  bool isThere = value.has_value();
  archive(isThere);
  if constexpr (Archive::kReading) {
    if (isThere)
      archive(value.emplace());
  } else if (isThere) {
    archive(*value);
  }
}

template <class Archive, class Program> void transferTensors(Archive &archive, Program &program) {
  transferVector(archive, program.tensors, "tensor", [&](auto &tensor) {
    archive(tensor.name);
    archive(tensor.role);
    archive(tensor.type);
    archive(tensor.shape);
    archive(tensor.stride);
    archive(tensor.address);
    transferNumbers(archive, tensor.hostShape, "host dimension");
    transferNumbers(archive, tensor.hostPermutation, "host permutation");
    transferOptional(archive, tensor.alias);
    transferOptional(archive, tensor.parameter);
    archive(tensor.observable);
    archive(tensor.completeCounter);
    archive(tensor.completeValue);
    archive(tensor.readableCounter);
    archive(tensor.readableUntil);
  });
}

template <class Archive, class Program> void transferLocations(Archive &archive, Program &program) {
  transferVector(archive, program.locations, "location", [&](auto &location) {
    archive(location.layer);
    archive(location.phase);
    archive(location.op);
  });
}

template <class Archive, class Requirements>
void transferRequirementList(Archive &archive, Requirements &requirements) {
  transferVector(archive, requirements, "requirement", [&](auto &requirement) {
    archive(requirement.key);
    bool atLeast = requirement.relation == Requirement::AtLeast;
    archive(atLeast);
    if constexpr (Archive::kReading)
      requirement.relation = atLeast ? Requirement::AtLeast : Requirement::Equal;
    archive(requirement.value);
  });
}

template <class Archive, class Program> void transferRequirements(Archive &archive, Program &program) {
  transferRequirementList(archive, program.requirements);
}

template <class Archive, class Program> void transferPlacements(Archive &archive, Program &program) {
  transferVector(archive, program.placements, "placement", [&](auto &placement) {
    archive(placement.memory);
    archive(placement.unit);
    archive(placement.buffer);
    archive(placement.begin);
    archive(placement.end);
    archive(placement.slots);
    archive(placement.layer);
  });
}

template <class Archive, class Program> void transferFiles(Archive &archive, Program &program) {
  transferVector(archive, program.files, "file", [&](auto &file) {
    archive(file.name);
    archive(file.bytes);
    archive(file.sha256);
  });
}

/// Its kind, then what it holds.
void transferInitialValue(ByteWriter &, const InitialValue &);
void transferInitialValue(ByteReader &, InitialValue &);

template <class Archive, class Program> void transferInitials(Archive &archive, Program &program) {
  transferVector(archive, program.initials, "initial value", [&](auto &initial) {
    archive(initial.tensor);
    transferInitialValue(archive, initial.value);
  });
}

template <class Archive, class Program> void transferModule(Archive &archive, Program &program) {
  archive(program.nnModule);
}

template <class Archive, class Program> void transferOptions(Archive &archive, Program &program) {
  if constexpr (Archive::kReading) {
    std::vector<std::string> keys;
    transferVector(archive, keys, "option", [&](std::string &key) {
      size_t start = archive.offset;
      archive(key);
      if (!program.options.empty() && key <= program.options.rbegin()->first)
        archive.failAt(start, "option '" + key + "' is out of order");
      archive(program.options[key]);
    });
  } else {
    archive.unsignedNumber(program.options.size());
    for (const auto &[key, value] : program.options) {
      archive(key);
      archive(value);
    }
  }
}

template <class Archive, class Program> void transferNotObservable(Archive &archive, Program &program) {
  transferNumbers(archive, program.notObservable, "name");
}

/// No bytes if there is none.
template <class Archive, class Program> void transferVerdict(Archive &archive, Program &program) {
  if constexpr (Archive::kReading) {
    if (archive.left() == 0)
      return;
    program.verdict.emplace();
  } else if (!program.verdict) {
    return;
  }
  archive(program.verdict->verifierVersion);
  archive(program.verdict->hash);
  transferRequirementList(archive, program.verdict->capacities);
}

/// X(tag, function) for every section, in file order.
#define ARSIS_PROGRAM_SECTIONS(X)                                                                            \
  X("core", transferCore)                                                                                    \
  X("exts", transferExternals)                                                                               \
  X("strm", transferStreams)                                                                                 \
  X("debg", transferDebug)                                                                                   \
  X("tens", transferTensors)                                                                                 \
  X("locn", transferLocations)                                                                               \
  X("reqs", transferRequirements)                                                                            \
  X("plac", transferPlacements)                                                                              \
  X("file", transferFiles)                                                                                   \
  X("init", transferInitials)                                                                                \
  X("nnmd", transferModule)                                                                                  \
  X("opts", transferOptions)                                                                                 \
  X("nobs", transferNotObservable)                                                                           \
  X("vrdt", transferVerdict)

constexpr const char *kSectionTags[] = {
#define ARSIS_X(TAG, FUNCTION) TAG,
    ARSIS_PROGRAM_SECTIONS(ARSIS_X)
#undef ARSIS_X
};
constexpr size_t kSectionCount = std::size(kSectionTags);

} // namespace arsis::isa
