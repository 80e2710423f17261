// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The comparison, and that what was priced is what is allocated; see TileTesting.h.
#include "tests/compiler/Conversion/NNToTile/TileTesting.h"

#include "arch_configs/reader/Options.h"
#include "compiler/Conversion/NNToTile/NNToTile.h"
#include "compiler/Transforms/Map/Map.h"
#include "compiler/Transforms/Map/Units.h"
#include "dialects/Tile/IR/Builders.h"
#include "runtime/Interpreter/Interpreter.h"
#include "tests/compiler/Conversion/NNToTile/TileInterpreter.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Verifier.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <random>

using namespace mlir;

namespace arsis::testing {

chip::Chip chipWith(const ArraySize &size) {
  return chip::Chip::load("tiny")
      .withOverride("matrix.rows", std::to_string(size.rows))
      .withOverride("matrix.cols", std::to_string(size.cols))
      .withOverride("matrix.units", std::to_string(size.units))
      .withOverride("matrix.accumulator_rows", std::to_string(size.accumulatorRows))
      .withOverride("scratchpad.kib", std::to_string(size.scratchpadKib));
}

namespace {

/// Random values of few mantissa bits and mixed exponents, so that rounding and order show; labels below
/// `classes`.
ref::HostTensor randomTensor(RankedTensorType type, std::mt19937 &random, int64_t classes) {
  ref::Shape shape(type.getShape().begin(), type.getShape().end());
  if (type.getElementType().isInteger(32)) {
    std::vector<int32_t> values(type.getNumElements());
    for (int32_t &value : values)
      value = random() % classes;
    return ref::HostTensor::of(shape, values);
  }
  std::vector<float> values(type.getNumElements());
  for (float &value : values)
    value = (float(random() % 2001) - 1000.0f) / 700.0f;
  return ref::HostTensor::of(shape, values);
}

Words wordsOf(const ref::HostTensor &tensor) {
  Words words(tensor.size());
  std::memcpy(words.data(), tensor.data(), tensor.byteSize());
  return words;
}

std::string difference(const std::string &name, const Words &found, const Words &expected) {
  if (found.size() != expected.size())
    return name + " has another size";
  for (size_t i = 0; i < found.size(); ++i)
    if (found[i] != expected[i])
      return name + "[" + std::to_string(i) + "] has bits " + std::to_string(found[i]) + ", the oracle has " +
             std::to_string(expected[i]);
  return "";
}

/// Bytes of the scratchpad and rows of one unit's accumulator.
struct Memories {
  int64_t bytes = 0, rows = 0;
};
using MemoriesOfOps = llvm::MapVector<Attribute, Memories>; // by location

MemoriesOfOps pricedMemories(func::FuncOp function, const schedule::ChipLimits &limits) {
  MemoriesOfOps priced;
  for (auto op :
       function.getBody().front().getOps<nn::ScheduledOpInterface>()) { // not those inside of a unit
    std::unique_ptr<schedule::Space> space = compiler::spaceOf(op, limits);
    if (!space) // it moves nothing
      continue;
    schedule::Evaluation evaluation = space->evaluate(*compiler::readChoice(op, *space));
    for (const schedule::Buffer &buffer : evaluation.buffers) {
      Memories &memories = priced[tile::locationOf(op)];
      (buffer.accumulator ? memories.rows : memories.bytes) += buffer.size();
    }
  }
  return priced;
}

/// Empty if every operation allocates what its mapping was priced with.
std::string differenceOfMemories(const MemoriesOfOps &priced, tile::ProgramOp program) {
  llvm::DenseMap<Attribute, Memories> allocated;
  program.walk([&](tile::AllocOp alloc) {
    Memories &memories = allocated[alloc.getLoc()];
    if (!alloc.isAccumulator())
      memories.bytes +=
          schedule::roundUp(alloc.getSlotSize(), schedule::kBufferAlignment) * int64_t(alloc.getSlots());
    else if (alloc.getUnit() == 0) // all units have the same
      memories.rows += alloc.getSlotSize() * int64_t(alloc.getSlots());
  });
  std::string text;
  llvm::raw_string_ostream stream(text);
  for (const auto &[location, memories] : priced)
    if (Memories found = allocated.lookup(location);
        found.bytes != memories.bytes || found.rows != memories.rows)
      stream << location << " allocates " << found.bytes << " bytes and " << found.rows
             << " rows, priced were " << memories.bytes << " and " << memories.rows << "\n";
  return text;
}

} // namespace

std::string compareWithOracle(const std::string &text, const chip::Chip &chip, const std::string &mapping) {
  MLIRContext context;
  context.disableMultithreading();
  context.loadDialect<nn::NNDialect, func::FuncDialect, tile::TileDialect, scf::SCFDialect,
                      arith::ArithDialect>();
  std::string errors;
  ScopedDiagnosticHandler handler(&context,
                                  [&](Diagnostic &diagnostic) { errors += diagnostic.str() + "\n"; });
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(text, &context);
  if (!module)
    return "does not parse: " + errors;
  PassManager map(&context);
  const auto set = llvm::to_vector(chip::overridesOf(chip));
  map.addPass(compiler::createMapPass(
      {chip.name, set, mapping, /*mappingFile=*/"", /*writeSchedules=*/"", /*explain=*/false}));
  if (failed(map.run(*module)))
    return "does not map: " + errors;

  auto function = *module->getOps<func::FuncOp>().begin();
  ref::TensorMap inputs;
  std::map<std::string, Words> words;
  std::mt19937 random(7);
  ref::Signature signature = ref::signatureOf(function);
  for (auto [slot, type] : llvm::zip(signature.arguments, function.getArgumentTypes())) {
    if (slot.initial)
      continue;
    inputs[slot.name] = randomTensor(cast<RankedTensorType>(type), random, 5);
    words[slot.name] = wordsOf(inputs[slot.name]);
  }
  ref::Options options;
  options.backend = ref::Backend::Exact;
  FailureOr<ref::TensorMap> expected = ref::run(function, inputs, options);
  if (failed(expected))
    return "the oracle refuses: " + errors;

  MemoriesOfOps priced = pricedMemories(function, schedule::readChipLimits(chip));
  PassManager lower(&context);
  lower.addPass(compiler::createConvertNNToTilePass({chip.name, set, /*function=*/""}));
  if (failed(lower.run(*module)))
    return "does not lower: " + errors;
  if (std::string text = differenceOfMemories(priced, *module->getOps<tile::ProgramOp>().begin());
      !text.empty())
    return text;
  std::map<std::string, Words> found;
  try {
    found = runTileProgram(
        *module->getOps<tile::ProgramOp>().begin(), words,
        {chip.integer("matrix.rows"), chip.integer("matrix.cols"), chip.integer("matrix.weight_banks")});
  } catch (const TileFault &fault) {
    return fault.what();
  }
  for (const auto &[name, tensor] : *expected)
    if (std::string text = difference(name, found.at(name), wordsOf(tensor)); !text.empty())
      return text;
  return "";
}

} // namespace arsis::testing
