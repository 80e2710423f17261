// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Program to text, such that assembling the text gives the same program to the bit.
#include "dialects/Isa/Encoding/Operands.h"

#include <iomanip>
#include <sstream>

namespace arsis::isa {

namespace {

constexpr size_t kHexBytesPerLine = 32;

class Disassembler {
public:
  explicit Disassembler(const Program &theProgram) : program(theProgram), print(out, theProgram) {}
  std::string run();

private:
  void tables();
  void tensor(const Tensor &tensor);
  void initial(const Initial &initial);
  void hexLines(const std::vector<uint8_t> &bytes);
  void stream(const Stream &stream);
  void instruction(const Instruction &instruction);
  void numbers(const char *word, const std::vector<int64_t> &values);
  void verbatim(std::string_view text);

  const Program &program;
  std::ostringstream out;
  OperandPrinter print;
};

std::string Disassembler::run() {
  out << "arsis 1\n";
  tables();
  for (const Stream &s : program.streams)
    stream(s);
  for (const Initial &i : program.initials)
    initial(i);
  if (!program.nnModule.empty()) {
    out << "\nmodule\n";
    verbatim(program.nnModule);
  }
  return out.str();
}

void Disassembler::tables() {
  out << "dram " << program.dramBytes << "\n";
  for (const Requirement &r : program.requirements)
    out << "requires " << quoteName(r.key) << (r.relation == Requirement::Equal ? " == " : " >= ") << r.value
        << "\n";
  for (const auto &[key, value] : program.options)
    out << "option " << quoteName(key) << " " << quoteName(value) << "\n";
  for (const std::string &name : program.notObservable)
    out << "not_observable " << quoteName(name) << "\n";
  for (const Tensor &t : program.tensors)
    tensor(t);
  for (size_t i = 0; i < program.locations.size(); ++i) {
    const Location &l = program.locations[i];
    out << "location " << i << " layer " << quoteName(l.layer) << " phase " << quoteName(l.phase) << " op "
        << quoteName(l.op) << "\n";
  }
  for (const Placement &p : program.placements)
    out << "placement " << memoryName(p) << " " << quoteName(p.buffer) << " " << p.begin << " " << p.end
        << " slots " << p.slots << " layer " << quoteName(p.layer) << "\n";
  for (size_t i = 0; i < program.files.size(); ++i) {
    const InitialFile &file = program.files[i];
    out << "file " << i << " " << quoteName(file.name) << " bytes " << file.bytes << " sha256 \""
        << toHex(file.sha256) << "\"\n";
  }
  for (size_t c = 0; c < program.counterStream.size(); ++c)
    out << "counter c" << c << " " << streamName(program.streams.at(program.counterStream[c])) << "\n";
}

void Disassembler::tensor(const Tensor &t) {
  out << "tensor " << quoteName(t.name) << " " << EnumTraits<TensorRole>::kNames[unsigned(t.role)] << " "
      << numerics::name(t.type) << " ";
  print(t.shape);
  std::array<int64_t, 4> dense = {1, 1, 1, 1};
  for (int d = 2; d >= 0; --d)
    dense[d] = int64_t(uint64_t(dense[d + 1]) * uint64_t(t.shape[d + 1]));
  if (t.stride != dense) {
    out << " stride ";
    print(t.stride);
  }
  out << " at " << t.address;
  if (t.alias) {
    out << " alias ";
    print(*t.alias);
  }
  if (t.parameter) {
    out << " of ";
    print(*t.parameter);
  }
  numbers(" host ", t.hostShape);
  numbers(" permutation ", t.hostPermutation);
  if (t.observable)
    out << " observable";
  if (t.completeCounter || t.completeValue)
    out << " complete c" << unsigned(t.completeCounter) << " >= " << t.completeValue;
  if (t.readableCounter || t.readableUntil)
    out << " readable c" << unsigned(t.readableCounter) << " < " << t.readableUntil;
  out << "\n";
}

void Disassembler::numbers(const char *word, const std::vector<int64_t> &values) {
  if (values.empty())
    return;
  out << word;
  for (size_t i = 0; i < values.size(); ++i)
    out << (i ? ", " : "[") << values[i];
  out << "]";
}

void Disassembler::verbatim(std::string_view text) {
  for (size_t start = 0;;) {
    size_t end = text.find('\n', start);
    out << "| " << text.substr(start, end - start) << "\n";
    if (end == std::string_view::npos)
      break;
    start = end + 1;
  }
}

void Disassembler::initial(const Initial &initial) {
  out << "\ninitial ";
  print(TensorIndex(initial.tensor));
  if (const auto *splat = std::get_if<Splat>(&initial.value)) {
    out << " splat 0x" << std::hex << std::setw(8) << std::setfill('0') << splat->bits << std::dec
        << std::setfill(' ') << "\n";
  } else if (const auto *range = std::get_if<FileRange>(&initial.value)) {
    out << " file " << range->file << " at " << range->offset << "\n";
  } else {
    out << " hex\n";
    hexLines(std::get<std::vector<uint8_t>>(initial.value));
  }
}

void Disassembler::hexLines(const std::vector<uint8_t> &bytes) {
  constexpr char kDigits[] = "0123456789abcdef";
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i % kHexBytesPerLine == 0)
      out << (i ? "\n| " : "| ");
    out << kDigits[bytes[i] >> 4] << kDigits[bytes[i] & 15];
  }
  if (!bytes.empty())
    out << "\n";
}

void Disassembler::stream(const Stream &stream) {
  out << "\nstream " << streamName(stream) << "\n";
  size_t depth = 1;
  for (const Instruction &i : stream.instructions) {
    if (std::holds_alternative<EndLoop>(i.body) && depth > 1)
      --depth;
    out << std::string(2 * depth, ' ');
    instruction(i);
    out << "\n";
    if (std::holds_alternative<Loop>(i.body))
      ++depth;
  }
}

void Disassembler::instruction(const Instruction &instruction) {
  out << infoOf(instruction.body).mnemonic;
  size_t count = 0, printed = 0;
  std::visit([&](auto &body) { body.visitFields([&](const char *, auto &) { ++count; }); }, instruction.body);
  std::visit(
      [&](auto &body) {
        body.visitFields([&](const char *name, auto &field) {
          out << (printed++ ? ", " : " ");
          if (count > 1)
            out << name << "=";
          print(field);
        });
      },
      instruction.body);
  for (unsigned i = 0; i < instruction.waitCount; ++i) {
    out << (i ? ", c" : " after(c") << unsigned(instruction.waits[i].counter) << " >= ";
    print(instruction.waits[i].value);
  }
  if (instruction.waitCount)
    out << ")";
  if (instruction.increment)
    out << " increment(c" << unsigned(*instruction.increment) << ")";
  if (instruction.location)
    out << " @" << instruction.location;
}

} // namespace

std::string disassemble(const Program &program) { return Disassembler(program).run(); }

} // namespace arsis::isa
