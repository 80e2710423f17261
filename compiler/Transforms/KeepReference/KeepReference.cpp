// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Prints the module for the reference and completes what its functions remember.
#include "compiler/Transforms/KeepReference/KeepReference.h"

#include "compiler/Record/Record.h"
#include "compiler/Transforms/AttachLoss/AttachLoss.h"

using namespace mlir;

namespace arsis::compiler {

#define GEN_PASS_DEF_KEEPREFERENCE
#include "compiler/Transforms/KeepReference/KeepReference.h.inc"

/// Whatever the command line asks of texts that people read, the program stays the same.
static OpPrintingFlags fixedFlags() {
  constexpr int64_t kHexFrom = 100; // MLIR's own default
  OpPrintingFlags flags;
  flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/false);
  flags.elideLargeElementsAttrs(INT64_MAX).elideLargeResourceString(INT64_MAX);
  flags.printLargeElementsAttrWithHex(kHexFrom).printGenericOpForm(false).skipRegions(false);
  flags.assumeVerified(false).useLocalScope(false).printValueUsers(false).printUniqueSSAIDs(false);
  flags.printNameLocAsPrefix(false);
  return flags;
}

std::string referenceText(ModuleOp module) {
  OwningOpRef<ModuleOp> copy = module.clone();
  for (auto function : copy->getOps<func::FuncOp>()) {
    function->removeDiscardableAttr(kOptions);
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      if (auto initial = function.getArgAttrOfType<ElementsAttr>(i, nn::kInitial);
          initial && !initial.isSplat())
        function.removeArgAttr(i, nn::kInitial);
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  copy->print(stream, fixedFlags());
  return text;
}

namespace {
struct KeepReference : impl::KeepReferenceBase<KeepReference> {
  using KeepReferenceBase::KeepReferenceBase;
  void runOnOperation() override {
    auto functions = getOperation().getOps<func::FuncOp>();
    if (functions.empty())
      return;
    for (func::FuncOp function : functions) {
      FailureOr<DictionaryAttr> options = optionsOf(function);
      if (failed(options) ||
          failed(setOptions(function, {{"mode", function.getName() == kTrainFunction ? "train" : "forward"},
                                       {"keep", option(*options, "keep").value_or("")}})))
        return signalPassFailure();
    }
    setReference(getOperation(), referenceText(getOperation()));
  }
};
} // namespace

} // namespace arsis::compiler
