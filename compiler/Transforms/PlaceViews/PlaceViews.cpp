// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// An operation is made a view first and then asked whether it can be one: what it is decides where values
// lie.

#include "compiler/Transforms/PlaceViews/PlaceViews.h"

#include "compiler/Analysis/Places.h"
#include "compiler/Transforms/Map/Units.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_PLACEVIEWS
#include "compiler/Transforms/PlaceViews/PlaceViews.h.inc"

namespace {

using nn::BoxOpInterface, nn::ViewKind;

bool isConcatenation(BoxOpInterface op) { return op.getWhole().getDefiningOp() == op; }

bool hasOneType(BoxOpInterface op) {
  const auto elementOf = [](Value value) { return cast<RankedTensorType>(value.getType()).getElementType(); };
  return llvm::all_of(op.getBoxes(),
                      [&](const nn::Box &box) { return elementOf(box.value) == elementOf(op.getWhole()); });
}

class Placer {
public:
  Placer(Block &block, bool explain) : block(block), explain(explain) {}

  void run() {
    SmallVector<BoxOpInterface> joins, cuts;
    for (auto op : block.getOps<BoxOpInterface>()) {
      if (op.getViewKind())
        continue;
      if (!hasOneType(op))
        remark(op, "its pieces have other types than the whole");
      else
        (isConcatenation(op) ? joins : cuts).push_back(op);
    }
    const auto elements = [](BoxOpInterface op) {
      return cast<RankedTensorType>(op.getWhole().getType()).getNumElements();
    };
    std::reverse(joins.begin(), joins.end()); // of equal ones the last one first
    llvm::stable_sort(joins, [&](BoxOpInterface a, BoxOpInterface b) { return elements(a) > elements(b); });
    for (BoxOpInterface op : joins)
      if (!joinInPlace(op))
        join(op);
    for (BoxOpInterface op : cuts)
      cut(op);
  }

private:
  void remark(Operation *op, const Twine &why) {
    if (explain)
      op->emitRemark() << "moves what could be a view: " << why;
  }

  /// Who reads a value, also under another shape.
  static void addReaders(Value value, SmallVectorImpl<Operation *> &readers) {
    for (Operation *user : value.getUsers())
      if (mlir::isa<nn::ViewOpInterface>(user))
        addReaders(user->getResult(0), readers);
      else
        readers.push_back(user);
  }

  /// Whether there is a strategy for everybody who writes or reads the value where it lies.
  static bool isServed(Value value) {
    SmallVector<Operation *> all;
    addReaders(value, all);
    if (Operation *definer = value.getDefiningOp())
      all.push_back(definer);
    return llvm::all_of(all, [](Operation *op) {
      return !unitOf(op) || isView(op) || !spacesOf(op, schedule::ChipLimits()).empty();
    });
  }

  static constexpr StringLiteral kNotServed = "no strategy is for all who write and read it there";

  /// What is joined lies one behind the other already.
  bool joinInPlace(BoxOpInterface op) {
    op.setViewKind(ViewKind::OfOperands);
    if (faultOf(op).empty() && isServed(op.getWhole()))
      return true;
    op.setViewKind(std::nullopt);
    return false;
  }

  void join(BoxOpInterface op) {
    std::string why;
    SmallVector<OpOperand *> own; // that are computed in their places
    const SmallVector<Value> before(op->getOperands());
    const auto copy = [&](OpOperand &operand, StringRef fault) {
      operand.set(copied(operand.get(), op));
      why = fault;
      faults.push_back({operand.get().getDefiningOp(), fault.str()});
    };
    op.setViewKind(ViewKind::OfResult);
    faults.clear();
    if (std::string fault = faultOf(op); !fault.empty()) {
      why = fault;
    } else {
      // Those that cannot be there at all first: whether somebody reads the others there is a question to
      // places that all exist.
      for (OpOperand &operand : op->getOpOperands())
        if (std::string wrong = faultOf(op, operand.get()); !wrong.empty())
          copy(operand, wrong);
        else
          own.push_back(&operand);
      llvm::erase_if(own, [&](OpOperand *operand) {
        if (isServed(operand->get()))
          return false;
        copy(*operand, kNotServed);
        return true;
      });
    }
    if (own.empty()) {
      op.setViewKind(std::nullopt);
      SmallVector<Value> copies(op->getOperands());
      op->setOperands(before);
      for (Value value : copies)
        if (value.use_empty())
          value.getDefiningOp()->erase();
      return remark(op, why);
    }
    for (const auto &[made, fault] : faults)
      remark(made, fault);
  }

  void cut(BoxOpInterface op) {
    op.setViewKind(ViewKind::OfOperands);
    std::string why = faultOf(op);
    const SmallVector<nn::Box> boxes = op.getBoxes();
    SmallVector<Value> own;
    std::vector<std::pair<Value, std::string>> others;
    if (why.empty()) {
      for (const nn::Box &box : boxes) {
        std::string fault = faultOf(op, box.value);
        if (fault.empty())
          own.push_back(box.value);
        else
          others.push_back({box.value, why = fault});
      }
    }
    if (own.empty()) {
      op.setViewKind(std::nullopt);
      return remark(op, why);
    }
    if (others.empty() && llvm::none_of(own, isServed)) {
      op.setViewKind(std::nullopt);
      return remark(op, kNotServed);
    }
    for (const auto &[value, fault] : others)
      copyPiece(op, value, fault);
    for (Value value : own)
      if (!isServed(value))
        copyPiece(op, value, kNotServed);
  }

  /// Everybody reads a copy of a piece, which lies where the piece would have.
  void copyPiece(BoxOpInterface op, Value value, StringRef why) {
    OpBuilder after(op);
    after.setInsertionPointAfter(op);
    Value copy = copied(value, after, op->getLoc());
    value.replaceAllUsesExcept(copy, copy.getDefiningOp());
    remark(copy.getDefiningOp(), why);
  }

  static Value copied(Value value, Operation *before) {
    OpBuilder builder(before);
    return copied(value, builder, before->getLoc());
  }
  static Value copied(Value value, OpBuilder &builder, Location location) {
    const SmallVector<int64_t> zero(cast<RankedTensorType>(value.getType()).getRank(), 0);
    return nn::SliceOp::create(builder, location, value.getType(), value, zero, nn::ScheduleAttr(),
                               nn::ViewKindAttr());
  }

  Block &block;
  const bool explain;
  std::vector<std::pair<Operation *, std::string>> faults; // copies, and why they are there
};

struct PlaceViews : impl::PlaceViewsBase<PlaceViews> {
  using PlaceViewsBase::PlaceViewsBase;
  void runOnOperation() override {
    if (getOperation().isExternal())
      return;
    Block &block = getOperation().getBody().front();
    const bool isMapped = llvm::any_of(block, [](Operation &op) {
      auto scheduled = dyn_cast<nn::ScheduledOpInterface>(op);
      return scheduled && scheduled.getScheduleAttr();
    });
    if (isMapped)
      return;
    if (failed(verifyViews(block)))
      return signalPassFailure();
    Placer(block, explain).run();
  }
};

} // namespace

} // namespace arsis::compiler
