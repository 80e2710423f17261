// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See MlirOptions.h. The library registers hundreds of options of code generators besides; only those named
// here are ours.
#include "tools/arsis-compile/MlirOptions.h"

#include "compiler/Pipelines/Register.h"
#include "dialects/Isa/Encoding/Error.h"

#include "mlir/IR/AsmState.h"
#include "mlir/Support/Timing.h"
#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "llvm/Support/CommandLine.h"

using namespace mlir;
namespace cl = llvm::cl;

namespace arsis::tool {
namespace {

struct PluginOptions {
  cl::list<std::string> passes{"load-pass-plugin", cl::desc("library with passes for --at-LEVEL")};
  cl::list<std::string> dialects{"load-dialect-plugin", cl::desc("library with dialects and their passes")};
  cl::opt<bool> dump{"dump-pass-pipeline", cl::desc("print the passes before they run")};
};

PluginOptions &pluginOptions() {
  static PluginOptions options;
  return options;
}

/// Statistics are compiled out of Debian's MLIR.
bool isOurs(StringRef name) {
  return (name.starts_with("mlir-") && !name.starts_with("mlir-pass-statistics")) ||
         name == "load-pass-plugin" || name == "load-dialect-plugin" || name == "dump-pass-pipeline";
}

void registerOptions() {
  pluginOptions();
  registerAsmPrinterCLOptions();
  registerPassManagerCLOptions();
  registerDefaultTimingManagerCLOptions();
}

template <class Plugin> Plugin load(const std::string &path) {
  llvm::Expected<Plugin> plugin = Plugin::load(path);
  if (!plugin)
    throw Error("cannot load plugin " + path + ": " + llvm::toString(plugin.takeError()));
  return *plugin;
}

} // namespace

std::vector<std::string> takeMlirOptions(int argc, char **argv, DialectRegistry &registry) {
  compiler::registerPasses(); // --mlir-print-ir-after knows those that are registered by now
  registerOptions();
  llvm::DenseMap<StringRef, cl::Option *> &known = cl::getRegisteredOptions();
  std::vector<std::string> left = {argv[0]};
  std::vector<const char *> ours = {argv[0]};
  for (int i = 1; i < argc; ++i) {
    const StringRef text = argv[i];
    const auto [name, value] = text.drop_front(text.starts_with("--") ? 2 : 0).split('=');
    const auto option = known.find(name);
    if (!text.starts_with("--") || !isOurs(name) || option == known.end()) {
      left.push_back(argv[i]);
      continue;
    }
    ours.push_back(argv[i]);
    const bool inNext = option->second->getValueExpectedFlag() == cl::ValueRequired && !text.contains('=');
    if (inNext && i + 1 < argc)
      ours.push_back(argv[++i]);
  }
  std::string problem;
  llvm::raw_string_ostream stream(problem);
  if (!cl::ParseCommandLineOptions(static_cast<int>(ours.size()), ours.data(), "", &stream))
    throw Error(StringRef(problem).rtrim().str());
  for (const std::string &path : pluginOptions().passes)
    load<PassPlugin>(path).registerPassRegistryCallbacks();
  for (const std::string &path : pluginOptions().dialects)
    load<DialectPlugin>(path).registerDialectRegistryCallbacks(registry);
  return left;
}

void applyMlirOptions(PassManager &passes) {
  if (failed(applyPassManagerCLOptions(passes)))
    throw Error("MLIR does not take this combination of its options");
  if (pluginOptions().dump)
    passes.dump();
}

std::string describeMlirOptions() {
  std::map<std::string, std::string> sorted;
  for (const auto &[name, option] : cl::getRegisteredOptions())
    if (isOurs(name))
      sorted.emplace(name.str(), option->HelpStr.str());
  std::string text = "options of MLIR\n";
  for (const auto &[name, help] : sorted)
    text += "  --" + name + std::string(name.size() < 34 ? 34 - name.size() : 1, ' ') + help + "\n";
  return text;
}

} // namespace arsis::tool
