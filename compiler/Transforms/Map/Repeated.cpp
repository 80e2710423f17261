// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Repeated.h.
#include "compiler/Transforms/Map/Repeated.h"

#include "compiler/Schedule/Convolution.h"
#include "compiler/Transforms/Map/Units.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Offers.h"
#include "dialects/NN/IR/UnitOps.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace arsis::compiler {

using Operations = SmallVector<Operation *>;

/// Copies in front of an operation of what it does, or of its own.
static Operations copiesBefore(Operation *place, Operation *op, SmallVectorImpl<Value> &results) {
  OpBuilder builder(place);
  if (!nn::bodyOf(op)) {
    Operation *copy = builder.clone(*op);
    llvm::append_range(results, copy->getResults());
    return {copy};
  }
  Operations copies = nn::copiesOf(op, nn::storedOf(op), &results, /*keepsOffers=*/true);
  for (Operation *copy : copies)
    copy->moveBefore(place);
  return copies;
}

static void replaceIn(ArrayRef<Operation *> readers, Value value, Value by) {
  for (Operation *reader : readers)
    reader->replaceUsesOfWith(value, by);
}

static void erase(ArrayRef<Operation *> copies) {
  for (Operation *op : llvm::reverse(copies)) {
    op->dropAllUses();
    op->erase();
  }
}

/// The unit of a reader and of what makes the value that it reads would have a schedule.
static bool canRepeat(Operation *maker, Operation *reader, Value value) {
  SmallVector<Value> made, read;
  Operations all = copiesBefore(reader, maker, made), readers = copiesBefore(reader, reader, read);
  replaceIn(readers, value, made[cast<OpResult>(value).getResultNumber()]);
  llvm::append_range(all, readers);
  const bool can = schedule::convolutionIn(unitOf(all)).has_value();
  erase(all);
  return can;
}

static void repeat(Operation *maker, Operation *reader, Value value) {
  SmallVector<Value> made, results;
  Operations all = copiesBefore(reader, maker, made), readers = {reader};
  if (nn::bodyOf(reader))
    readers = nn::dissolve(reader, nn::takeStored(reader), /*keepsOffers=*/true);
  replaceIn(readers, value, made[cast<OpResult>(value).getResultNumber()]);
  llvm::append_range(all, readers);
  nn::formUnit(all, originOf(all));
}

static int64_t tensorsRead(Operation *op) {
  return llvm::count_if(op->getOperandTypes(),
                        [](Type type) { return cast<RankedTensorType>(type).getRank() > 1; });
}

bool repeatAtLoads(Operation *maker) {
  const auto used = llvm::make_filter_range(maker->getResults(), [](Value v) { return !v.use_empty(); });
  if (llvm::range_size(used) != 1 || mlir::isa<nn::UpdateOpInterface>(maker) ||
      (!mlir::isa<nn::ElementwiseOpInterface>(maker) && !nn::bodyOf(maker)))
    return false;
  const Value value = *used.begin();
  llvm::SmallSetVector<Operation *, 4> readers;
  for (Operation *user : value.getUsers())
    if (!nn::readsAsStoredOnly(user, value))
      readers.insert(user);
  const auto isFactor = [&](Operation *reader) {
    return reader->getBlock() == maker->getBlock() && !reader->hasTrait<OpTrait::IsTerminator>() &&
           (mlir::isa<nn::StructuredOpInterface>(reader) || nn::bodyOf(reader)) &&
           canRepeat(maker, reader, value);
  };
  // Of u readers and m tensors u m are read then, where m + u were, and one was stored.
  const auto count = static_cast<int64_t>(readers.size());
  if (readers.empty() || (count - 1) * (tensorsRead(maker) - 1) >= 2 || !llvm::all_of(readers, isFactor))
    return false;
  nn::withdrawStored(value);
  for (Operation *reader : readers)
    repeat(maker, reader, value);
  maker->erase();
  return true;
}

/// Of these operations, that make `value` together: takes the statistics out of norms of moments, and returns
/// them.
static Operations splitStatistics(Operations &all, Value &value) {
  Operations statistics;
  for (Operation *&op : all)
    if (nn::isNormOfMoments(op)) {
      const bool isLast = op == value.getDefiningOp();
      op = nn::splitStatistics(op);
      statistics.push_back(nn::statisticsOf(op));
      if (isLast)
        value = op->getResult(0);
    }
  return statistics;
}

/// Whether a reader could compute and store what it loads.
static bool canStore(Operation *maker, Operation *reader, Value value) {
  SmallVector<Value> made, read;
  Operations all = copiesBefore(reader, maker, made), readers = copiesBefore(reader, reader, read);
  Value copy = made[cast<OpResult>(value).getResultNumber()];
  const Operations statistics = splitStatistics(all, copy);
  replaceIn(readers, value, copy);
  llvm::append_range(all, readers);
  const std::optional<schedule::Convolution> found = schedule::convolutionIn(unitOf(all));
  erase(all);
  erase(statistics);
  return found && found->streamed.prologue && !found->stationary.prologue && found->streamsOnce();
}

bool storeAtLoad(Operation *maker) {
  const auto isMatrix = [](Value v) {
    return !v.use_empty() && cast<RankedTensorType>(v.getType()).getRank() > 1;
  };
  Block *body = nn::bodyOf(maker);
  const bool hasProduct =
      body && llvm::any_of(body->without_terminator(), [](Operation &op) { return isProduct(&op); });
  if (llvm::count_if(maker->getResults(), isMatrix) != 1 || hasProduct ||
      mlir::isa<nn::UpdateOpInterface>(maker) ||
      (!mlir::isa<nn::ElementwiseOpInterface>(maker) && !body && !nn::isNormOfMoments(maker)))
    return false;
  Value value = *llvm::find_if(maker->getResults(), isMatrix);
  Operation *reader = nullptr;
  for (Operation *user : value.getUsers())
    if (!reader || user->isBeforeInBlock(reader))
      reader = user;
  if (reader->hasTrait<OpTrait::IsTerminator>() || nn::readsAsStoredOnly(reader, value) ||
      (!mlir::isa<nn::StructuredOpInterface>(reader) && !nn::bodyOf(reader)) ||
      !canStore(maker, reader, value))
    return false;
  SmallVector<Value> results(maker->getResults());
  Operations all = {maker}, readers = {reader};
  if (body) {
    const unsigned number = cast<OpResult>(value).getResultNumber();
    results.clear();
    all = takeOut(maker, results);
    value = results[number];
  }
  splitStatistics(all, value);
  for (Operation *op : all)
    op->moveBefore(reader);
  if (nn::bodyOf(reader))
    readers = nn::dissolve(reader, nn::takeStored(reader), /*keepsOffers=*/true);
  llvm::append_range(all, readers);
  nn::formUnit(all, originOf(all));
  return true;
}

/// The operations of a body that a value depends on, by number, in their order.
static SmallVector<unsigned> chainOf(Value value, const llvm::DenseMap<Operation *, unsigned> &numbers) {
  llvm::SmallSetVector<Operation *, 4> chain;
  chain.insert(value.getDefiningOp());
  for (size_t i = 0; i < chain.size(); ++i)
    for (Value operand : chain[i]->getOperands())
      if (Operation *definer = operand.getDefiningOp())
        chain.insert(definer);
  SmallVector<unsigned> result = llvm::map_to_vector(chain, [&](Operation *op) { return numbers.at(op); });
  llvm::sort(result);
  return result;
}

static std::string keyOf(Operation *unit, ArrayRef<unsigned> chain, ArrayRef<Operation *> body) {
  std::string key;
  llvm::raw_string_ostream stream(key);
  for (unsigned number : chain) {
    Operation *op = body[number];
    stream << op->getName() << op->getAttrDictionary() << op->getResultTypes();
    for (Value operand : op->getOperands())
      if (auto argument = dyn_cast<BlockArgument>(operand))
        stream << " " << unit->getOperand(argument.getArgNumber()).getAsOpaquePointer();
      else
        stream << " ."
               << llvm::find(chain, llvm::find(body, operand.getDefiningOp()) - body.begin()) - chain.begin();
  }
  return key;
}

static Operations operationsOf(Block &body) {
  return llvm::map_to_vector(body.without_terminator(), [](Operation &op) { return &op; });
}

static SmallVector<unsigned> chainOf(Value value, ArrayRef<Operation *> body) {
  llvm::DenseMap<Operation *, unsigned> numbers;
  for (auto [number, op] : llvm::enumerate(body))
    numbers[op] = number;
  return chainOf(value, numbers);
}

std::vector<Repeated> repeatedIn(Block &block) {
  llvm::MapVector<std::string, SmallVector<Load>, std::map<std::string, unsigned>> found;
  for (Operation &unit : block) {
    if (!nn::bodyOf(&unit))
      continue;
    const Operations body = operationsOf(*nn::bodyOf(&unit));
    llvm::SmallSetVector<Value, 4> factors;
    for (Operation *product : llvm::make_filter_range(body, isProduct))
      for (Value factor : product->getOperands())
        if (factor.getDefiningOp())
          factors.insert(factor);
    for (Value factor : factors) {
      const SmallVector<unsigned> chain = chainOf(factor, body);
      found[keyOf(&unit, chain, body)].push_back({&unit, chain});
    }
  }
  std::vector<Repeated> result;
  for (auto &[key, loads] : found)
    result.push_back({key, std::move(loads)});
  return result;
}

std::string factorKey(Operation *op, unsigned operand) {
  std::string key;
  llvm::raw_string_ostream stream(key);
  if (!nn::bodyOf(op)) {
    stream << op->getOperand(operand).getAsOpaquePointer();
    return key;
  }
  const Operations body = operationsOf(*nn::bodyOf(op));
  const Value factor = (*llvm::find_if(body, isProduct))->getOperand(operand);
  if (auto argument = dyn_cast<BlockArgument>(factor)) {
    stream << op->getOperand(argument.getArgNumber()).getAsOpaquePointer();
    return key;
  }
  return keyOf(op, chainOf(factor, body), body);
}

Operations takeOut(Operation *op, SmallVectorImpl<Value> &results) {
  SmallVector<std::pair<unsigned, unsigned>> places; // operation, result
  Block &body = *nn::bodyOf(op);
  for (Value value : body.getTerminator()->getOperands())
    places.push_back({std::distance(body.begin(), value.getDefiningOp()->getIterator()),
                      cast<OpResult>(value).getResultNumber()});
  Operations all = nn::dissolve(op, nn::takeStored(op), /*keepsOffers=*/true);
  for (auto [operation, result] : places)
    results.push_back(all[operation]->getResult(result));
  return all;
}

Operations coreOf(ArrayRef<Operation *> ops) {
  llvm::SmallPtrSet<Operation *, 8> core;
  for (Operation *op : llvm::reverse(ops))
    if (isProduct(op) ||
        (!core.empty() && llvm::any_of(op->getUsers(), [&](Operation *user) { return core.contains(user); })))
      core.insert(op);
  Operations inOrder;
  llvm::copy_if(ops, std::back_inserter(inOrder), [&](Operation *op) { return core.contains(op); });
  return inOrder;
}

/// Moves operations directly behind what they read: whoever reads something else that they will make stands
/// behind that.
static void moveUp(ArrayRef<Operation *> chain) {
  Operation *last = nullptr;
  for (Operation *op : chain)
    for (Value operand : op->getOperands())
      if (Operation *definer = operand.getDefiningOp();
          definer && !llvm::is_contained(chain, definer) && (!last || last->isBeforeInBlock(definer)))
        last = definer;
  for (Operation *op : chain) {
    if (last)
      op->moveAfter(last);
    else
      op->moveBefore(&op->getBlock()->front());
    last = op;
  }
}

MadeOnce makeOnce(ArrayRef<Load> loads) {
  MadeOnce once;
  for (const Load &load : loads) {
    SmallVector<Value> results;
    const Operations all = takeOut(load.unit, results);
    Operations chain, rest;
    for (auto [number, op] : llvm::enumerate(all))
      (llvm::is_contained(load.chain, number) ? chain : rest).push_back(op);
    if (once.makers.empty()) {
      once.makers = chain;
      moveUp(chain);
    } else {
      chain.back()->replaceAllUsesWith(once.makers.back()->getResults());
      erase(chain);
    }
    once.readers.push_back(rest.size() > 1 ? nn::formUnit(rest, originOf(rest), results) : rest.front());
  }
  return once;
}

} // namespace arsis::compiler
