// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// A plugin as somebody else would write it: a pass that counts, one that fails, and a dialect with neither.
#include "dialects/NN/IR/NNDialect.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"

using namespace mlir;

namespace {

struct CountConvolutions : PassWrapper<CountConvolutions, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(CountConvolutions)
  StringRef getArgument() const override { return "test-count-convolutions"; }
  StringRef getDescription() const override { return "remark on the number of convolutions"; }
  void runOnOperation() override {
    unsigned count = 0;
    getOperation().walk([&](arsis::nn::Conv2dOp) { ++count; });
    getOperation().emitRemark() << "counted " << count << " convolutions; dialect "
                                << (llvm::is_contained(getContext().getAvailableDialects(), "test_plugin")
                                        ? "available"
                                        : "absent");
  }
};

struct Fail : PassWrapper<Fail, OperationPass<ModuleOp>> {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(Fail)
  StringRef getArgument() const override { return "test-fail"; }
  StringRef getDescription() const override { return "fail"; }
  void runOnOperation() override {
    getOperation().emitError("asked to fail");
    signalPassFailure();
  }
};

struct PluginDialect : Dialect {
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(PluginDialect)
  static StringRef getDialectNamespace() { return "test_plugin"; }
  explicit PluginDialect(MLIRContext *context)
      : Dialect(getDialectNamespace(), context, TypeID::get<PluginDialect>()) {}
};

} // namespace

extern "C" PassPluginLibraryInfo mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "ArsisTestPlugin", "1", [] {
            PassRegistration<CountConvolutions>();
            PassRegistration<Fail>();
          }};
}

extern "C" DialectPluginLibraryInfo mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "ArsisTestPlugin", "1",
          [](DialectRegistry *registry) { registry->insert<PluginDialect>(); }};
}
