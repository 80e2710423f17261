// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attributes of the isa dialect: text of affine values, extents, addresses and waits.
#include "dialects/Isa/IR/Isa.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectImplementation.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace arsis;
using namespace arsis::isair;

#define GET_ATTRDEF_CLASSES
#include "dialects/Isa/IR/IsaAttributes.cpp.inc"

void IsaDialect::registerFieldAttributes() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "dialects/Isa/IR/IsaAttributes.cpp.inc"
      >();
}

namespace arsis::isa {
static llvm::hash_code hashTerms(const Terms &terms) {
  llvm::hash_code hash = llvm::hash_value(terms.size());
  for (const Term &term : terms)
    hash = llvm::hash_combine(hash, term.loop, term.stride);
  return hash;
}
llvm::hash_code hash_value(const Affine &value) {
  return llvm::hash_combine(value.base, hashTerms(value.terms));
}
llvm::hash_code hash_value(const Extent &value) {
  return llvm::hash_combine(value.tile, value.clamped,
                            value.clamped ? hash_value(value.limit) : llvm::hash_code(0));
}
llvm::hash_code hash_value(const Address &value) {
  return llvm::hash_combine(value.base, value.slots, value.slotSize, hash_value(value.slot),
                            hashTerms(value.strides));
}
llvm::hash_code hash_value(const Wait &value) {
  return llvm::hash_combine(value.counter, hash_value(value.value));
}
} // namespace arsis::isa

// affine ::= integer (`+` integer `*` `i`depth)*
static void printTerms(AsmPrinter &printer, int64_t base, const isa::Terms &terms) {
  printer << base;
  for (const isa::Term &term : terms)
    printer << " + " << term.stride << "*i" << unsigned(term.loop);
}

static ParseResult parseTerms(AsmParser &parser, int64_t &base, isa::Terms &terms) {
  if (parser.parseInteger(base))
    return failure();
  while (succeeded(parser.parseOptionalPlus())) {
    int64_t stride;
    StringRef index;
    SMLoc location;
    unsigned loop = 0;
    if (parser.parseInteger(stride) || parser.parseStar() || parser.getCurrentLocation(&location) ||
        parser.parseKeyword(&index))
      return failure();
    if (!index.consume_front("i") || index.getAsInteger(10, loop) || loop >= isa::kMaxLoopDepth)
      return parser.emitError(location) << "expected a loop index, i0 to i" << isa::kMaxLoopDepth - 1;
    isa::addTerm(terms, loop, stride);
  }
  return success();
}

static ParseResult parseAffine(AsmParser &parser, isa::Affine &affine) {
  return parseTerms(parser, affine.base, affine.terms);
}

void AffineAttr::print(AsmPrinter &printer) const {
  printer << "<";
  printTerms(printer, getValue().base, getValue().terms);
  printer << ">";
}

Attribute AffineAttr::parse(AsmParser &parser, Type) {
  isa::Affine affine;
  if (parser.parseLess() || parseAffine(parser, affine) || parser.parseGreater())
    return {};
  return get(parser.getContext(), affine);
}

void ExtentAttr::print(AsmPrinter &printer) const {
  printer << "<" << getValue().tile;
  if (getValue().clamped) {
    printer << ", limit ";
    printTerms(printer, getValue().limit.base, getValue().limit.terms);
  }
  printer << ">";
}

Attribute ExtentAttr::parse(AsmParser &parser, Type) {
  isa::Extent extent;
  if (parser.parseLess() || parser.parseInteger(extent.tile))
    return {};
  if (succeeded(parser.parseOptionalComma())) {
    extent.clamped = true;
    if (parser.parseKeyword("limit") || parseAffine(parser, extent.limit))
      return {};
  }
  if (parser.parseGreater())
    return {};
  return get(parser.getContext(), extent);
}

void AddressAttr::print(AsmPrinter &printer) const {
  const isa::Address &address = getValue();
  printer << "<";
  printTerms(printer, address.base, address.strides);
  if (address.hasRing()) {
    printer << ", ring " << address.slots << "*" << address.slotSize << " at ";
    printTerms(printer, address.slot.base, address.slot.terms);
  }
  printer << ">";
}

Attribute AddressAttr::parse(AsmParser &parser, Type) {
  isa::Address address;
  if (parser.parseLess() || parseTerms(parser, address.base, address.strides))
    return {};
  if (succeeded(parser.parseOptionalComma()) &&
      (parser.parseKeyword("ring") || parser.parseInteger(address.slots) || parser.parseStar() ||
       parser.parseInteger(address.slotSize) || parser.parseKeyword("at") ||
       parseAffine(parser, address.slot)))
    return {};
  if (parser.parseGreater())
    return {};
  return get(parser.getContext(), address);
}

void WaitAttr::print(AsmPrinter &printer) const {
  printer << "<counter " << unsigned(getValue().counter) << " reaches ";
  printTerms(printer, getValue().value.base, getValue().value.terms);
  printer << ">";
}

Attribute WaitAttr::parse(AsmParser &parser, Type) {
  isa::Wait wait;
  if (parser.parseLess() || parser.parseKeyword("counter") || parser.parseInteger(wait.counter) ||
      parser.parseKeyword("reaches") || parseAffine(parser, wait.value) || parser.parseGreater())
    return {};
  return get(parser.getContext(), wait);
}
