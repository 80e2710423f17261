// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// From a program in memory to the isa dialect.
#include "compiler/Analysis/ElementTypes.h"
#include "compiler/Target/InstructionOps.h"
#include "compiler/Target/Translate.h"
#include "dialects/Isa/Encoding/Volume.h"
#include "dialects/NN/IR/Origin.h"

using namespace mlir;

namespace arsis::compiler {
namespace {

class Reader {
public:
  Reader(MLIRContext &context, const isa::Program &program) : builder(&context), program(program) {}

  OwningOpRef<ModuleOp> read() {
    OwningOpRef<ModuleOp> module = ModuleOp::create(builder.getUnknownLoc());
    builder.setInsertionPointToEnd(module->getBody());
    for (const isa::Location &location : program.locations)
      locations.push_back(locationOf(location));
    auto op = isair::ProgramOp::create(builder, builder.getUnknownLoc(), "program", program.dramBytes,
                                       counters(), requirements(), placements(), options(), notObservable(),
                                       builder.getStringAttr(program.nnModule), verdict());
    builder.createBlock(&op.getBody());
    for (size_t index = 0; index < program.tensors.size(); ++index)
      readTensor(index);
    for (const isa::Stream &stream : program.streams)
      readStream(stream);
    return module;
  }

private:
  Location locationOf(const isa::Location &location) {
    Location name = location.op.empty() ? Location(builder.getUnknownLoc())
                                        : Location(NameLoc::get(builder.getStringAttr(location.op)));
    return nn::makeOrigin(builder.getContext(), location.layer, location.phase, name);
  }

  ArrayAttr counters() {
    SmallVector<Attribute> result;
    for (uint8_t index : program.counterStream)
      result.push_back(isair::StreamIdAttr::get(builder.getContext(),
                                                static_cast<isair::StreamKind>(program.streams[index].kind),
                                                program.streams[index].index));
    return builder.getArrayAttr(result);
  }

  ArrayAttr requirements() {
    auto result = llvm::to_vector_of<Attribute>(toAttributes(*builder.getContext(), program.requirements));
    return builder.getArrayAttr(result);
  }

  isair::VerdictAttr verdict() {
    return program.verdict ? toAttribute(*builder.getContext(), *program.verdict) : isair::VerdictAttr();
  }

  ArrayAttr placements() {
    SmallVector<Attribute> result;
    for (const isa::Placement &p : program.placements)
      result.push_back(isair::PlacementAttr::get(builder.getContext(), static_cast<isair::Memory>(p.memory),
                                                 p.unit, p.buffer, p.begin, p.end, p.slots, p.layer));
    return builder.getArrayAttr(result);
  }

  DictionaryAttr options() {
    NamedAttrList result;
    for (const auto &[key, value] : program.options)
      result.set(key, builder.getStringAttr(value));
    return result.getDictionary(builder.getContext());
  }

  ArrayAttr notObservable() {
    SmallVector<StringRef> names(program.notObservable.begin(), program.notObservable.end());
    return builder.getStrArrayAttr(names);
  }

  void readTensor(size_t index) {
    const isa::Tensor &tensor = program.tensors[index];
    names.push_back(tensor.name);
    FlatSymbolRefAttr alias;
    if (tensor.alias)
      alias = FlatSymbolRefAttr::get(builder.getContext(), program.tensors[*tensor.alias].name);
    FlatSymbolRefAttr parameter;
    if (tensor.parameter)
      parameter = FlatSymbolRefAttr::get(builder.getContext(), program.tensors[*tensor.parameter].name);
    Attribute initial;
    for (const isa::Initial &value : program.initials)
      if (value.tensor == index)
        initial = initialOf(tensor, value.value);
    isair::TensorOp::create(
        builder, builder.getUnknownLoc(), tensor.name, static_cast<isair::TensorRole>(tensor.role),
        static_cast<isair::ElementType>(tensor.type), tensor.shape, tensor.stride, tensor.address,
        tensor.hostShape, tensor.hostPermutation, alias, parameter, tensor.observable, tensor.completeCounter,
        tensor.completeValue, tensor.readableCounter, tensor.readableUntil, initial);
  }

  Attribute initialOf(const isa::Tensor &tensor, const isa::InitialValue &value) {
    if (auto *range = std::get_if<isa::FileRange>(&value)) {
      const isa::InitialFile &file = program.files[range->file];
      return isair::FileRangeAttr::get(builder.getContext(), file.name, file.bytes, toHex(file.sha256),
                                       range->offset);
    }
    auto elements = [](int64_t count, Type type, const void *raw, size_t size) {
      return DenseElementsAttr::getFromRawBuffer(RankedTensorType::get({count}, type),
                                                 ArrayRef(static_cast<const char *>(raw), size));
    };
    if (auto *splat = std::get_if<isa::Splat>(&value))
      return elements(isa::volume(tensor.shape), elementType(tensor.type), &splat->bits,
                      numerics::sizeInBytes(tensor.type));
    auto &bytes = std::get<std::vector<uint8_t>>(value);
    return elements(bytes.size(), builder.getI8Type(), bytes.data(), bytes.size());
  }

  Type elementType(isa::ElementType type) { return toMlirType(builder.getContext(), type); }

  void readStream(const isa::Stream &stream) {
    auto op = isair::StreamOp::create(builder, builder.getUnknownLoc(),
                                      static_cast<isair::StreamKind>(stream.kind), stream.index);
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&op.getBody());
    for (const isa::Instruction &instruction : stream.instructions) {
      Location location = instruction.location < locations.size() ? locations[instruction.location]
                                                                  : Location(builder.getUnknownLoc());
      if (auto *begin = std::get_if<isa::Loop>(&instruction.body)) {
        auto loop = isair::LoopOp::create(builder, location, begin->count);
        builder.createBlock(&loop.getBody());
      } else if (std::holds_alternative<isa::EndLoop>(instruction.body)) {
        builder.setInsertionPointAfter(builder.getInsertionBlock()->getParentOp());
      } else {
        createInstructionOp(builder, location, instruction, names);
      }
    }
  }

  OpBuilder builder;
  const isa::Program &program;
  SmallVector<Location> locations;
  SmallVector<std::string> names;
};

} // namespace

SmallVector<isair::RequirementAttr> toAttributes(MLIRContext &context,
                                                 ArrayRef<isa::Requirement> requirements) {
  return llvm::map_to_vector(requirements, [&](const isa::Requirement &requirement) {
    return isair::RequirementAttr::get(&context, requirement.key,
                                       static_cast<isair::Relation>(requirement.relation), requirement.value);
  });
}

isair::VerdictAttr toAttribute(MLIRContext &context, const isa::Verdict &verdict) {
  return isair::VerdictAttr::get(&context, verdict.verifierVersion, verdict.hash,
                                 toAttributes(context, verdict.capacities));
}

OwningOpRef<ModuleOp> translateFromProgram(MLIRContext &context, const isa::Program &program) {
  context.loadDialect<isair::IsaDialect>();
  return Reader(context, program).read();
}

} // namespace arsis::compiler
