// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A program as the machine sees it: streams of instructions and the tables they refer to. This is the
// contract between the compiler, which makes it, and the simulator, the verifier and the assembler, which
// read it. The instruction structs come from isa.td; each has `kOpcode`, `kMnemonic` and
// `visitFields(visitor)`, which calls visitor(name, field) for every field in encoding order. Field types are
// those of Fields.h, fixed-width integers, float, enumerations, and std::array of these.
#pragma once

#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/Encoding/ExternalBody.h"
#include "dialects/Isa/Encoding/Fields.h"
#include "dialects/Isa/Encoding/Sha256.h"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dialects/Isa/Encoding/Instructions.h.inc"

namespace arsis::isa {

/// One instruction of a stream. Only the first `waitCount` waits count.
struct Instruction {
  std::array<Wait, kMaxWaits> waits;
  uint8_t waitCount = 0;
  std::optional<uint8_t> increment; // counter that rises by one when the instruction completes
  uint32_t location = 0;            // into Program::locations; not part of the fetched bytes
  Body body;
};
bool operator==(const Instruction &, const Instruction &);
inline bool operator!=(const Instruction &a, const Instruction &b) { return !(a == b); }

const InstructionInfo &infoOf(const External &);
/// Mnemonic, opcode and streams of a body.
inline const InstructionInfo &infoOf(const Body &body) {
  return body.index() < std::size(kInstructionInfo) ? kInstructionInfo[body.index()]
                                                    : infoOf(*std::get_if<External>(&body));
}
/// The same by opcode; null if no instruction has it.
const InstructionInfo *findInfo(Opcode);
inline Opcode opcodeOf(const Instruction &instruction) { return infoOf(instruction.body).opcode; }
/// The type of an operand of the array, if the instruction has one.
inline std::optional<ElementType> multipliedType(const Body &body) {
  if (const auto *load = std::get_if<LoadWeights>(&body))
    return load->type;
  if (const auto *multiply = std::get_if<Multiply>(&body))
    return multiply->type;
  return std::nullopt;
}

/// A body with default fields, or nothing if no instruction has this opcode, one from outside included.
std::optional<Body> makeBody(Opcode);
std::optional<Body> makeBody(std::string_view mnemonic);

/// An in-order stream. It ends after its last instruction.
struct Stream {
  StreamKind kind = StreamKind::Load;
  uint8_t index = 0;
  std::vector<Instruction> instructions;
};

/// A tensor in DRAM. Shapes of lower rank are padded with leading ones to four dimensions. Its elements lie
/// apart: ordered by stride, each dimension steps over all that the ones inside it span.
struct Tensor {
  std::string name;
  TensorRole role = TensorRole::Temporary;
  ElementType type = ElementType::F32;
  std::array<int64_t, 4> shape = {1, 1, 1, 1};
  std::array<int64_t, 4> stride = {1, 1, 1, 1}; // elements
  uint64_t address = 0;                         // bytes in DRAM
  std::vector<int64_t> hostShape;               // in the host's layout; empty: none recorded
  std::vector<int64_t>
      hostPermutation; // host dimension i is chip dimension hostPermutation[i] of rank hostShape.size()
  std::optional<TensorIndex>
      alias; // earlier entry, no alias itself, whose bytes, or some of them, this one shapes otherwise
  std::optional<TensorIndex>
      parameter;               // earlier entry, the parameter whose gradient or optimizer's slot this is
  bool observable = false;     // the host may read it after a step
  uint8_t completeCounter = 0; // its contents are complete once this counter has reached
  uint32_t completeValue = 0;  //   this value; 0: from launch
  uint8_t readableCounter = 0; // and may be read until this counter has reached
  uint32_t readableUntil = 0;  //   this value; 0: to the end
};

/// Whether the tensor waits for no counter: what it holds was there before the step. Of role Gradient:
/// another program computes it, or the host.
inline bool isCompleteAtLaunch(const Tensor &tensor) { return tensor.completeValue == 0; }

/// Where an instruction comes from. Phases: fwd, loss, bwd-input, bwd-weight, update.
struct Location {
  std::string layer, phase, op;
};

/// What the program asks of a chip, in the chip description's own keys.
struct Requirement {
  enum Relation : uint8_t { Equal, AtLeast };
  std::string key;
  Relation relation = Equal;
  int64_t value = 0;
};

/// One line of the memory plan; rows in an accumulator, bytes elsewhere.
struct Placement {
  Memory memory = Memory::Spm;
  uint8_t unit = 0; // the matrix unit whose accumulator it is; 0 for other memories
  std::string buffer;
  uint64_t begin = 0, end = 0;
  uint32_t slots = 1;
  std::string layer;
};
/// "spm", "acc0", "acc1", ..., "dram": how people and the assembly name where a buffer lies.
std::string memoryName(const Placement &);

/// A file beside the program that initial values are read from. Which of its bytes they are, the initial
/// values say: its format is nobody's business here.
struct InitialFile {
  std::string name; // relative to the program's folder
  uint64_t bytes = 0;
  Sha256Digest sha256{};
};
/// Every element of the tensor has these bits; those beyond an element's size are zero.
struct Splat {
  uint32_t bits = 0;
};
/// The elements lie in a file, from byte `offset` on.
struct FileRange {
  uint16_t file = 0; // into Program::files
  uint64_t offset = 0;
};
/// The elements in chip layout, row-major and without gaps whatever the strides of the tensor: here, as one
/// element, or in a file. Equal values are equal: elements that have all the same bits are a splat (see
/// initialValue).
using InitialValue = std::variant<std::vector<uint8_t>, Splat, FileRange>;

/// What a tensor holds before the first step.
struct Initial {
  uint16_t tensor = 0;
  InitialValue value;
};

/// What the verifier found out about a program: that it accepted what `hash` covers, on every chip that
/// offers the capacities.
struct Verdict {
  uint32_t verifierVersion = 0;
  uint64_t hash = 0; // see verdictHash
  std::vector<Requirement> capacities;
};

struct Program {
  std::vector<Stream> streams;
  std::vector<uint8_t>
      counterStream; // per counter: index into `streams` of the only stream that increments it
  std::vector<Tensor> tensors;
  std::vector<Location> locations;
  std::vector<Requirement> requirements;
  std::vector<Placement> placements;
  std::vector<InitialFile> files; // in the order in which initial values first name them, each named by one
  std::vector<Initial> initials;
  std::string folder;   // where names of files start, empty: the current folder; no part of the program
  std::string nnModule; // the mapped nn module as text; the machine ignores it
  std::map<std::string, std::string>
      options; // compile options, chip name, chip values the mapping relied on as "chip.<key>"
  std::vector<std::string> notObservable; // what fusion removed
  uint64_t dramBytes = 0;                 // bytes of DRAM that the tensors occupy
  std::optional<Verdict> verdict;         // of whoever made the program; says nothing that equality compares
};

bool operator==(const Tensor &, const Tensor &);
inline bool operator==(Splat a, Splat b) { return a.bits == b.bits; }
inline bool operator==(FileRange a, FileRange b) { return a.file == b.file && a.offset == b.offset; }
bool operator==(const Stream &, const Stream &);
bool operator==(const Program &, const Program &);
inline bool operator!=(const Program &a, const Program &b) { return !(a == b); }

/// Over everything that decides a verdict: streams with their locations, counters, tensors, requirements, the
/// memory plan, and which tensors have initial values. Not their values, nor options, nor the nn module.
uint64_t verdictHash(const Program &);

/// Binary form. Decoding checks the structure (magic, version, schema, checksums, every read), not the
/// meaning: see validateProgram. Errors name the section and the offset in it.
std::vector<uint8_t> encodeProgram(const Program &);
Program decodeProgram(const uint8_t *data, size_t size);
/// Files, written as OutputFile does. Writing names the files of initial values from the program's new place.
/// Reading also validates; it reads no initial values from files: see InitialReader.
void writeProgramFile(const std::string &path, const Program &);
Program readProgramFile(const std::string &path);

/// Assembly text. `assemble` throws errors of the form `file:line:column: message`; it validates what it
/// read. The text names files of initial values as the program does.
std::string disassemble(const Program &);
Program assemble(std::string_view text, std::string_view filename);

/// Bytes that the front end fetches for one instruction (opcode, waits, increment, operands).
size_t encodedSize(const Instruction &);

/// A mistake of one instruction; `stream` and `instruction` are positions in the program.
class InstructionError : public Error {
public:
  InstructionError(size_t theStream, size_t theInstruction, const std::string &what)
      : Error(what), stream(theStream), instruction(theInstruction) {}
  size_t stream, instruction;
};

/// Static well-formedness: indices in range, loops balanced and at most 8 deep, loop terms refer to enclosing
/// loops, everything within Limits.h so that no value, volume or reach can overflow and every instruction
/// ends, instruction kinds fit their stream, a counter is incremented by its own stream only, tensors lie
/// within dramBytes, their elements apart, their host shape a permutation of their shape, initial values of
/// their size and in the only form that they have. Throws one Error,
/// an InstructionError that names stream and instruction where there is one. Says nothing of races and
/// deadlock.
void validateProgram(const Program &);

/// The same program without hardware loops: every instance written out, every operand constant. Throws Error
/// beyond kMostUnrolledInstances.
Program unrollLoops(const Program &);

/// A summary for people: sections, tensors, streams, instruction histogram, bytes.
std::string dumpProgram(const Program &);

/// "load 0", "matrix 1": how messages name a stream.
std::string streamName(const Stream &);

} // namespace arsis::isa
