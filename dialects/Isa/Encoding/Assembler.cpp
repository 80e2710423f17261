// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Text to program. One method per statement; what follows `stream` belongs to it until the next statement
// that is not an instruction. Instructions are read generically from their fields.
#include "dialects/Isa/Encoding/Initials.h"
#include "dialects/Isa/Encoding/Operands.h"

#include <algorithm>

namespace arsis::isa {

namespace {

constexpr uint64_t kTextVersion = 1;

class Assembler {
public:
  Assembler(std::string_view text, std::string_view filename) : in(text, filename), file(filename) {}
  Program run();

private:
  using Statement = void (Assembler::*)();
  static const std::map<std::string_view, Statement> &statements();

  void header();
  void dram() { program.dramBytes = in.unsignedNumber("a number of bytes"); }
  void requirement();
  void option();
  void notObservable() { program.notObservable.push_back(in.name("a name")); }
  void tensor();
  void location();
  void placement();
  void initialFile();
  void initial();
  void counter();
  void stream();
  void module();

  void instruction();
  void fields(Body &body);
  void clauses(Instruction &instruction);
  void finish();

  uint8_t counterName();
  void memory(Placement &placement);
  std::pair<StreamKind, uint8_t> streamReference();
  std::vector<int64_t> numbers();
  std::vector<uint8_t> hexBytes();
  /// Takes `word` and the name after it.
  std::string named(const char *word, const char *what) {
    in.expect(word);
    return in.name(what);
  }
  template <class T> void read(T &value) { OperandParser(in, tensorIndex)(value); }

  Lexer in;
  std::string file;
  Program program;
  std::map<std::string, uint16_t> tensorIndex;
  struct CounterOwner {
    StreamKind kind;
    uint8_t index;
    size_t line;
  };
  std::vector<CounterOwner> counterOwners;
  std::vector<std::vector<size_t>> instructionLines;
  bool inStream = false;
};

const std::map<std::string_view, Assembler::Statement> &Assembler::statements() {
  static const std::map<std::string_view, Statement> table = {
      {"dram", &Assembler::dram},           {"requires", &Assembler::requirement},
      {"option", &Assembler::option},       {"not_observable", &Assembler::notObservable},
      {"tensor", &Assembler::tensor},       {"location", &Assembler::location},
      {"placement", &Assembler::placement}, {"file", &Assembler::initialFile},
      {"initial", &Assembler::initial},     {"counter", &Assembler::counter},
      {"stream", &Assembler::stream},       {"module", &Assembler::module},
  };
  return table;
}

Program Assembler::run() {
  if (!in.nextLine())
    in.failAtLine(1, 1, "found no statement, expected 'arsis 1'");
  header();
  while (in.nextLine()) {
    auto found = in.peek().kind == Token::Word ? statements().find(in.peek().text) : statements().end();
    if (found == statements().end()) {
      if (!inStream)
        in.unexpected("a statement");
      instruction();
    } else {
      inStream = false;
      in.take();
      (this->*found->second)();
    }
    in.expectEnd();
  }
  finish();
  program.folder = folderOf(file);
  return std::move(program);
}

void Assembler::header() {
  in.expect("arsis");
  size_t column = in.peek().column;
  uint64_t version = in.unsignedNumber("the version of the text");
  if (version != kTextVersion)
    in.failAt(column,
              "text version " + std::to_string(version) + ", expected " + std::to_string(kTextVersion));
  in.expectEnd();
}

// ---- Tables ----

void Assembler::requirement() {
  Requirement requirement;
  requirement.key = in.name("a key of the chip");
  if (in.accept(">="))
    requirement.relation = Requirement::AtLeast;
  else
    in.expect("==");
  requirement.value = in.signedNumber("a number");
  program.requirements.push_back(std::move(requirement));
}

void Assembler::option() {
  size_t column = in.peek().column;
  std::string key = in.name("the name of an option");
  if (!program.options.emplace(key, in.name("its value")).second)
    in.failAt(column, "option '" + key + "' is given twice");
}

std::vector<int64_t> Assembler::numbers() {
  std::vector<int64_t> values;
  in.expect("[");
  do
    values.push_back(in.signedNumber("a number"));
  while (in.accept(","));
  in.expect("]");
  return values;
}

uint8_t Assembler::counterName() {
  const Token &token = in.peek();
  if (token.kind != Token::Word || token.text.size() < 2 || token.text.size() > 4 || token.text[0] != 'c' ||
      !std::all_of(token.text.begin() + 1, token.text.end(), [](char c) { return c >= '0' && c <= '9'; }) ||
      std::stoi(token.text.substr(1)) > UINT8_MAX)
    in.unexpected("a counter, c0 to c255");
  return uint8_t(std::stoi(in.take().text.substr(1)));
}

void Assembler::tensor() {
  Tensor tensor;
  size_t column = in.peek().column;
  tensor.name = in.name("the name of a tensor");
  if (program.tensors.size() == UINT16_MAX)
    in.failAt(column, "too many tensors, expected at most 65535");
  if (!tensorIndex.emplace(tensor.name, uint16_t(program.tensors.size())).second)
    in.failAt(column, "tensor '" + tensor.name + "' is declared twice");
  read(tensor.role);
  read(tensor.type);
  read(tensor.shape);
  for (int d = 2; d >= 0; --d)
    tensor.stride[d] = int64_t(uint64_t(tensor.stride[d + 1]) * uint64_t(tensor.shape[d + 1]));
  if (in.accept("stride"))
    read(tensor.stride);
  in.expect("at");
  tensor.address = in.unsignedNumber("an address");
  if (in.accept("alias"))
    read(tensor.alias.emplace());
  if (in.accept("of"))
    read(tensor.parameter.emplace());
  if (in.accept("host"))
    tensor.hostShape = numbers();
  if (in.accept("permutation"))
    tensor.hostPermutation = numbers();
  tensor.observable = in.accept("observable");
  if (in.accept("complete")) {
    tensor.completeCounter = counterName();
    in.expect(">=");
    tensor.completeValue = uint32_t(in.unsignedNumber("a value", UINT32_MAX));
  }
  if (in.accept("readable")) {
    tensor.readableCounter = counterName();
    in.expect("<");
    tensor.readableUntil = uint32_t(in.unsignedNumber("a value", UINT32_MAX));
  }
  program.tensors.push_back(std::move(tensor));
}

void Assembler::location() {
  size_t column = in.peek().column;
  uint64_t number = in.unsignedNumber("the number of the location");
  if (number != program.locations.size())
    in.failAt(column, "location " + std::to_string(number) + ", expected " +
                          std::to_string(program.locations.size()));
  Location location;
  location.layer = named("layer", "a layer");
  location.phase = named("phase", "a phase");
  location.op = named("op", "an operation");
  program.locations.push_back(std::move(location));
}

void Assembler::memory(Placement &placement) {
  if (in.peek().text.rfind("acc", 0) != 0)
    return read(placement.memory);
  placement.memory = Memory::Acc;
  for (unsigned unit = 0; unit <= UINT8_MAX; ++unit) {
    placement.unit = uint8_t(unit);
    if (in.accept(memoryName(placement)))
      return;
  }
  in.unexpected("the accumulator of a matrix unit, acc0 to acc255");
}

void Assembler::placement() {
  Placement placement;
  memory(placement);
  placement.buffer = in.name("a buffer");
  placement.begin = in.unsignedNumber("its begin");
  placement.end = in.unsignedNumber("its end");
  in.expect("slots");
  placement.slots = uint32_t(in.unsignedNumber("the number of slots", UINT32_MAX));
  placement.layer = named("layer", "a layer");
  program.placements.push_back(std::move(placement));
}

void Assembler::initialFile() {
  size_t column = in.peek().column;
  uint64_t number = in.unsignedNumber("the number of the file");
  if (number != program.files.size())
    in.failAt(column,
              "file " + std::to_string(number) + ", expected " + std::to_string(program.files.size()));
  InitialFile named;
  named.name = in.name("the name of the file");
  in.expect("bytes");
  named.bytes = in.unsignedNumber("a number of bytes");
  column = in.peek().column;
  std::optional<Sha256Digest> digest = sha256OfHex(this->named("sha256", "a hash"));
  if (!digest)
    in.failAt(column, "found no sha256 of 64 lower case hexadecimal digits, expected one");
  named.sha256 = *digest;
  program.files.push_back(std::move(named));
}

void Assembler::initial() {
  TensorIndex tensor;
  read(tensor);
  InitialValue value;
  if (in.accept("splat")) {
    value = Splat{uint32_t(in.unsignedNumber("the bits of an element", UINT32_MAX))};
  } else if (in.accept("file")) {
    FileRange range;
    range.file = uint16_t(in.unsignedNumber("the number of a file", UINT16_MAX));
    in.expect("at");
    range.offset = in.unsignedNumber("a byte of the file");
    value = range;
  } else {
    in.expect("hex");
    in.expectEnd();
    value = initialValue(program.tensors[tensor], hexBytes());
  }
  program.initials.push_back({tensor, std::move(value)});
}

std::vector<uint8_t> Assembler::hexBytes() {
  std::vector<uint8_t> bytes;
  for (std::string line; in.nextVerbatim(line);) {
    if (line.size() % 2)
      in.failAt(1, "found an odd number of hexadecimal digits, expected two per byte");
    for (size_t i = 0; i < line.size(); i += 2) {
      int high = hexDigit(line[i]), low = hexDigit(line[i + 1]);
      if (high < 0 || low < 0)
        in.failAt(1, "found '" + line.substr(i, 2) + "', expected two lower case hexadecimal digits");
      bytes.push_back(uint8_t(high << 4 | low));
    }
  }
  return bytes;
}

void Assembler::module() {
  in.expectEnd();
  bool first = true;
  for (std::string line; in.nextVerbatim(line); first = false)
    program.nnModule += (first ? "" : "\n") + line;
}

// ---- Streams ----

std::pair<StreamKind, uint8_t> Assembler::streamReference() {
  StreamKind kind;
  read(kind);
  return {kind, uint8_t(in.unsignedNumber("the index of the stream", UINT8_MAX))};
}

void Assembler::counter() {
  size_t column = in.peek().column;
  if (counterName() != counterOwners.size())
    in.failAt(column, "counters are declared in order, expected c" + std::to_string(counterOwners.size()));
  auto [kind, index] = streamReference();
  counterOwners.push_back({kind, index, in.lineNumber()});
}

void Assembler::stream() {
  Stream stream;
  std::tie(stream.kind, stream.index) = streamReference();
  program.streams.push_back(std::move(stream));
  instructionLines.emplace_back();
  inStream = true;
}

void Assembler::instruction() {
  size_t column = in.peek().column;
  std::string mnemonic = in.name("a statement or an instruction");
  Instruction instruction;
  std::optional<Body> body = makeBody(mnemonic);
  if (!body)
    in.failAt(column,
              "'" + mnemonic + "' is neither a statement nor an instruction, nor one of a loaded library");
  instruction.body = std::move(*body);
  fields(instruction.body);
  clauses(instruction);
  program.streams.back().instructions.push_back(std::move(instruction));
  instructionLines.back().push_back(in.lineNumber());
}

void Assembler::fields(Body &body) {
  std::vector<std::string> missing;
  std::visit([&](auto &b) { b.visitFields([&](const char *name, auto &) { missing.push_back(name); }); },
             body);
  if (missing.size() == 1) { // the only field needs no name
    std::visit([&](auto &b) { b.visitFields([&](const char *, auto &field) { read(field); }); }, body);
    return;
  }
  for (bool first = true; !missing.empty(); first = false) {
    if (!first && !in.accept(","))
      in.unexpected("',' and field '" + missing.front() + "'");
    auto found =
        std::find_if(missing.begin(), missing.end(), [&](const std::string &name) { return in.at(name); });
    if (found == missing.end())
      in.unexpected("field '" + missing.front() + "'");
    std::string wanted = in.take().text;
    in.expect("=");
    missing.erase(found);
    std::visit(
        [&](auto &b) {
          b.visitFields([&](const char *name, auto &field) {
            if (wanted == name)
              read(field);
          });
        },
        body);
  }
}

void Assembler::clauses(Instruction &instruction) {
  if (in.accept("after")) {
    in.expect("(");
    do {
      if (instruction.waitCount == kMaxWaits)
        in.fail("found a third wait, expected at most 2: put it in a 'wait' before");
      Wait &wait = instruction.waits[instruction.waitCount++];
      wait.counter = counterName();
      in.expect(">=");
      read(wait.value);
    } while (in.accept(","));
    in.expect(")");
  }
  if (in.accept("increment")) {
    in.expect("(");
    instruction.increment = counterName();
    in.expect(")");
  }
  if (in.accept("@"))
    instruction.location = uint32_t(in.unsignedNumber("the number of a location", UINT32_MAX));
}

void Assembler::finish() {
  for (const CounterOwner &owner : counterOwners) {
    auto found = std::find_if(program.streams.begin(), program.streams.end(), [&](const Stream &stream) {
      return stream.kind == owner.kind && stream.index == owner.index;
    });
    if (found == program.streams.end() || found - program.streams.begin() > UINT8_MAX)
      in.failAtLine(owner.line, 1, "the counter belongs to a stream that does not exist");
    program.counterStream.push_back(uint8_t(found - program.streams.begin()));
  }
  try {
    validateProgram(program);
  } catch (const InstructionError &error) {
    in.failAtLine(instructionLines[error.stream][error.instruction], 1, error.what());
  } catch (const Error &error) {
    in.failAtLine(in.lineNumber(), 1, error.what());
  }
}

} // namespace

Program assemble(std::string_view text, std::string_view filename) { return Assembler(text, filename).run(); }

} // namespace arsis::isa
