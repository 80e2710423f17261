// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Registration of the nn dialect and the verifiers of what it writes on function arguments and results.

#include "dialects/NN/IR/NNDialect.h"

#include "dialects/Isa/Encoding/Limits.h"
#include "dialects/NN/IR/Shapes.h"
#include "dialects/NN/IR/StepTypes.h"
#include "mlir/IR/DialectImplementation.h"
#include "mlir/Interfaces/FunctionInterfaces.h"
#include "llvm/ADT/SmallBitVector.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/TypeSwitch.h"

#include <utility>

#include "dialects/NN/IR/NNDialect.cpp.inc"
#include "dialects/NN/IR/NNEnums.cpp.inc"

#define GET_ATTRDEF_CLASSES
#include "dialects/NN/IR/NNAttrs.cpp.inc"

// One type if operands and results have the same, else a function type.
template <class... Types> static mlir::ParseResult parseTypes(mlir::OpAsmParser &parser, Types &...types) {
  mlir::Type type;
  const llvm::SMLoc at = parser.getCurrentLocation();
  if (parser.parseType(type))
    return mlir::failure();
  mlir::Type *all[] = {&types...};
  auto function = mlir::dyn_cast<mlir::FunctionType>(type);
  if (!function) {
    for (mlir::Type *each : all)
      *each = type;
    return mlir::success();
  }
  if (function.getNumInputs() + 1 != sizeof...(types) || function.getNumResults() != 1)
    return parser.emitError(at) << "expected the types of " << sizeof...(types) - 1
                                << " operands and one result, found " << type;
  for (auto [each, input] : llvm::zip(llvm::ArrayRef(all).drop_back(), function.getInputs()))
    *each = input;
  *llvm::ArrayRef(all).back() = function.getResult(0);
  return mlir::success();
}

template <class... Types>
static void printTypes(mlir::OpAsmPrinter &printer, mlir::Operation *, Types... types) {
  const mlir::Type all[] = {types...};
  if (llvm::all_equal(all))
    printer << all[0];
  else
    printer.printFunctionalType(llvm::ArrayRef(all).drop_back(), llvm::ArrayRef(all).take_back());
}

#define GET_OP_CLASSES
#include "dialects/NN/IR/NNOps.cpp.inc"

using namespace mlir;
using namespace arsis::nn;

void NNDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/NN/IR/NNAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "dialects/NN/IR/NNOps.cpp.inc"
      >();
}

Operation *NNDialect::materializeConstant(OpBuilder &builder, Attribute value, Type type, Location loc) {
  auto elements = dyn_cast<ElementsAttr>(value);
  if (!elements || elements.getType() != type || !elements.isSplat())
    return nullptr;
  return ConstantOp::create(builder, loc, elements);
}

// The strategy, if any, then `loops = [...]` and groups `name = {field = number, ...}` in any order.
Attribute ScheduleAttr::parse(AsmParser &parser, Type) {
  Builder builder(parser.getContext());
  std::string strategy;
  SmallVector<StringAttr> loops;
  SmallVector<NamedAttribute> groups;
  auto parseName = [&](std::string &name) { return parser.parseKeywordOrString(&name); };
  auto parseField = [&](SmallVectorImpl<NamedAttribute> &fields) -> ParseResult {
    std::string name;
    int64_t value;
    if (parseName(name) || parser.parseEqual() || parser.parseInteger(value))
      return failure();
    fields.push_back(builder.getNamedAttr(name, builder.getI64IntegerAttr(value)));
    return success();
  };
  auto parseEntry = [&]() -> ParseResult {
    std::string name;
    if (parseName(name) || parser.parseEqual())
      return failure();
    if (name == "loops")
      return parser.parseCommaSeparatedList(AsmParser::Delimiter::Square, [&]() -> ParseResult {
        std::string loop;
        if (parseName(loop))
          return failure();
        loops.push_back(builder.getStringAttr(loop));
        return success();
      });
    SmallVector<NamedAttribute> fields;
    SMLoc at = parser.getCurrentLocation();
    if (parser.parseCommaSeparatedList(AsmParser::Delimiter::Braces, [&] { return parseField(fields); }))
      return failure();
    if (DictionaryAttr::findDuplicate(fields, /*isSorted=*/false))
      return parser.emitError(at, "a field of '" + name + "' is given twice");
    groups.push_back(builder.getNamedAttr(name, builder.getDictionaryAttr(fields)));
    return success();
  };
  SMLoc at = parser.getCurrentLocation();
  if (parser.parseLess())
    return {};
  const bool hasStrategy = succeeded(parser.parseOptionalString(&strategy));
  if (failed(parser.parseOptionalGreater())) {
    if (hasStrategy && parser.parseComma())
      return {};
    if (parser.parseCommaSeparatedList(parseEntry) || parser.parseGreater())
      return {};
  }
  if (DictionaryAttr::findDuplicate(groups, /*isSorted=*/false))
    return parser.emitError(at, "a group of the schedule is given twice"), Attribute();
  return parser.getChecked<ScheduleAttr>(at, parser.getContext(), builder.getStringAttr(strategy), loops,
                                         builder.getDictionaryAttr(groups));
}

void ScheduleAttr::print(AsmPrinter &printer) const {
  printer << '<';
  bool first = true;
  auto separate = [&] {
    if (!std::exchange(first, false))
      printer << ", ";
  };
  if (!getStrategy().getValue().empty()) {
    separate();
    printer.printString(getStrategy().getValue());
  }
  if (!getLoops().empty()) {
    separate();
    printer << "loops = [";
    llvm::interleaveComma(getLoops(), printer,
                          [&](StringAttr loop) { printer.printKeywordOrString(loop.getValue()); });
    printer << ']';
  }
  for (NamedAttribute group : getGroups()) {
    separate();
    printer.printKeywordOrString(group.getName().getValue());
    printer << " = {";
    llvm::interleaveComma(cast<DictionaryAttr>(group.getValue()), printer, [&](NamedAttribute field) {
      printer.printKeywordOrString(field.getName().getValue());
      printer << " = " << cast<IntegerAttr>(field.getValue()).getInt();
    });
    printer << '}';
  }
  printer << '>';
}

LogicalResult ScheduleAttr::verify(function_ref<InFlightDiagnostic()> emitError, StringAttr,
                                   ArrayRef<StringAttr> loops, DictionaryAttr groups) {
  static constexpr StringLiteral kGroups[] = {"tiles", "chunks", "pack", "resident", "slots", "split"};
  for (auto [position, loop] : llvm::enumerate(loops))
    if (llvm::is_contained(loops.drop_front(position + 1), loop))
      return emitError() << "expects the loops of a schedule to differ, found " << loop << " twice";
  for (NamedAttribute group : groups) {
    if (!llvm::is_contained(kGroups, group.getName().getValue()))
      return emitError() << "expects the groups of a schedule to be tiles, chunks, pack, resident, slots and "
                            "split, found "
                         << group.getName();
    auto fields = dyn_cast<DictionaryAttr>(group.getValue());
    for (NamedAttribute field : fields ? fields.getValue() : ArrayRef<NamedAttribute>())
      if (auto number = dyn_cast<IntegerAttr>(field.getValue());
          !number || !number.getType().isSignlessInteger(64) || number.getInt() < 0)
        return emitError() << "expects '" << group.getName().getValue() << "." << field.getName().getValue()
                           << "' of a schedule to be a number that is not negative, found "
                           << field.getValue();
    if (!fields)
      return emitError() << "expects '" << group.getName().getValue() << "' of a schedule to be numbers";
  }
  return success();
}

LogicalResult PlanAttr::verify(function_ref<InFlightDiagnostic()> emitError, ArrayRef<StringAttr> dims,
                               ArrayRef<int64_t> chunks, PlanBegin) {
  if (dims.size() != chunks.size())
    return emitError() << "expects one chunk per dimension of the plan, found " << chunks.size()
                       << " chunks for " << dims.size() << " dimensions";
  for (auto [position, dim] : llvm::enumerate(dims)) {
    if (llvm::is_contained(dims.drop_front(position + 1), dim))
      return emitError() << "expects the dimensions of the plan to differ, found " << dim << " twice";
    if (chunks[position] < 1)
      return emitError() << "expects positive chunks, found " << chunks[position] << " for " << dim;
  }
  return success();
}

static LogicalResult verifyHostPermutation(Operation *op, Attribute value, Type type) {
  auto permutation = dyn_cast<DenseI64ArrayAttr>(value);
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (!permutation || !tensor || permutation.size() > tensor.getRank())
    return op->emitError() << "expects " << kHostPermutation
                           << " to be an i64 array no longer than the rank of " << type << ", found "
                           << value;
  llvm::SmallBitVector seen(tensor.getRank());
  for (int64_t dim : permutation.asArrayRef()) {
    if (dim < 0 || dim >= tensor.getRank() || seen.test(dim))
      return op->emitError() << "expects " << kHostPermutation << " to name different dimensions of " << type
                             << ", found " << value;
    seen.set(dim);
  }
  return success();
}

LogicalResult arsis::nn::verifyTensor(Operation *op, Type type, StringRef kind, unsigned number) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  if (tensor && tensor.hasStaticShape() && isWithinLimits(tensor.getShape()) &&
      (tensor.getElementType().isF32() || tensor.getElementType().isBF16() ||
       tensor.getElementType().isF16() || tensor.getElementType().isInteger(32)))
    return success();
  return op->emitError() << "expects " << kind << " " << number
                         << " to be a static tensor of f32, bf16, f16 or i32 with extents from 1 to "
                         << arsis::isa::kLargestExtent << " and at most " << arsis::isa::kLargestTensor
                         << " elements, found " << type;
}

FailureOr<ArrayAttr> arsis::nn::notObservable(Operation *op) {
  Attribute value = op->getDiscardableAttr(kNotObservable);
  if (!value)
    return ArrayAttr::get(op->getContext(), {});
  auto names = dyn_cast<ArrayAttr>(value);
  if (!names || !llvm::all_of(names, llvm::IsaPred<StringAttr>))
    return op->emitError() << "expects " << kNotObservable << " to be an array of strings, found " << value;
  return names;
}

// What arguments and results have in common; `roles` are the allowed ones.
static LogicalResult verifyTensorAttribute(Operation *op, NamedAttribute attribute, Type type,
                                           ArrayRef<Role> roles) {
  StringRef name = attribute.getName();
  Attribute value = attribute.getValue();
  if (name == kName) {
    if (auto text = dyn_cast<StringAttr>(value); !text || text.empty())
      return op->emitError() << "expects " << kName << " to be a non-empty string, found " << value;
    return success();
  }
  if (name == kRole) {
    auto role = dyn_cast<RoleAttr>(value);
    if (role && llvm::is_contained(roles, role.getValue()))
      return success();
    std::string expected;
    llvm::raw_string_ostream stream(expected);
    llvm::interleaveComma(roles, stream, [&](Role known) { stream << stringifyRole(known); });
    return op->emitError() << "expects " << kRole << " to be #nn.role of one of " << expected << ", found "
                           << value;
  }
  if (name == kHostShape) {
    if (!isa<DenseI64ArrayAttr>(value))
      return op->emitError() << "expects " << kHostShape << " to be an i64 array, found " << value;
    return success();
  }
  if (name == kHostPermutation)
    return verifyHostPermutation(op, value, type);
  return op->emitError() << "expects a known nn attribute here, found " << name;
}

// `attributesOf(i)` are the attributes of the i-th of `count` arguments or results; names among them differ.
// The first that has a name looks at all of them, so that the time is linear.
static LogicalResult verifyUniqueNames(Operation *op, NamedAttribute attribute, unsigned position,
                                       unsigned count, StringRef kind,
                                       llvm::function_ref<DictionaryAttr(unsigned)> attributesOf) {
  if (attribute.getName() != kName)
    return success();
  auto nameOf = [&](unsigned number) {
    DictionaryAttr attributes = attributesOf(number);
    return attributes ? attributes.get(kName) : Attribute();
  };
  for (unsigned earlier = 0; earlier < position; ++earlier)
    if (nameOf(earlier))
      return success();
  llvm::DenseMap<Attribute, unsigned> seen;
  for (unsigned number = position; number < count; ++number)
    if (Attribute name = nameOf(number))
      if (auto [first, isNew] = seen.try_emplace(name, number); !isNew)
        return op->emitError() << "expects the names of the " << kind << "s to differ, found " << name
                               << " on " << kind << " " << first->second << " and " << number;
  return success();
}

/// Whether the attribute names another argument, as `nn.donates` does.
static bool namesArgument(StringRef name) {
  return name == kDonates || name == kGradientOf || name == kSlotOf;
}

/// `kind` and `position` of who has the attribute, for messages.
static LogicalResult verifyArgumentNumber(FunctionOpInterface function, NamedAttribute attribute, Type type,
                                          StringRef kind, unsigned position) {
  StringRef name = attribute.getName();
  auto number = dyn_cast<IntegerAttr>(attribute.getValue());
  if (!number || !number.getType().isSignlessInteger(64) || number.getInt() < 0 ||
      number.getInt() >= function.getNumArguments())
    return function->emitError() << "expects " << name << " to be the number of an argument, found "
                                 << attribute.getValue();
  if (Type other = function.getArgumentTypes()[number.getInt()]; other != type)
    return function->emitError() << "expects " << kind << " " << position
                                 << " to have the type of the argument it "
                                 << (name == kDonates      ? "replaces"
                                     : name == kGradientOf ? "is the gradient of"
                                                           : "belongs to")
                                 << ", found " << type << " and " << other;
  if (name != kDonates)
    if (auto role = function.getArgAttrOfType<RoleAttr>(number.getInt(), kRole);
        role && role.getValue() != Role::Parameter)
      return function->emitError() << "expects " << name << " of " << kind << " " << position
                                   << " to be the number of a parameter, found one of role "
                                   << stringifyRole(role.getValue());
  return success();
}

LogicalResult NNDialect::verifyRegionArgAttribute(Operation *op, unsigned region, unsigned argument,
                                                  NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return op->emitError() << "expects nn attributes on arguments of functions only, found "
                           << attribute.getName();
  Type type = function.getArgumentTypes()[argument];
  if (failed(verifyTensor(op, type, "argument", argument)))
    return failure();
  if (attribute.getName() == kInitial) {
    auto elements = dyn_cast<ElementsAttr>(attribute.getValue());
    if (!elements || elements.getShapedType() != type)
      return op->emitError() << "expects " << kInitial << " of argument " << argument
                             << " to be elements of type " << type;
    return success();
  }
  if (namesArgument(attribute.getName()) && attribute.getName() != kDonates)
    return verifyArgumentNumber(function, attribute, type, "argument", argument);
  if (failed(verifyUniqueNames(op, attribute, argument, function.getNumArguments(), "argument",
                               [&](unsigned i) { return function.getArgAttrDict(i); })))
    return failure();
  return verifyTensorAttribute(
      op, attribute, type,
      {Role::Input, Role::Label, Role::Parameter, Role::State, Role::Hyper, Role::Gradient});
}

// As above, the first result that replaces an argument looks at all of them.
static LogicalResult verifyOneResultPerArgument(FunctionOpInterface function, unsigned position) {
  auto replaced = [&](unsigned result) { // of another type, it gets an error of its own
    auto number = function.getResultAttrOfType<IntegerAttr>(result, kDonates);
    return number && number.getType().isSignlessInteger(64) ? number : IntegerAttr();
  };
  for (unsigned earlier = 0; earlier < position; ++earlier)
    if (replaced(earlier))
      return success();
  llvm::DenseMap<Attribute, unsigned> seen;
  for (unsigned result = position; result < function.getNumResults(); ++result)
    if (IntegerAttr number = replaced(result))
      if (auto [first, isNew] = seen.try_emplace(number, result); !isNew)
        return function->emitError()
               << "expects at most one result in the place of an argument, found results " << first->second
               << " and " << result << " in the place of argument " << number.getInt();
  return success();
}

LogicalResult NNDialect::verifyRegionResultAttribute(Operation *op, unsigned region, unsigned result,
                                                     NamedAttribute attribute) {
  auto function = dyn_cast<FunctionOpInterface>(op);
  if (!function)
    return op->emitError() << "expects nn attributes on results of functions only, found "
                           << attribute.getName();
  Type type = function.getResultTypes()[result];
  if (failed(verifyTensor(op, type, "result", result)))
    return failure();
  if (namesArgument(attribute.getName())) {
    if (failed(verifyArgumentNumber(function, attribute, type, "result", result)))
      return failure();
    return attribute.getName() == kDonates ? verifyOneResultPerArgument(function, result) : success();
  }
  if (failed(verifyUniqueNames(op, attribute, result, function.getNumResults(), "result",
                               [&](unsigned i) { return function.getResultAttrDict(i); })))
    return failure();
  return verifyTensorAttribute(
      op, attribute, type,
      {Role::Output, Role::Loss, Role::Parameter, Role::State, Role::Gradient, Role::Activation});
}
