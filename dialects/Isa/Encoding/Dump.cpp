// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The summary of a program for people: what it holds and what its instructions cost to fetch.
#include "dialects/Isa/Encoding/Cursor.h"
#include "dialects/Isa/Encoding/Initials.h"
#include "dialects/Isa/Encoding/Sections.h"
#include "dialects/Isa/Encoding/Tables.h"

#include <iomanip>
#include <sstream>

namespace arsis::isa {

template <class T> static std::string join(const T &values) {
  std::string text;
  for (auto value : values)
    text += (text.empty() ? "" : "x") + std::to_string(value);
  return text;
}

static void dumpStream(std::ostream &out, const Stream &stream) {
  struct Count {
    uint64_t encoded = 0, bytes = 0, instances = 0, fetched = 0;
  };
  std::map<Opcode, Count> counts;
  Count total;
  std::vector<uint64_t> sizes;
  for (const Instruction &instruction : stream.instructions) {
    sizes.push_back(encodedSize(instruction));
    Count &count = counts[opcodeOf(instruction)];
    count.encoded += 1;
    count.bytes += sizes.back();
    total.encoded += 1;
    total.bytes += sizes.back();
  }
  std::vector<uint64_t> iterations{1};
  for (size_t position = 0; position < stream.instructions.size(); ++position) {
    const Body &body = stream.instructions[position].body;
    if (const Loop *loop = std::get_if<Loop>(&body)) {
      iterations.push_back(iterations.back() * loop->count);
    } else if (std::holds_alternative<EndLoop>(body)) {
      iterations.pop_back();
    } else {
      counts[infoOf(body).opcode].instances += iterations.back();
      total.instances += iterations.back();
    }
  }
  out << "  " << streamName(stream) << ": " << total.encoded << " instructions, " << total.bytes << " bytes, "
      << total.instances << " instances\n";
  for (const auto &[opcode, count] : counts)
    out << "    " << std::left << std::setw(14) << findInfo(opcode)->mnemonic << std::right << std::setw(8)
        << count.encoded << " encoded " << std::setw(10) << count.bytes << " bytes " << std::setw(14)
        << count.instances << " instances\n";
}

static void dumpInitials(std::ostream &out, const Program &program) {
  struct Kept {
    uint64_t tensors = 0, bytes = 0;
  };
  Kept here, splats;
  std::vector<Kept> files(program.files.size());
  for (const Initial &initial : program.initials) {
    const auto *range = std::get_if<FileRange>(&initial.value);
    Kept &kept = range ? files[range->file] : std::holds_alternative<Splat>(initial.value) ? splats : here;
    kept.tensors += 1;
    kept.bytes += elementBytes(program.tensors[initial.tensor]);
  }
  const auto line = [&](const Kept &kept, const std::string &where) {
    out << "  " << kept.tensors << " tensors, " << kept.bytes << " bytes, " << where << "\n";
  };
  out << "initial values\n";
  line(splats, "as one element each");
  line(here, "in the program");
  for (size_t f = 0; f < files.size(); ++f)
    line(files[f], "in " + program.files[f].name + " of " + std::to_string(program.files[f].bytes) +
                       " bytes, sha256 " + toHex(program.files[f].sha256));
}

std::string dumpProgram(const Program &program) {
  std::ostringstream out;
  const std::vector<uint8_t> file = encodeProgram(program);
  out << "format version " << kFormatVersion << ", instruction set 0x" << std::hex << kSchemaHash << std::dec
      << ", " << file.size() << " bytes\nsections\n";
  const char *const *tag = kSectionTags;
  for (const Section &section : splitSections(file.data(), file.size())) {
    out << "  " << *tag++ << std::setw(12) << section.size << " bytes";
    if (section.sizeInFile != section.size)
      out << ", packed into " << section.sizeInFile;
    out << "\n";
  }
  out << "requirements\n";
  for (const Requirement &r : program.requirements)
    out << "  " << r.key << (r.relation == Requirement::Equal ? " == " : " >= ") << r.value << "\n";
  out << "verdict\n";
  if (program.verdict) {
    out << "  accepted by version " << program.verdict->verifierVersion << " of the verifier"
        << (program.verdict->hash == verdictHash(program) ? "" : ", before the program was changed") << "\n";
    for (const Requirement &r : program.verdict->capacities)
      out << "  " << r.key << (r.relation == Requirement::Equal ? " == " : " >= ") << r.value << "\n";
  }
  out << "options\n";
  for (const auto &[key, value] : program.options)
    out << "  " << key << " = " << value << "\n";
  out << "streams\n";
  for (const Stream &stream : program.streams)
    dumpStream(out, stream);
  out << "counters\n";
  for (size_t c = 0; c < program.counterStream.size(); ++c)
    out << "  c" << c << " " << streamName(program.streams[program.counterStream[c]]) << "\n";
  out << "tensors, " << program.dramBytes << " bytes of DRAM\n";
  for (const Tensor &tensor : program.tensors)
    out << "  " << std::left << std::setw(32) << tensor.name << " " << std::setw(10)
        << EnumTraits<TensorRole>::kNames[unsigned(tensor.role)] << std::right << " " << join(tensor.shape)
        << " " << numerics::name(tensor.type) << " at " << tensor.address
        << (tensor.alias ? ", the bytes of " + program.tensors[*tensor.alias].name : "")
        << (tensor.observable ? ", observable" : "") << "\n";
  dumpInitials(out, program);
  out << "memory plan\n";
  for (const Placement &p : program.placements)
    out << "  " << memoryName(p) << " " << p.begin << ".." << p.end << " " << p.buffer << ", " << p.slots
        << " slots, " << p.layer << "\n";
  for (const std::string &name : program.notObservable)
    out << "not observable: " << name << "\n";
  return out.str();
}

} // namespace arsis::isa
