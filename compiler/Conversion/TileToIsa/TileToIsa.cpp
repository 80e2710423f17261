// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pass from split tile programs to the isa dialect: streams, loops, counters, and the program's tables.
#include "compiler/Conversion/TileToIsa/TileToIsa.h"

#include "arch_configs/reader/MatrixPasses.h"
#include "compiler/Analysis/Footprint.h"
#include "compiler/Conversion/TileToIsa/Enums.h"
#include "compiler/Conversion/TileToIsa/InstructionInterface.h"
#include "compiler/Conversion/TileToIsa/Tensors.h"
#include "compiler/Record/Record.h"
#include "compiler/Target/InstructionOps.h"
#include "compiler/Target/Narrow.h"
#include "compiler/Transforms/PlanMemory/PlanMemory.h"
#include "dialects/NN/IR/Origin.h"
#include "dialects/NN/IR/StepTypes.h"
#include <set>

using namespace mlir;

namespace arsis::compiler {
#define GEN_PASS_DEF_CONVERTTILETOISA
#include "compiler/Conversion/TileToIsa/TileToIsa.h.inc"

namespace {

/// Converts one program.
class ProgramConverter {
public:
  /// `reference` is the text of the mapped nn module.
  ProgramConverter(tile::ProgramOp program, StringRef reference)
      : program(program), builder(program), reference(reference) {}

  LogicalResult convert() {
    FailureOr<ArrayAttr> absent = nn::notObservable(program);
    FailureOr<DictionaryAttr> options = optionsOf(program);
    if (failed(absent) || failed(options) || failed(check()))
      return failure();
    assignCounters();
    auto op = isair::ProgramOp::create(builder, program.getLoc(), program.getSymName(), 0, counterList(),
                                       builder.getArrayAttr({}), builder.getArrayAttr({}), *options, *absent,
                                       builder.getStringAttr(reference), nullptr);
    builder.createBlock(&op.getBody());
    if (failed(tensors.build(program, counters, builder)))
      return failure();
    for (auto stream : program.getOps<tile::StreamOp>()) {
      auto converted =
          isair::StreamOp::create(builder, stream.getLoc(), toIsa(stream.getKind()), stream.getIndex());
      OpBuilder::InsertionGuard guard(builder);
      builder.createBlock(&converted.getBody());
      if (failed(convertBlock(stream.getBody().front())))
        return failure();
    }
    writePlan(op);
    program.erase();
    return success();
  }

private:
  LogicalResult check() {
    for (Operation &op : program.getBody().front())
      if (!mlir::isa<tile::TensorOp, tile::AliasOp, tile::StreamOp>(op))
        return op.emitOpError("is outside of any stream: run tile-split-streams first");
    WalkResult result = program.walk([&](Operation *op) {
      if (auto alloc = dyn_cast<tile::AllocOp>(op); alloc && !alloc.getAddress()) {
        alloc.emitOpError("has no address: run tile-plan-memory first");
        return WalkResult::interrupt();
      }
      auto loop = dyn_cast<scf::ForOp>(op);
      return loop && failed(checkLoop(loop)) ? WalkResult::interrupt() : WalkResult::advance();
    });
    return failure(result.wasInterrupted());
  }

  static LogicalResult checkLoop(scf::ForOp loop) {
    if (std::optional<int64_t> trips = tripCount(loop); !trips || *trips < 1)
      return loop.emitOpError("has no constant number of iterations of at least one, in steps of 1 from 0");
    if (loop.getNumRegionIterArgs() > 0)
      return loop.emitOpError("carries values from one iteration to the next, which no hardware loop does");
    unsigned depth = 1;
    for (Operation *up = loop->getParentOp(); mlir::isa<scf::ForOp>(up); up = up->getParentOp())
      ++depth;
    if (depth > isa::kMaxLoopDepth)
      return loop.emitOpError() << "nests deeper than " << isa::kMaxLoopDepth << " loops";
    return success();
  }

  void assignCounters() {
    for (auto stream : program.getOps<tile::StreamOp>()) {
      std::set<int64_t> used;
      stream.walk([&](tile::EngineOpInterface op) {
        if (op.getSyncAttr() && op.getSyncAttr().getIncrements())
          used.insert(op.getSyncAttr().getCounter());
      });
      for (int64_t number : used)
        counters.try_emplace({{stream.getKind(), int64_t(stream.getIndex())}, number}, counters.size());
    }
  }

  ArrayAttr counterList() {
    SmallVector<Attribute> list(counters.size());
    for (auto [id, counter] : counters)
      list[counter] = isair::StreamIdAttr::get(builder.getContext(), toIsa(id.stream.kind), id.stream.index);
    return builder.getArrayAttr(list);
  }

  LogicalResult convertBlock(Block &block) {
    for (Operation &op : block) {
      if (auto loop = dyn_cast<scf::ForOp>(op)) {
        Narrow narrow(loop);
        auto trips = narrow.to<uint32_t>(*tripCount(loop), "number of iterations");
        auto converted = isair::LoopOp::create(builder, loop.getLoc(), trips);
        OpBuilder::InsertionGuard guard(builder);
        builder.createBlock(&converted.getBody());
        if (failed(narrow.result()) || failed(convertBlock(*loop.getBody())))
          return failure();
      } else if (auto wait = dyn_cast<tile::WaitOp>(op)) {
        if (failed(emit(wait, isa::WaitOnly(), wait.getSync())))
          return failure();
      } else if (auto engine = dyn_cast<tile::EngineOpInterface>(op)) {
        if (failed(convertEngineOp(engine)))
          return failure();
      } else if (auto alloc = dyn_cast<tile::AllocOp>(op)) {
        if (failed(place(alloc)))
          return failure();
      }
    }
    return success();
  }

  LogicalResult convertEngineOp(tile::EngineOpInterface op) {
    auto described = dyn_cast<InstructionOpInterface>(op.getOperation());
    if (!described)
      return op.emitOpError(
          "has no instruction: expected an op that implements InstructionOpInterface, or has "
          "it attached by the library that brings the op");
    auto tensorIndex = [&](Value tensor) { return tensors.indexOf(tensor); };
    OperandConverter operands(op, tensorIndex);
    isa::Body body = described.getInstruction(operands);
    if (failed(operands.narrow.result()))
      return failure();
    return emit(op, std::move(body), op.getSyncAttr());
  }

  LogicalResult emit(Operation *op, isa::Body body, tile::SyncAttr sync) {
    isa::Instruction instruction;
    instruction.body = std::move(body);
    ArrayRef<tile::WaitAttr> waits = sync ? sync.getWaits() : ArrayRef<tile::WaitAttr>();
    if (waits.size() > isa::kMaxWaits)
      return op->emitOpError() << "has " << waits.size() << " waits, expected at most " << isa::kMaxWaits;
    Narrow narrow(op);
    for (tile::WaitAttr wait : waits) {
      unsigned dims = wait.getValue().getNumDims();
      std::optional<tile::Linear> value = tile::Linear::of(wait.getValue().getResult(0), dims);
      auto counter = counters.find({{wait.getKind(), wait.getIndex()}, wait.getCounter()});
      if (!value || dims > isa::kMaxLoopDepth)
        return op->emitOpError() << "waits for " << AffineMapAttr::get(wait.getValue())
                                 << ", which is not linear in at most " << isa::kMaxLoopDepth << " loops";
      if (counter == counters.end())
        return op->emitOpError() << "waits for stream " << stringifyStreamKind(wait.getKind()) << " "
                                 << wait.getIndex() << ", which increments no counter " << wait.getCounter();
      isa::Wait &converted = instruction.waits[instruction.waitCount++];
      converted.counter = narrow.to<uint8_t>(counter->second, "counter");
      converted.value.base = value->constant;
      for (unsigned d = 0; d < dims; ++d)
        isa::addTerm(converted.value.terms, d, value->coefficients[d]);
    }
    if (sync && sync.getIncrements())
      instruction.increment =
          narrow.to<uint8_t>(counters.at({currentStream(), sync.getCounter()}), "counter");
    if (failed(narrow.result()))
      return failure();
    if (std::optional<isa::ElementType> type = isa::multipliedType(instruction.body))
      multiplied.insert(*type);
    createInstructionOp(builder, op->getLoc(), instruction, tensors.names());
    return success();
  }

  tile::StreamId currentStream() {
    auto stream = builder.getInsertionBlock()->getParentOp();
    while (!mlir::isa<isair::StreamOp>(stream))
      stream = stream->getParentOp();
    auto op = cast<isair::StreamOp>(stream);
    return {toTile(op.getKind()), int64_t(op.getIndex())};
  }

  /// Notes where a buffer lies; every stream that uses it has a copy of its alloc.
  LogicalResult place(tile::AllocOp alloc) {
    bool rows = alloc.isAccumulator();
    int64_t begin = *alloc.getAddress();
    int64_t end = begin + llvm::alignTo(alloc.getSlotSize(), rows ? 1 : kAlignmentBytes) * alloc.getSlots();
    StringRef layer = nn::getOrigin(alloc.getLoc()).first;
    Narrow narrow(alloc);
    auto slots = narrow.to<uint32_t>(alloc.getSlots(), "number of slots");
    auto unit = narrow.to<uint8_t>(alloc.getUnit(), "unit");
    auto placement =
        isair::PlacementAttr::get(builder.getContext(), rows ? isair::Memory::Acc : isair::Memory::Spm, unit,
                                  alloc.getName(), begin, end, slots, layer);
    if (seen.insert(placement.getAsOpaquePointer()).second)
      placements.push_back(placement);
    int64_t &needed = rows ? accumulatorRows : scratchpadBytes;
    needed = std::max(needed, end);
    return narrow.result();
  }

  void writePlan(isair::ProgramOp op) {
    int64_t dramBytes = 0;
    for (auto tensor : program.getOps<tile::TensorOp>()) {
      MemRefType type = tensor.getType();
      int64_t begin = *tensor.getAddress();
      int64_t end =
          begin + llvm::alignTo(type.getNumElements() * (type.getElementTypeBitWidth() / 8), kAlignmentBytes);
      dramBytes = std::max(dramBytes, end);
      placements.push_back(isair::PlacementAttr::get(builder.getContext(), isair::Memory::Dram, 0,
                                                     tensor.getName(), begin, end, 1, ""));
    }
    op.setDramBytes(dramBytes);
    op.setPlacementsAttr(builder.getArrayAttr(placements));

    constexpr int64_t kKibi = 1024;
    std::map<tile::StreamKind, int64_t> streams; // number per kind
    for (auto stream : program.getOps<tile::StreamOp>()) {
      int64_t &count = streams[stream.getKind()];
      count = std::max<int64_t>(count, stream.getIndex() + 1);
    }
    SmallVector<Attribute> requirements;
    auto require = [&](StringRef key, int64_t value) {
      if (value > 0)
        requirements.push_back(
            isair::RequirementAttr::get(builder.getContext(), key, isair::Relation::AtLeast, value));
    };
    require("scratchpad.kib", llvm::divideCeil(scratchpadBytes, kKibi));
    require("dram.capacity_mib", llvm::divideCeil(dramBytes, kKibi * kKibi));
    require("matrix.accumulator_rows", accumulatorRows);
    require("matrix.units", std::max(streams[tile::StreamKind::Matrix], streams[tile::StreamKind::Drain]));
    require("dma.load_queues", streams[tile::StreamKind::Load]);
    require("dma.store_queues", streams[tile::StreamKind::Store]);
    for (isa::ElementType type : multiplied)
      require(chip::passesKey(type), 1);
    for (NamedAttribute equal : program.getRequirements().value_or(builder.getDictionaryAttr({})))
      requirements.push_back(isair::RequirementAttr::get(builder.getContext(), equal.getName(),
                                                         isair::Relation::Equal,
                                                         cast<IntegerAttr>(equal.getValue()).getInt()));
    op.setRequirementsAttr(builder.getArrayAttr(requirements));
  }

  tile::ProgramOp program;
  OpBuilder builder;
  StringRef reference;
  std::map<tile::CounterId, int> counters;
  TensorTable tensors;
  SmallVector<Attribute> placements;
  std::set<const void *> seen;
  std::set<isa::ElementType> multiplied; // by the arrays
  int64_t scratchpadBytes = 0, accumulatorRows = 0;
};

class ConvertTileToIsaPass : public impl::ConvertTileToIsaBase<ConvertTileToIsaPass> {
public:
  void getDependentDialects(DialectRegistry &registry) const override {
    impl::ConvertTileToIsaBase<ConvertTileToIsaPass>::getDependentDialects(registry);
    registerInstructionModels(registry);
  }

  void runOnOperation() override {
    FailureOr<std::string> reference = referenceOf(getOperation());
    if (failed(reference))
      return signalPassFailure();
    for (auto program : llvm::make_early_inc_range(getOperation().getOps<tile::ProgramOp>()))
      if (failed(ProgramConverter(program, *reference).convert()))
        return signalPassFailure();
    getOperation()->removeDiscardableAttr(kReference);
  }
};

} // namespace
} // namespace arsis::compiler
