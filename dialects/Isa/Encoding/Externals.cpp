// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The registry of instructions from outside, and the loader of the libraries that bring them.
#include "dialects/Isa/Encoding/Externals.h"

#include "dialects/Isa/Encoding/Bytes.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/Volume.h"

#include <boost/crc.hpp>
#include <dlfcn.h>

#include <algorithm>
#include <iomanip>
#include <set>
#include <sstream>

namespace arsis::isa {

const char *fieldName(const ExternalInstruction &instruction, size_t number) {
  return instruction.description.fields[number].name.c_str();
}

template <class T> static bool sameValue(const T &a, const T &b) { return same(a, b); }

bool sameFields(const std::vector<FieldValue> &a, const std::vector<FieldValue> &b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const FieldValue &x, const FieldValue &y) {
    return x.index() == y.index() &&
           std::visit(
               [&](const auto &value) {
                 return sameValue(value, std::get<std::decay_t<decltype(value)>>(y));
               },
               x);
  });
}

External makeExternal(const ExternalInstruction &instruction) {
  External external{&instruction, {}};
  for (const ExternalDescription::Field &field : instruction.description.fields)
    external.fields.push_back(field.initial);
  return external;
}

uint64_t signatureOf(const ExternalDescription &description) {
  ByteWriter covered;
  covered(description.opcode);
  covered(description.mnemonic);
  covered(uint8_t(description.stream));
  covered(uint32_t(description.revision));
  for (const ExternalDescription::Field &field : description.fields) {
    covered(field.name);
    covered(uint8_t(field.initial.index()));
  }
  // The polynomial of ECMA-182.
  boost::crc_optimal<64, 0x42f0e1eba9ea3693, ~uint64_t(0), ~uint64_t(0), true, true> crc;
  crc.process_bytes(covered.bytes.data(), covered.bytes.size());
  return crc.checksum();
}

// ---- The registry ----

static std::string hex(uint8_t opcode) {
  std::ostringstream text;
  text << "0x" << std::hex << unsigned(opcode);
  return text.str();
}

/// A word of the assembly that is no statement, and no letters that mean something else there.
static bool isWord(const std::string &text) {
  constexpr const char *kStatements[] = {"arsis",  "dram",     "requires",  "option",   "not_observable",
                                         "tensor", "location", "placement", "initial",  "counter",
                                         "stream", "module",   "after",     "increment"};
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; };
  return !text.empty() && text[0] >= 'a' && text[0] <= 'z' && std::all_of(text.begin(), text.end(), plain) &&
         std::find(std::begin(kStatements), std::end(kStatements), text) == std::end(kStatements);
}

static bool isFieldName(const std::string &text) {
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return std::isalnum(c) || c == '_'; });
}

void ExternalInstructions::add(std::unique_ptr<ExternalInstruction> instruction, const std::string &library) {
  const ExternalDescription &described = instruction->description;
  auto fail = [&](const std::string &what) {
    throw InputError("library " + library + ", instruction '" + described.mnemonic + "': " + what);
  };
  if (described.opcode < kFirstExternalOpcode)
    fail("opcode is " + hex(described.opcode) + ", expected " + hex(kFirstExternalOpcode) + " or more");
  if (!isWord(described.mnemonic))
    fail("expected a mnemonic of small letters, digits and '_' that is no statement of the assembly");
  if (described.stream != StreamKind::Vector)
    fail("stream is " + std::string(EnumTraits<StreamKind>::kNames[unsigned(described.stream)]) +
         ", expected vector, the only one that executes instructions from outside");
  std::set<std::string> names;
  for (const ExternalDescription::Field &field : described.fields)
    if (!isFieldName(field.name) || !names.insert(field.name).second)
      fail("field '" + field.name + "' has no name of its own of letters and digits");
  for (const InstructionInfo &info : kInstructionInfo)
    if (described.mnemonic == info.mnemonic)
      fail("the mnemonic is one of the instruction set's");
  if (const ExternalInstruction *other = find(described.mnemonic))
    fail("the mnemonic is taken by library " + other->library);
  if (const ExternalInstruction *other = find(described.opcode))
    fail("opcode " + hex(described.opcode) + " is taken by '" + other->description.mnemonic +
         "' of library " + other->library);
  instruction->library = library;
  std::unique_ptr<ExternalInstruction> &entry = table[described.opcode - kFirstExternalOpcode];
  entry = std::move(instruction);
  ++count;
}

const ExternalInstruction *ExternalInstructions::find(std::string_view mnemonic) const {
  if (count == 0)
    return nullptr;
  auto found = std::find_if(table.begin(), table.end(), [&](const auto &entry) {
    return entry && entry->description.mnemonic == mnemonic;
  });
  return found == table.end() ? nullptr : found->get();
}

ExternalInstructions &externalInstructions() {
  static ExternalInstructions instructions;
  return instructions;
}

// ---- Libraries ----

void loadPlugin(const std::string &path, const std::vector<Taker> &takers) {
  static std::set<void *> loaded;
  auto fail = [&](const std::string &what) { throw InputError("library " + path + ": " + what); };
  // A name without a slash would be looked for where libraries are installed.
  const std::string file = path.find('/') == std::string::npos ? "./" + path : path;
  void *handle = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    fail(std::string("cannot be loaded: ") + ::dlerror());
  if (loaded.count(handle))
    return;
  using Entry = const PluginDescription *();
  auto *entry = reinterpret_cast<Entry *>(::dlsym(handle, kPluginSymbol));
  if (!entry)
    fail(std::string("has no symbol '") + kPluginSymbol + "', expected a library that uses ARSIS_PLUGIN");
  const PluginDescription &plugin = *entry();
  if (plugin.interfaceNumber != kPluginInterface)
    fail("was made for interface " + std::to_string(plugin.interfaceNumber) + ", expected " +
         std::to_string(kPluginInterface) + ": build it with these sources");
  if (plugin.schemaHash != kSchemaHash)
    fail("was made for another instruction set, build it with these sources");
  if (std::string_view(plugin.compiler) != __VERSION__)
    fail(std::string("was made by compiler ") + plugin.compiler + ", expected " + __VERSION__);
  Brought brought;
  plugin.bring(brought);
  for (std::unique_ptr<ExternalInstruction> &instruction : brought.instructions)
    externalInstructions().add(std::move(instruction), plugin.name);
  for (Taker take : takers)
    take(brought, plugin.name);
  loaded.insert(handle);
}

// ---- Work ----

ExternalWork workOf(const External &external, const Evaluation &evaluation) {
  ExternalWork work = external.type->workOf(external, evaluation);
  auto fail = [&](const std::string &what) {
    throw ProgramError("instruction '" + external.type->description.mnemonic + "' of library " +
                       external.type->library + ": " + what);
  };
  auto check = [&](const ExternalOperand &operand) {
    for (const auto &sizes : {std::pair(operand.count.data(), 4), std::pair(operand.window.data(), 2)})
      for (int d = 0; d < sizes.second; ++d)
        if (sizes.first[d] < 0)
          fail(std::string(operand.name) + " has a count of " + std::to_string(sizes.first[d]) +
               ", expected 0 or more");
    if (unsigned(operand.type) >= numerics::kElementTypeCount)
      fail(std::string(operand.name) + " has an element type without meaning");
    if (const int64_t visits = visitsOf(operand); visits > kMostExternalVisits)
      fail(std::string(operand.name) + " has " + std::to_string(visits) + " elements, expected at most " +
           std::to_string(kMostExternalVisits));
  };
  check(work.result);
  for (const ExternalOperand &operand : work.operands)
    check(operand);
  if (work.result.window != std::array<int64_t, 2>{1, 1})
    fail("the result has a window, expected none");
  if (work.times < 1 || work.times > kMostExternalTimes)
    fail("an element costs " + std::to_string(work.times) + " times that of a function, expected 1 to " +
         std::to_string(kMostExternalTimes));
  if (unsigned(work.costsAs) >= numerics::kVectorFunctionCount)
    fail("an element costs as a function without meaning");
  return work;
}

int64_t elementsOf(const ExternalOperand &operand) { return volume(operand.count); }
int64_t visitsOf(const ExternalOperand &operand) {
  const int64_t elements = volume(operand.count), positions = volume(operand.window);
  return elements == 0 || positions == 0 ? 0 : saturatingProduct(elements, positions);
}
int64_t visitsOf(const ExternalWork &work) {
  int64_t most = work.operands.empty() ? visitsOf(work.result) : 0;
  for (const ExternalOperand &operand : work.operands)
    most = std::max(most, visitsOf(operand));
  return most;
}

bool isEmpty(const ExternalWork &work) {
  return visitsOf(work.result) == 0 ||
         std::any_of(work.operands.begin(), work.operands.end(),
                     [](const ExternalOperand &operand) { return visitsOf(operand) == 0; });
}

bool isResult(const ExternalOperand &operand, const ExternalWork &work) {
  const ExternalOperand &result = work.result;
  bool same = operand.address == result.address && operand.count == result.count &&
              volume(operand.window) == 1 &&
              numerics::sizeInBytes(operand.type) == numerics::sizeInBytes(result.type);
  for (size_t d = 0; d < 4; ++d)
    same &= operand.count[d] == 1 || operand.stride[d] == result.stride[d];
  return same;
}

} // namespace arsis::isa
