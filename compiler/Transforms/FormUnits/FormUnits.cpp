// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Groups grow along the program: an operation joins the groups of what it alone reads, as long as the whole
// still is one program of the vector unit and can stand where the operation stands. What then is an epilogue
// of a product whose result it alone reads joins that one.

#include "compiler/Transforms/FormUnits/FormUnits.h"

#include "compiler/Analysis/Places.h"
#include "compiler/Analysis/Reported.h"
#include "compiler/Record/Record.h"
#include "compiler/Schedule/Convolution.h"
#include "compiler/Schedule/VectorProgram.h"
#include "compiler/Transforms/Map/Repeated.h"
#include "compiler/Transforms/Map/Units.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/OptionNames.h"
#include "dialects/NN/IR/Offers.h"
#include "dialects/NN/IR/UnitOps.h"

#include "llvm/ADT/MapVector.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_FORMUNITS
#include "compiler/Transforms/FormUnits/FormUnits.h.inc"

Fusion parseFusion(std::string_view text) {
  const bool all = text == "all";
  Fusion fusion{all, all, all, all, all, all};
  if (all || text == "none")
    return fusion;
  SmallVector<StringRef> names;
  StringRef(text).split(names, ',');
  for (StringRef name : names) {
    if (name == "vector")
      fusion.vector = true;
    else if (name == "sums")
      fusion.sums = true;
    else if (name == "epilogues")
      fusion.epilogues = true;
    else if (name == "loads")
      fusion.loads = true;
    else if (name == "gradients")
      fusion.gradients = true;
    else if (name == "views")
      fusion.views = true;
    else
      throw InputError(optionName("fuse") + ": found '" + std::string(text) +
                       "', expected all, none, or a list of vector, sums, epilogues, loads, gradients and "
                       "views with commas");
  }
  return fusion;
}

namespace {

using Group = SmallVector<Operation *, 4>; // in the order of the block

class Former {
public:
  Former(Block &block, const Fusion &fusion) : block(block), fusion(fusion) {}

  void run() {
    for (Operation &op : block.without_terminator())
      if (isVectorWork({&op}))
        grow(&op);
    if (fusion.epilogues)
      llvm::for_each(groups, [&](Group &group) { joinProduct(group); });
    for (const Group &group : groups)
      if (group.size() > 1)
        form(group);
  }

private:
  static constexpr size_t kMostMembers = 6; // more only add buffers

  static bool isVectorWork(ArrayRef<Operation *> ops) {
    auto mayJoin = [](Operation *op) {
      return mlir::isa<nn::StructuredOpInterface, nn::CompositeOpInterface>(op) &&
             !mlir::isa<nn::UpdateOpInterface>(op) && !isView(op);
    };
    return llvm::all_of(ops, mayJoin) && schedule::vectorProgramIn(unitOf(ops)).has_value();
  }

  /// A unit with a product does not wait for its last operation: what the product reads may be updated in
  /// place between the two. It stands behind all that it reads, of which other groups are not formed yet.
  void form(const Group &group) {
    Operation *before = nullptr; // what the product stands behind
    const auto product = llvm::find_if(group, isProduct);
    const bool hasProduct = product != group.end();
    for (Operation *op = hasProduct ? (*product)->getPrevNode() : nullptr; op && !before;
         op = op->getPrevNode())
      before = llvm::is_contained(group, op) ? nullptr : op;
    for (Operation *op : group)
      groupOf.erase(op);
    Operation *unit = nn::formUnit(group, originOf(group));
    if (!hasProduct)
      return;
    for (Value operand : unit->getOperands()) {
      Operation *definer = operand.getDefiningOp();
      if (auto open = groupOf.find(definer); open != groupOf.end())
        definer = groups[open->second].back();
      if (definer && (!before || before->isBeforeInBlock(definer)))
        before = definer;
    }
    if (before)
      unit->moveAfter(before);
    else
      unit->moveBefore(&unit->getBlock()->front());
  }

  void grow(Operation *op) {
    Group joined = {op};
    llvm::SmallDenseSet<unsigned, 2> taken;
    for (Value operand : op->getOperands()) {
      auto found = groupOf.find(operand.getDefiningOp());
      if (!fusion.vector || found == groupOf.end() || taken.contains(found->second))
        continue;
      Group wider = joined;
      llvm::append_range(wider, groups[found->second]);
      llvm::sort(wider, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
      if (!mayStandTogether(wider) || !isVectorWork(wider))
        continue;
      joined = wider;
      taken.insert(found->second);
    }
    for (unsigned number : taken)
      groups[number].clear();
    for (Operation *member : joined)
      groupOf[member] = groups.size();
    groups.push_back(std::move(joined));
  }

  /// A group joins with a product, and then with sums that others need of it; or it gives up the end of it
  /// that is no epilogue, where that is the gradient of a batch norm.
  void joinProduct(Group &group) {
    if (group.empty())
      return;
    if (joinProduct(group, [&](const Group &wider) { return mayStandTogether(wider); })) {
      if (fusion.sums)
        joinGradientSums(group);
    } else if (fusion.sums && group.size() > 1) {
      splitGradient(group);
    }
  }

  /// The last product that a group reads, and may join with it, becomes part of it. False if there is none.
  bool joinProduct(Group &group, llvm::function_ref<bool(const Group &)> mayJoin) {
    llvm::SmallSetVector<Operation *, 4> products;
    for (Operation *op : group)
      for (Value operand : op->getOperands())
        if (Operation *definer = operand.getDefiningOp();
            definer && !groupOf.contains(definer) && isProduct(definer))
          products.insert(definer);
    SmallVector<Operation *> latest = products.takeVector();
    llvm::sort(latest, [](Operation *a, Operation *b) { return b->isBeforeInBlock(a); });
    for (Operation *product : latest) {
      const Group wider = with(group, product);
      if (!mayJoin(wider) || !schedule::convolutionIn(unitOf(wider)))
        continue;
      groupOf[product] = groupOf[group.front()];
      group = wider;
      return true;
    }
    return false;
  }

  static Group with(const Group &group, Operation *op) {
    Group wider = group;
    wider.push_back(op);
    llvm::sort(wider, [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
    return wider;
  }

  /// A group that ends in the gradient of a batch norm leaves all but its sums to that one, if a product then
  /// joins.
  void splitGradient(Group &group) {
    Operation *last = group.back();
    const unsigned number = groupOf[last];
    Operation *maker = nullptr; // the last one whose result it takes
    for (Operation *op : group)
      if (llvm::is_contained(op->getUsers(), last))
        maker = op;
    Operation *sums = maker && isMadeBefore(last, maker) ? nn::offerGradientSums(last) : nullptr;
    if (!sums)
      return;
    groupOf.erase(last);
    group.pop_back();
    Group wider = with(group, sums);
    const bool joins = joinProduct(wider, [&](const Group &all) { return canStandAtLast(all); });
    if (joins) {
      groupOf[sums] = number;
      group = wider;
      return;
    }
    SmallVector<Operation *> whole;
    nn::withdrawOffer(sums, &whole);
    group.push_back(whole.front());
    groupOf[whole.front()] = number;
  }

  /// What the gradients of batch norms that take the result of a group for gy sum up becomes part of it.
  void joinGradientSums(Group &group) {
    Operation *last = group.back();
    const llvm::SmallSetVector<Operation *, 4> readers(last->user_begin(), last->user_end());
    for (Operation *reader : readers) {
      auto own = groupOf.find(reader);
      if (own == groupOf.end() || groups[own->second].size() != 1 || group.size() == kMostMembers ||
          !isMadeBefore(reader, last))
        continue;
      const unsigned number = own->second;
      Operation *sums = nn::offerGradientSums(reader);
      if (!sums)
        continue;
      groupOf.erase(reader);
      groups[number].clear();
      if (const Group wider = with(group, sums);
          canStandAtLast(wider) && schedule::convolutionIn(unitOf(wider))) {
        group = wider;
        continue;
      }
      SmallVector<Operation *> whole;
      nn::withdrawOffer(sums, &whole);
      groups[number] = {whole.front()};
      groupOf[whole.front()] = number;
    }
  }

  /// Whether what an operation reads will be there behind another one, after all units have been formed: a
  /// unit stands at the place of its last operation.
  bool isMadeBefore(Operation *op, Operation *behind) {
    return llvm::all_of(op->getOperands(), [&](Value operand) {
      Operation *definer = operand.getDefiningOp();
      auto group = groupOf.find(definer);
      return !definer || definer == behind || group == groupOf.end() || group->second == groupOf[behind] ||
             groups[group->second].back()->isBeforeInBlock(behind);
    });
  }

  /// Whether all of them can stand at the last one's place.
  static bool canStandAtLast(const Group &group) {
    return group.size() <= kMostMembers && llvm::all_of(group, [&](Operation *op) {
             return llvm::all_of(op->getUsers(), [&](Operation *reader) {
               return llvm::is_contained(group, reader) || !reader->isBeforeInBlock(group.back());
             });
           });
  }
  /// The same, and what one of them reads is worth not to be stored.
  static bool mayStandTogether(const Group &group) {
    Operation *last = group.back();
    return canStandAtLast(group) && llvm::all_of(group, [&](Operation *op) {
             if (op == last && !op->use_empty())
               return true;
             return llvm::any_of(op->getResults(), [&](Value result) {
               return cast<RankedTensorType>(result.getType()).getRank() > 1 && !result.use_empty() &&
                      llvm::all_of(result.getUsers(),
                                   [&](Operation *reader) { return llvm::is_contained(group, reader); });
             });
           });
  }

  Block &block;
  const Fusion &fusion;
  std::vector<Group> groups; // empty: it has become part of a later one
  llvm::DenseMap<Operation *, unsigned> groupOf;
};

/// Convolutions that sum up for the batch norm behind them.
void joinMoments(Block &block) {
  for (auto [convolution, moments] : nn::offerMoments(block)) {
    if (schedule::convolutionIn(unitOf({convolution, moments})))
      nn::formUnit({convolution, moments}, convolution);
    else
      nn::withdrawOffer(moments);
  }
}

bool isMapped(Block &block) {
  return llvm::any_of(block, [](Operation &op) {
    auto scheduled = dyn_cast<nn::ScheduledOpInterface>(op);
    return scheduled && scheduled.getScheduleAttr();
  });
}

/// Whether a product is among those who read a value, and all of them are products or may do without it.
bool isReadByProducts(Value value) {
  bool any = false;
  const bool all = llvm::all_of(value.getUses(), [&](OpOperand &use) {
    Operation *user = use.getOwner();
    if (nn::isStoredIn(use))
      return true;
    Block *body = nn::bodyOf(user);
    const bool isFactor = body ? llvm::all_of(body->getArgument(use.getOperandNumber()).getUsers(), isProduct)
                               : isProduct(user);
    any |= isFactor;
    return isFactor;
  });
  return all && any;
}

/// Takes norms apart what of which products alone read, be it behind other work, so that these may do it.
void offerLoads(Block &block) {
  SmallVector<Operation *> norms;
  for (Operation &op : block)
    norms.push_back(&op);
  for (Operation *op : norms) {
    if (!nn::isNormOfMoments(op))
      continue;
    Value value = op->getResult(0);
    const auto goesOn = [](Operation *user) {
      return mlir::isa<nn::ElementwiseOpInterface>(user) && !mlir::isa<nn::UpdateOpInterface>(user) &&
             user->getNumResults() == 1 && llvm::count_if(user->getOperandTypes(), [](Type type) {
                                             return cast<RankedTensorType>(type).getRank() > 1;
                                           }) == 1;
    };
    while (value.hasOneUse() && goesOn(*value.user_begin()))
      value = (*value.user_begin())->getResult(0);
    if (isReadByProducts(value))
      nn::splitStatistics(op);
  }
}

/// From the end on, so that what is read by work that was repeated may be repeated too.
void repeatAllAtLoads(Block &block) {
  SmallVector<Operation *> ops;
  for (Operation &op : block.without_terminator())
    ops.push_back(&op);
  for (Operation *op : llvm::reverse(ops))
    repeatAtLoads(op);
}

/// What is left is stored by the first one who reads it. From the end on, since readers are replaced.
void storeAllAtLoads(Block &block) {
  SmallVector<Operation *> ops;
  for (Operation &op : block.without_terminator())
    ops.push_back(&op);
  for (Operation *op : llvm::reverse(ops))
    storeAtLoad(op);
}

/// A parameter changes behind the last one who reads it, which may be a later one now.
void moveUpdates(Block &block) {
  for (auto update : llvm::make_early_inc_range(block.getOps<nn::UpdateOpInterface>()))
    if (auto stateful = dyn_cast<nn::StatefulOpInterface>(update.getOperation())) {
      Operation *last = update;
      for (auto [operand, result] : stateful.getStateUpdates())
        for (Operation *reader : update->getOperand(operand).getUsers())
          if (!reader->hasTrait<OpTrait::IsTerminator>() && last->isBeforeInBlock(reader))
            last = reader;
      if (last != update && mayWait(update, last))
        update->moveAfter(last);
    }
}

struct FormUnits : impl::FormUnitsBase<FormUnits> {
  using FormUnitsBase::FormUnitsBase;
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    if (failed(reported(getOperation(), [&] {
          const Fusion fusion = parseFusion(fuse);
          if (isMapped(getOperation().getBody().front()))
            return LogicalResult(success());
          if (failed(verifyViews(getOperation().getBody().front())))
            return LogicalResult(failure());
          formUnits(getOperation(), fusion);
          return setOptions(getOperation(), {{"fuse", fuse.getValue()}});
        })))
      signalPassFailure();
  }
};

} // namespace

void formUnits(func::FuncOp function, const Fusion &fusion) {
  Block &block = function.getBody().front();
  if (fusion.vector)
    nn::offerNormalisedAgain(block);
  if (fusion.sums)
    joinMoments(block);
  if (fusion.loads)
    offerLoads(block);
  if (fusion.vector || fusion.epilogues)
    Former(block, fusion).run();
  if (fusion.loads) {
    repeatAllAtLoads(block);
    storeAllAtLoads(block);
  }
  if (fusion.gradients)
    joinGradients(block);
  moveUpdates(block);
  nn::withdrawNormalisedAgain(block);
}

} // namespace arsis::compiler
