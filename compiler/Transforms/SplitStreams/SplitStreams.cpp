// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The pass that splits a planned program by stream: derive the waits, then clone the loops once per stream.
#include "compiler/Transforms/SplitStreams/SplitStreams.h"

#include "compiler/Transforms/SplitStreams/Tokens.h"
#include "llvm/ADT/DenseMap.h"
#include <map>
#include <set>

using namespace mlir;

namespace arsis::compiler {
#define GEN_PASS_DEF_SPLITSTREAMS
#include "compiler/Transforms/SplitStreams/SplitStreams.h.inc"

namespace {

/// Clones one stream's share of the program.
class StreamCloner {
public:
  StreamCloner(const Schedule &schedule, const Tokens &tokens, int stream) : stream(stream) {
    for (auto [x, node] : llvm::enumerate(schedule.ops)) {
      if (node.stream != stream)
        continue;
      Operation *op = tile::EngineOpInterface(node.op);
      tokensOf[op] = &tokens.ops[x];
      for (Operation *up = op; !isa<tile::ProgramOp>(up); up = up->getParentOp())
        needed.insert(up);
      for (const Access &access : node.accesses)
        if (isa<tile::AllocOp>(schedule.storages[access.storage].owner))
          needed.insert(schedule.storages[access.storage].owner);
      for (const TokenWait &wait : tokens.ops[x].hoisted) {
        int64_t &value = hoisted[itemOf(op)][{wait.stream, wait.counter}];
        value = std::max(value, wait.value.constant);
      }
    }
    for (tile::StreamId id : schedule.streams)
      streams.push_back(id);
  }

  void clone(tile::ProgramOp program, OpBuilder &builder) {
    auto op = tile::StreamOp::create(builder, program.getLoc(), streams[stream].kind, streams[stream].index);
    OpBuilder::InsertionGuard guard(builder);
    builder.createBlock(&op.getBody());
    cloneBlock(program.getBody().front(), builder);
  }

private:
  static Operation *itemOf(Operation *op) {
    while (!isa<tile::ProgramOp>(op->getParentOp()))
      op = op->getParentOp();
    return op;
  }

  void cloneBlock(Block &block, OpBuilder &builder) {
    for (Operation &op : block) {
      if (!needed.count(&op))
        continue;
      emitHoisted(&op, builder);
      if (auto loop = dyn_cast<scf::ForOp>(op))
        cloneLoop(loop, builder);
      else if (auto engine = dyn_cast<tile::EngineOpInterface>(op))
        cloneEngineOp(engine, builder);
      else
        builder.clone(op, mapping);
    }
  }

  void emitHoisted(Operation *item, OpBuilder &builder) {
    auto found = hoisted.find(item);
    if (found == hoisted.end())
      return;
    SmallVector<TokenWait, 2> waits;
    for (auto [source, value] : found->second)
      waits.push_back({source.first, source.second, tile::Linear(0, value)});
    emitWaits(item->getLoc(), waits, 0, builder);
  }

  /// Emits all but `keep` of the waits as ops of their own; returns the attribute of the others.
  SmallVector<tile::WaitAttr> emitWaits(Location location, ArrayRef<TokenWait> waits, size_t keep,
                                        OpBuilder &builder) {
    SmallVector<tile::WaitAttr> attributes;
    MLIRContext *context = builder.getContext();
    for (const TokenWait &wait : waits)
      attributes.push_back(tile::WaitAttr::get(context, streams[wait.stream].kind, streams[wait.stream].index,
                                               wait.counter, wait.value.map(context)));
    while (attributes.size() > keep) {
      size_t count = std::min<size_t>(2, attributes.size() - keep);
      tile::WaitOp::create(builder, location,
                           tile::SyncAttr::get(context, ArrayRef(attributes).take_front(count), false, 0));
      attributes.erase(attributes.begin(), attributes.begin() + count);
    }
    return attributes;
  }

  void cloneLoop(scf::ForOp loop, OpBuilder &builder) {
    Value zero = arith::ConstantIndexOp::create(builder, loop.getLoc(), 0);
    Value count = arith::ConstantIndexOp::create(builder, loop.getLoc(), *tripCount(loop));
    Value one = arith::ConstantIndexOp::create(builder, loop.getLoc(), 1);
    auto copy = scf::ForOp::create(builder, loop.getLoc(), zero, count, one);
    mapping.map(loop.getInductionVar(), copy.getInductionVar());
    OpBuilder::InsertionGuard guard(builder);
    builder.setInsertionPointToStart(copy.getBody());
    cloneBlock(*loop.getBody(), builder);
  }

  void cloneEngineOp(tile::EngineOpInterface op, OpBuilder &builder) {
    const OpTokens &token = *tokensOf.lookup(op);
    SmallVector<tile::WaitAttr> waits = emitWaits(op.getLoc(), token.waits, 2, builder);
    auto copy = cast<tile::EngineOpInterface>(builder.clone(*op.getOperation(), mapping));
    if (!waits.empty() || token.increments)
      copy.setSyncAttr(tile::SyncAttr::get(builder.getContext(), waits, token.increments,
                                           token.increments ? token.counter : 0));
  }

  int stream;
  std::vector<tile::StreamId> streams;
  llvm::DenseMap<Operation *, const OpTokens *> tokensOf;
  std::set<Operation *> needed;
  llvm::DenseMap<Operation *, std::map<std::pair<int, int>, int64_t>>
      hoisted; // per top-level op: (stream, counter) to value
  IRMapping mapping;
};

class SplitStreamsPass : public impl::SplitStreamsBase<SplitStreamsPass> {
public:
  void runOnOperation() override {
    tile::ProgramOp program = getOperation();
    FailureOr<Schedule> schedule = readSchedule(program);
    if (failed(schedule))
      return signalPassFailure();
    Tokens tokens = deriveTokens(*schedule);

    Block &body = program.getBody().front();
    OpBuilder builder = OpBuilder::atBlockEnd(&body);
    SmallVector<Operation *> sequential;
    for (Operation &op : body)
      if (!isa<tile::TensorOp, tile::AliasOp>(op))
        sequential.push_back(&op);
    for (int stream = 0; stream < int(schedule->streams.size()); ++stream)
      StreamCloner(*schedule, tokens, stream).clone(program, builder);
    for (Operation *op : llvm::reverse(sequential))
      op->erase();
  }
};

} // namespace
} // namespace arsis::compiler
