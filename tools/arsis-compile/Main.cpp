// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// arsis-compile: a model (.onnx, or the text of any level as .mlir) and a chip become a program, or any of
// the levels on the way. What it runs is the registered pipeline. Exits with 1 after an error, which it
// prints as `error: ...`.

#include "tools/common/Main.h"
#include "compiler/Pipelines/Compile.h"
#include "compiler/Pipelines/Diagnostics.h"
#include "compiler/Schedule/Strategies.h"
#include "compiler/Target/Translate.h"
#include "dialects/Isa/Encoding/Initials.h"
#include "dialects/Isa/Encoding/InputFile.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "dialects/NN/IR/Brought.h"
#include "tools/arsis-compile/MlirOptions.h"
#include "tools/common/Options.h"

#include "mlir/Support/Timing.h"
#include "llvm/Support/ErrorHandling.h"

#include <iostream>

namespace options = boost::program_options;
using namespace arsis;
using namespace arsis::compiler;

namespace {

struct Arguments {
  Model model;
  std::string output, weights; // no weights: the program keeps them
  Stage stage = Stage::Binary;
};

options::options_description describeOptions(CompileOptions &compile) {
  options::options_description described("usage: arsis-compile MODEL.onnx|LEVEL.mlir [options]\noptions");
  const auto text = [] { return options::value<std::string>(); };
  const auto list = [] { return options::value<std::vector<std::string>>()->composing(); };
  auto add = described.add_options();
  add("model", text(), "an ONNX model, or the text of any level");
  add("batch", text(), "images per step; first dimension of the inputs, also where the file fixes another");
  add("dim", list(), "NAME=VALUE: binds a symbolic dimension");
  add("tie", list(), "PATTERN: constants that stay one parameter of all nodes that read them");
  add("untie", list(), "PATTERN: constants that are a parameter of each node that reads them");
  add("freeze", list(),
      "PATTERN: parameters that training leaves as they are; no gradient is computed for them");
  add("random-weights", text(), "SEED: random values for parameters that the file gives none");
  add("emit", text()->default_value("bin"), "level to write: nn, step, mapped, tile, isa, asm, bin");
  add("weights", text(),
      "file (.safetensors) that takes the initial values; the program names it, with its hash");
  add("output,o", text()->default_value("-"), "output file ('-': standard output)");
  add("help,h", "this text");
  compile.visit([&](llvm::StringRef name, llvm::StringRef help, CompileOptions::Kind kind) {
    if (name == "to") // --emit says it
      return;
    const options::value_semantic *value = options::bool_switch();
    if (kind == CompileOptions::Kind::Text)
      value = text();
    else if (kind == CompileOptions::Kind::List)
      value = list();
    add(name.str().c_str(), value, help.str().c_str());
  });
  tool::addPluginOption(described);
  return described;
}

ImportOptions readImport(const options::variables_map &given) {
  ImportOptions import;
  const auto list = [&](const char *name) {
    return given.count(name) ? given[name].as<std::vector<std::string>>() : std::vector<std::string>();
  };
  if (given.count("batch"))
    import.batch =
        static_cast<int64_t>(tool::wholeNumber(given["batch"].as<std::string>(), "--batch", 1, INT64_MAX));
  for (const std::string &text : list("dim"))
    parseDimension(text, import);
  import.tie = list("tie");
  import.untie = list("untie");
  import.freeze = list("freeze");
  if (given.count("random-weights"))
    import.randomWeights = tool::wholeNumber(given["random-weights"].as<std::string>(), "--random-weights");
  return import;
}

void readCompile(const options::variables_map &given, Stage stage, CompileOptions &compile) {
  compile.visit([&](llvm::StringRef name, llvm::StringRef, CompileOptions::Kind kind) {
    const options::variable_value &value = given[name.str()];
    if (value.empty() || (kind == CompileOptions::Kind::Flag && !value.as<bool>()))
      return;
    if (kind == CompileOptions::Kind::Flag)
      compile.assign(name, "true");
    else if (kind == CompileOptions::Kind::Text)
      compile.assign(name, value.as<std::string>());
    else
      for (const std::string &entry : value.as<std::vector<std::string>>())
        compile.assign(name, entry);
  });
  static const char *const levels[] = {"nn", "step", "mapped", "tile", "isa", "isa", "isa"};
  compile.assign("to", levels[static_cast<int>(stage)]);
  readTraining(compile);
  if (!compile.mapping.empty())
    readFile(compile.mapping.getValue()); // what the pass will read: a mistake shows before the model is
}

/// Nothing if help was asked for.
std::optional<Arguments> parse(const std::vector<std::string> &arguments, CompileOptions &compile) {
  std::vector<char *> argv;
  for (const std::string &text : arguments)
    argv.push_back(const_cast<char *>(text.c_str()));
  const options::options_description described = describeOptions(compile);
  const options::variables_map given =
      tool::parseOptions(static_cast<int>(argv.size()), argv.data(), described,
                         options::positional_options_description().add("model", 1));
  if (given.count("help")) {
    std::cout << described << tool::describeMlirOptions();
    return std::nullopt;
  }
  tool::loadPlugins(given, {nn::takeDialects, schedule::takeStrategies});
  Arguments a;
  a.model.name = tool::required(given, "model");
  a.output = given["output"].as<std::string>();
  a.stage = parseStage(given["emit"].as<std::string>(), "--emit");
  if (a.stage == Stage::Binary && a.output == "-")
    throw Error("a program is binary; name its file with -o FILE, or choose a text with --emit");
  a.model.import = readImport(given);
  readCompile(given, a.stage, compile);
  if (given.count("weights"))
    a.weights = given["weights"].as<std::string>();
  if (given.count("weights") && (a.weights.empty() || a.weights == "-"))
    throw Error("--weights: found '" + a.weights + "', expected the name of a file");
  if (given.count("weights") && a.stage != Stage::Binary && a.stage != Stage::Assembly)
    throw Error("--weights: found --emit " + given["emit"].as<std::string>() +
                ", expected bin or asm, which name a file of initial values");
  refuseSharedFiles({{"the model", a.model.name},
                     {"--chip", compile.chip.getValue()},
                     {"--mapping", compile.mapping.getValue()}},
                    {{"--output", a.output},
                     {"--weights", a.weights},
                     {"--write-schedules", compile.writeSchedules.getValue()}});
  return a;
}

/// Writes the level asked for. Returns failure after a diagnostic.
mlir::LogicalResult compile(mlir::MLIRContext &context, const Arguments &a, CompileOptions &options,
                            std::ostream &out) {
  mlir::DefaultTimingManager timing;
  mlir::applyDefaultTimingManagerCLOptions(timing);
  mlir::TimingScope whole = timing.getRootScope();
  tool::nowDoing("reading " + a.model.name);
  mlir::TimingScope part = whole.nest("import");
  mlir::OwningOpRef<mlir::ModuleOp> module = importModel(context, a.model, options);
  part.stop();
  if (!module)
    return mlir::failure();
  tool::nowDoing("compiling " + a.model.name);
  mlir::PassManager passes(&context, mlir::ModuleOp::getOperationName());
  if (failed(preparePasses(passes, *module, a.model.name, options)))
    return mlir::failure();
  tool::applyMlirOptions(passes);
  passes.enableTiming(whole);
  if (failed(passes.run(*module)))
    return mlir::failure();
  part = whole.nest("output");
  if (a.stage <= Stage::Isa)
    return out << moduleText(*module), mlir::success();
  mlir::FailureOr<isa::Program> program = translateToProgram(*module);
  if (failed(program))
    return mlir::failure();
  isa::validateProgram(*program);
  if (!a.weights.empty())
    isa::moveInitialsToFile(*program, a.weights, isa::folderOf(a.output));
  if (a.stage == Stage::Assembly)
    return out << isa::disassemble(*program), mlir::success();
  const std::vector<uint8_t> bytes = isa::encodeProgram(*program);
  out.write(reinterpret_cast<const char *>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return mlir::success();
}

int run(int argc, char **argv) {
  const numerics::FloatEnvironment environment;
  mlir::DialectRegistry plugins;
  CompileOptions options;
  const std::vector<std::string> left = tool::takeMlirOptions(argc, argv, plugins);
  const std::optional<Arguments> arguments = parse(left, options);
  if (!arguments)
    return 0;
  std::unique_ptr<mlir::MLIRContext> context = makeContext(plugins);
  DiagnosticLog log(*context);
  try {
    OutputFile file(arguments->output);
    const mlir::LogicalResult result = compile(*context, *arguments, options, file.stream());
    if (succeeded(result))
      file.commit();
    std::cerr << log.text();
    return succeeded(result) ? 0 : 1;
  } catch (...) {
    std::cerr << log.text();
    throw;
  }
}

} // namespace

int main(int argc, char **argv) {
  // What LLVM gives up on is an error too.
  llvm::install_bad_alloc_error_handler(
      [](void *, const char *, bool) { std::_Exit(tool::reportOutOfMemory()); });
  llvm::install_fatal_error_handler(
      [](void *, const char *reason, bool) { std::_Exit(tool::reportError(reason)); });
  return tool::runMain(run, argc, argv);
}
