// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From the isa dialect to the program in memory.
#include "compiler/Target/InstructionOps.h"
#include "compiler/Target/Narrow.h"
#include "compiler/Target/Translate.h"
#include "dialects/Isa/Encoding/Initials.h"
#include "dialects/Isa/Encoding/Volume.h"
#include "dialects/NN/IR/Origin.h"
#include "dialects/Tile/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include <map>
#include <tuple>

using namespace mlir;

namespace arsis::compiler {
namespace {

// This enumeration is stated twice; all others come from isa.td.
static_assert(unsigned(isair::Relation::Equal) == isa::Requirement::Equal &&
              unsigned(isair::Relation::AtLeast) == isa::Requirement::AtLeast);

class Writer {
public:
  explicit Writer(isair::ProgramOp op) : op(op) {}

  LogicalResult write() {
    program.dramBytes = op.getDramBytes();
    for (auto tensor : op.getOps<isair::TensorOp>())
      if (failed(writeTensor(tensor)))
        return failure();
    for (auto stream : op.getOps<isair::StreamOp>()) {
      Narrow narrow(stream);
      program.streams.push_back({static_cast<isa::StreamKind>(stream.getKind()),
                                 narrow.to<uint8_t>(stream.getIndex(), "index"),
                                 {}});
      if (failed(narrow.result()) || failed(writeBlock(stream.getBody().front())))
        return failure();
    }
    Narrow narrow(op);
    for (auto id : op.getCounters().getAsRange<isair::StreamIdAttr>())
      program.counterStream.push_back(narrow.to<uint8_t>(streamIndex(id), "number of a counting stream"));
    if (failed(narrow.result()))
      return failure();
    return failure(failed(writeTables()) || failed(checkLocations()));
  }

  isa::Program program;

private:
  LogicalResult writeTensor(isair::TensorOp tensor) {
    isa::Tensor entry;
    entry.name = tensor.getSymName().str();
    entry.role = static_cast<isa::TensorRole>(tensor.getRole());
    entry.type = static_cast<isa::ElementType>(tensor.getType());
    llvm::copy(tensor.getShape(), entry.shape.begin());
    llvm::copy(tensor.getStride(), entry.stride.begin());
    entry.address = tensor.getAddress();
    llvm::append_range(entry.hostShape, tensor.getHostShape());
    llvm::append_range(entry.hostPermutation, tensor.getHostPermutation());
    if (std::optional<StringRef> root = tensor.getAlias()) {
      auto found = tensorIndex.find(*root);
      if (found == tensorIndex.end())
        return tensor.emitOpError() << "is another shape of \"" << *root
                                    << "\", which is not in the tensor table before it";
      entry.alias = found->second;
    }
    if (std::optional<StringRef> parameter = tensor.getParameter()) {
      auto found = tensorIndex.find(*parameter);
      if (found == tensorIndex.end())
        return tensor.emitOpError() << "belongs to \"" << *parameter
                                    << "\", which is not in the tensor table before it";
      entry.parameter = found->second;
    }
    entry.observable = tensor.getObservable();
    Narrow narrow(tensor);
    entry.completeCounter = narrow.to<uint8_t>(tensor.getCompleteCounter(), "complete_counter");
    entry.completeValue = narrow.to<uint32_t>(tensor.getCompleteValue(), "complete_value");
    entry.readableCounter = narrow.to<uint8_t>(tensor.getReadableCounter(), "readable_counter");
    entry.readableUntil = narrow.to<uint32_t>(tensor.getReadableUntil(), "readable_until");
    tensorIndex[entry.name] = narrow.to<uint16_t>(program.tensors.size(), "number in the tensor table");
    if (failed(narrow.result()))
      return failure();
    if (std::optional<Attribute> initial = tensor.getInitial()) {
      FailureOr<isa::InitialValue> value = initialOf(tensor, entry, *initial);
      if (failed(value))
        return failure();
      program.initials.push_back({static_cast<uint16_t>(program.tensors.size()), std::move(*value)});
    }
    program.tensors.push_back(entry);
    return success();
  }

  FailureOr<isa::InitialValue> initialOf(isair::TensorOp tensor, const isa::Tensor &entry,
                                         Attribute initial) {
    if (auto range = dyn_cast<isair::FileRangeAttr>(initial))
      return rangeOf(tensor, range);
    auto elements = cast<ElementsAttr>(initial);
    Type type = elements.getElementType();
    const unsigned width = type.isIntOrFloat() ? type.getIntOrFloatBitWidth() : 0;
    if (width == 0 || width % 8 != 0)
      return tensor.emitOpError() << "has an initial value of " << type
                                  << ", expected elements of whole bytes";
    const int64_t bytes = isa::saturatingProduct(elements.getNumElements(), width / 8);
    ArrayRef<char> raw;
    if (auto dense = dyn_cast<DenseElementsAttr>(elements)) {
      raw = dense.getRawData();
      if (dense.isSplat() && bytes == int64_t(isa::elementBytes(entry)))
        return splatOf(entry, raw);
    } else if (auto resource = dyn_cast<DenseResourceElementsAttr>(elements)) {
      AsmResourceBlob *blob = resource.getRawHandle().getBlob();
      if (!blob)
        return tensor.emitOpError() << "has an initial value whose bytes are missing: "
                                    << resource.getRawHandle().getKey();
      raw = blob->getData();
    } else {
      return tensor.emitOpError("has an initial value that is neither dense nor a dense_resource");
    }
    if (raw.size() != isa::elementBytes(entry) || int64_t(raw.size()) != bytes)
      return tensor.emitOpError() << "has an initial value of " << bytes << " bytes, expected "
                                  << isa::elementBytes(entry);
    auto *begin = reinterpret_cast<const uint8_t *>(raw.data());
    return isa::initialValue(entry, std::vector<uint8_t>(begin, begin + raw.size()));
  }

  /// `raw` over and over: in one element of the tensor, unless the elements of the attribute are wider.
  static isa::InitialValue splatOf(const isa::Tensor &entry, ArrayRef<char> raw) {
    const size_t all = isa::elementBytes(entry);
    isa::Tensor first = entry; // as many of its elements as `raw` gives at a time
    first.shape = {1, 1, 1, std::max<int64_t>(1, int64_t(raw.size()) / numerics::sizeInBytes(entry.type))};
    std::vector<uint8_t> bytes;
    auto repeat = [&](size_t size) {
      while (bytes.size() < size)
        bytes.insert(bytes.end(), raw.begin(), raw.end());
    };
    repeat(isa::elementBytes(first));
    isa::InitialValue value = isa::initialValue(first, bytes);
    if (std::holds_alternative<isa::Splat>(value))
      return value;
    repeat(all);
    return bytes;
  }

  FailureOr<isa::InitialValue> rangeOf(isair::TensorOp tensor, isair::FileRangeAttr range) {
    std::optional<Sha256Digest> digest = sha256OfHex(range.getSha256());
    if (!digest)
      return tensor.emitOpError() << "has an initial value in a file of sha256 \"" << range.getSha256()
                                  << "\", expected 64 lower case hexadecimal digits";
    isa::InitialFile file{range.getName().str(), range.getBytes(), *digest};
    auto same = [&](const isa::InitialFile &other) {
      return other.name == file.name && other.bytes == file.bytes && other.sha256 == file.sha256;
    };
    auto found = llvm::find_if(program.files, same);
    Narrow narrow(tensor);
    const auto index = narrow.to<uint16_t>(found - program.files.begin(), "number of the file");
    if (found == program.files.end())
      program.files.push_back(std::move(file));
    if (failed(narrow.result()))
      return failure();
    return isa::InitialValue(isa::FileRange{index, range.getOffset()});
  }

  LogicalResult writeBlock(Block &block) {
    auto &instructions = program.streams.back().instructions;
    for (Operation &inner : block) {
      if (auto loop = dyn_cast<isair::LoopOp>(inner)) {
        isa::Loop begin;
        Narrow narrow(loop);
        begin.count = narrow.to<uint32_t>(loop.getCount(), "count");
        if (failed(narrow.result()))
          return failure();
        append(begin, inner.getLoc());
        if (failed(writeBlock(loop.getBody().front())))
          return failure();
        append(isa::EndLoop(), inner.getLoc());
        continue;
      }
      FailureOr<isa::Instruction> instruction = readInstructionOp(&inner, tensorIndex);
      if (failed(instruction))
        return failure();
      instruction->location = locationIndex(inner.getLoc());
      instructions.push_back(std::move(*instruction));
    }
    return success();
  }

  void append(isa::Body body, Location location) {
    isa::Instruction instruction;
    instruction.body = std::move(body);
    instruction.location = locationIndex(location);
    program.streams.back().instructions.push_back(std::move(instruction));
  }

  uint32_t locationIndex(Location location) {
    auto [known, isNew] = locations.try_emplace(location, 0);
    if (!isNew)
      return known->second;
    auto [layer, phase] = nn::getOrigin(location);
    std::tuple<std::string, std::string, std::string> key{layer.str(), phase.str(),
                                                          tile::opNameOf(location).str()};
    auto [entry, added] = origins.try_emplace(key, program.locations.size());
    if (added)
      program.locations.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key)});
    return known->second = entry->second;
  }

  size_t streamIndex(isair::StreamIdAttr id) {
    for (auto [index, stream] : llvm::enumerate(program.streams))
      if (stream.kind == static_cast<isa::StreamKind>(id.getKind()) && stream.index == id.getIndex())
        return index;
    llvm_unreachable("the program's verifier has found every counter's stream");
  }

  /// Text that was printed without locations has lost what the memory plan's layers refer to.
  LogicalResult checkLocations() {
    auto hasLayer = [](const auto &entry) { return !entry.layer.empty(); };
    if (llvm::any_of(program.placements, hasLayer) && llvm::none_of(program.locations, hasLayer))
      return op.emitOpError("has a memory plan by layers, but no instruction has a layer in its location; "
                            "print the module with --mlir-print-debuginfo");
    return success();
  }

  LogicalResult writeTables() {
    Narrow narrow(op);
    auto toRequirement = [](isair::RequirementAttr requirement) {
      return isa::Requirement{requirement.getKey().str(),
                              static_cast<isa::Requirement::Relation>(requirement.getRelation()),
                              requirement.getValue()};
    };
    for (auto requirement : op.getRequirements().getAsRange<isair::RequirementAttr>())
      program.requirements.push_back(toRequirement(requirement));
    if (std::optional<isair::VerdictAttr> verdict = op.getVerdict()) {
      program.verdict = isa::Verdict{verdict->getVersion(), verdict->getHash(), {}};
      for (isair::RequirementAttr capacity : verdict->getCapacities())
        program.verdict->capacities.push_back(toRequirement(capacity));
    }
    for (auto placement : op.getPlacements().getAsRange<isair::PlacementAttr>())
      program.placements.push_back({static_cast<isa::Memory>(placement.getMemory()),
                                    narrow.to<uint8_t>(placement.getUnit(), "the unit of a placement"),
                                    placement.getBuffer().str(), placement.getBegin(), placement.getEnd(),
                                    placement.getSlots(), placement.getLayer().str()});
    for (NamedAttribute option : op.getOptions()) {
      auto text = dyn_cast<StringAttr>(option.getValue());
      if (!text)
        return op.emitOpError() << "has option " << option.getName() << " = " << option.getValue()
                                << ", expected a string";
      program.options[option.getName().str()] = text.str();
    }
    for (auto name : op.getNotObservable().getAsRange<StringAttr>())
      program.notObservable.push_back(name.str());
    program.nnModule = op.getNnModule().str();
    return narrow.result();
  }

  isair::ProgramOp op;
  llvm::StringMap<uint16_t> tensorIndex;
  llvm::DenseMap<Location, uint32_t> locations;
  std::map<std::tuple<std::string, std::string, std::string>, uint32_t> origins;
};

} // namespace

FailureOr<isa::Program> translateToProgram(ModuleOp module) {
  auto programs = module.getOps<isair::ProgramOp>();
  if (std::distance(programs.begin(), programs.end()) != 1)
    return module.emitError() << "expected one isa.program, found "
                              << std::distance(programs.begin(), programs.end());
  Writer writer(*programs.begin());
  if (failed(writer.write()))
    return failure();
  return std::move(writer.program);
}

} // namespace arsis::compiler
