// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Each compilation works on a clone. A context keeps every attribute and resource that a compilation made, so
// it is given up and the model read again before these outweigh the reading.

#include "compiler/Pipelines/ImportedModel.h"

#include "compiler/Target/Translate.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"

#include "llvm/ADT/StringRef.h"

using namespace mlir;

namespace arsis::compiler {

/// Compilations of one context: a sixteenth of the reading is left to each.
static constexpr int kCompilationsOfAContext = 16;

struct ImportedModel::Read {
  std::unique_ptr<MLIRContext> context = makeContext();
  OwningOpRef<ModuleOp> module;
  std::vector<Message> messages;
  int compilations = 0;

  Read(const Model &model, bool training) {
    CompileOptions options;
    options.train = training;
    DiagnosticLog log(*context);
    module = importModel(*context, model, options);
    if (!module)
      throw KindError(log.kind().value_or(ErrorKind::Model), llvm::StringRef(log.errors()).rtrim().str());
    messages = log.messages();
  }
};

ImportedModel::ImportedModel(Model theModel, bool theTraining)
    : model(std::move(theModel)), training(theTraining), read(std::make_unique<Read>(model, training)) {}

ImportedModel::~ImportedModel() = default;

void ImportedModel::compileTo(CompileOptions &options, std::vector<Message> *messages,
                              llvm::function_ref<LogicalResult(ModuleOp)> use) {
  const numerics::FloatEnvironment environment;
  if (options.train != training)
    throw InputError(model.name + " was read for " + (training ? "a training step" : "its forward pass") +
                     ", expected it to be read again for " +
                     (training ? "its forward pass" : "a training step"));
  if (read->compilations == kCompilationsOfAContext) {
    read.reset(); // first, so that there are not two
    read = std::make_unique<Read>(model, training);
  }
  ++read->compilations;
  DiagnosticLog log(*read->context);
  OwningOpRef<ModuleOp> module(read->module->clone());
  if (failed(runPasses(*module, model.name, options)) || failed(use(*module)))
    throw KindError(log.kind().value_or(ErrorKind::Other), llvm::StringRef(log.errors()).rtrim().str());
  if (messages) {
    *messages = read->messages;
    messages->insert(messages->end(), log.messages().begin(), log.messages().end());
  }
}

isa::Program ImportedModel::compile(CompileOptions &options, std::vector<Message> *messages) {
  FailureOr<isa::Program> program = failure();
  compileTo(options, messages, [&](ModuleOp module) {
    program = translateToProgram(module);
    return LogicalResult(program);
  });
  return std::move(*program);
}

Schedules ImportedModel::chooseSchedules(CompileOptions &options, std::vector<Message> *messages) {
  Schedules chosen;
  options.to = std::string("mapped");
  options.decisions = &chosen.decisions;
  compileTo(options, messages, [&](ModuleOp module) {
    chosen.json = schedulesToJson(module);
    return success();
  });
  options.decisions = nullptr;
  return chosen;
}

} // namespace arsis::compiler
