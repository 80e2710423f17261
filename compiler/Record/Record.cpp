// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The record as attributes. The reference is a resource, which stands at the end of a text and which the
// options that elide constants elide.
#include "compiler/Record/Record.h"

#include "arch_configs/reader/Options.h"
#include "compiler/Analysis/Reported.h"

#include "mlir/IR/Builders.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace arsis::compiler {

static constexpr llvm::StringLiteral kChip = "chip", kOverrides = "chip_overrides", kChipKey = "chip.";

FailureOr<DictionaryAttr> optionsOf(Operation *step) {
  Attribute value = step->getDiscardableAttr(kOptions);
  if (!value)
    return DictionaryAttr::get(step->getContext());
  auto options = dyn_cast<DictionaryAttr>(value);
  if (options &&
      llvm::all_of(options, [](NamedAttribute entry) { return isa<StringAttr>(entry.getValue()); }))
    return options;
  return step->emitError() << "expects " << kOptions << " to be a dictionary of strings, found " << value;
}

std::optional<std::string> option(DictionaryAttr options, StringRef key) {
  auto text = options.getAs<StringAttr>(key);
  return text ? std::optional(text.str()) : std::nullopt;
}

static void store(Operation *step, const NamedAttrList &entries) {
  step->setDiscardableAttr(kOptions, entries.getDictionary(step->getContext()));
}

static void set(NamedAttrList &entries, MLIRContext *context, StringRef key, StringRef value) {
  entries.set(StringAttr::get(context, key), StringAttr::get(context, value));
}

LogicalResult setOptions(Operation *step, const std::map<std::string, std::string> &entries) {
  FailureOr<DictionaryAttr> options = optionsOf(step);
  if (failed(options))
    return failure();
  NamedAttrList list(*options);
  for (const auto &[key, value] : entries)
    set(list, step->getContext(), key, value);
  store(step, list);
  return success();
}

std::optional<chip::Chip> readChip(Operation *op, StringRef pass, const std::string &chip,
                                   ArrayRef<std::string> set) {
  try {
    if (chip.empty())
      throw Error(pass.str() + " needs the option chip");
    return chip::load(chip, set.vec());
  } catch (const Error &error) {
    ofKind(kindOf(error), op->emitError(error.what()));
    return std::nullopt;
  }
}

LogicalResult checkChip(Operation *op, DictionaryAttr options, const chip::Chip &chip) {
  const chip::Chip values = chip.withoutReads();
  for (NamedAttribute entry : options) {
    StringRef key = entry.getName().getValue();
    if (!key.consume_front(kChipKey))
      continue;
    const StringRef expected = cast<StringAttr>(entry.getValue()).getValue();
    try {
      double number = 0; // written in another way it is the same value
      if (values.text(key.str()) != expected &&
          (expected.getAsDouble(number) || values.real(key.str()) != number))
        return op->emitError() << "was compiled so far for " << key << " = " << expected << ", the chip "
                               << chip.name << " has " << values.text(key.str())
                               << "; start from the step to compile for another chip";
    } catch (const Error &error) {
      return ofKind(kindOf(error), op->emitError(error.what()));
    }
  }
  return success();
}

LogicalResult recordChip(Operation *step, const chip::Chip &chip, ChipUse use) {
  FailureOr<DictionaryAttr> options = optionsOf(step);
  if (failed(options) || (use == ChipUse::Further && failed(checkChip(step, *options, chip))))
    return failure();
  NamedAttrList entries;
  for (NamedAttribute entry : *options)
    if (use == ChipUse::Further || !entry.getName().getValue().starts_with(kChipKey))
      entries.append(entry);
  MLIRContext *context = step->getContext();
  set(entries, context, kChip, chip.name);
  set(entries, context, kOverrides, llvm::join(chip::overridesOf(chip), ","));
  for (const std::string &key : chip.readKeys())
    set(entries, context, kChipKey.str() + key, chip.text(key));
  store(step, entries);
  return success();
}

std::optional<ChipOptions> rememberedChip(DictionaryAttr options) {
  std::optional<std::string> name = option(options, kChip);
  if (!name)
    return std::nullopt;
  ChipOptions chip{*name, {}};
  SmallVector<StringRef> overrides;
  const std::string text = option(options, kOverrides).value_or("");
  StringRef(text).split(overrides, ',', -1, /*KeepEmpty=*/false);
  for (StringRef entry : overrides)
    chip.set.push_back(entry.str());
  return chip;
}

FailureOr<std::string> referenceOf(ModuleOp module) {
  Attribute value = module->getDiscardableAttr(kReference);
  if (!value)
    return std::string();
  auto resource = dyn_cast<DenseResourceElementsAttr>(value);
  if (AsmResourceBlob *blob = resource ? resource.getRawHandle().getBlob() : nullptr)
    return std::string(blob->getData().data(), blob->getData().size());
  return module.emitError() << "expects " << kReference << " to be a dense_resource with its bytes, found "
                            << value;
}

void setReference(ModuleOp module, StringRef text) {
  auto type = RankedTensorType::get({int64_t(text.size())}, IntegerType::get(module.getContext(), 8));
  module->setDiscardableAttr(kReference,
                             DenseResourceElementsAttr::get(type, "nn_module",
                                                            HeapAsmResourceBlob::allocateAndCopyInferAlign(
                                                                ArrayRef<char>(text.data(), text.size()))));
}

} // namespace arsis::compiler
