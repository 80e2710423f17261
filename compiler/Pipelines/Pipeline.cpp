// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The order of all passes.
#include "compiler/Pipelines/Pipeline.h"

#include "arch_configs/reader/Options.h"
#include "compiler/Pipelines/Register.h"
#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/OptionNames.h"

using namespace mlir;

namespace arsis::compiler {

/// Further passes that somebody asked for at a level.
static void addFurther(OpPassManager &passes, const std::string &text, StringRef option) {
  if (text.empty())
    return;
  registerPasses();
  std::string problem;
  llvm::raw_string_ostream stream(problem);
  if (failed(parsePassPipeline(text, passes, stream)))
    throw InputError(optionName(option.str()) + ": " +
                     StringRef(problem).split("error: ").second.split('\n').first.str());
}

static void addStepPasses(OpPassManager &passes, const CompileOptions &options) {
  const TrainOptions training = readTraining(options);
  if (options.train)
    return addTrainStepPasses(passes, training);
  OpPassManager &functions = passes.nest<func::FuncOp>();
  if (training.hasPrecision())
    functions.addPass(
        createSetPrecision({training.precision, {training.store.begin(), training.store.end()}}));
  if (training.keepActivations)
    functions.addPass(createKeepActivations({kForwardFunction.str()}));
  functions.addPass(createCanonicalizerPass());
}

void addTileToIsaPasses(OpPassManager &passes, const std::string &chip, ArrayRef<std::string> set) {
  PlanMemoryOptions memory;
  memory.chip = chip;
  memory.set.assign(set.begin(), set.end());
  OpPassManager &program = passes.nest<tile::ProgramOp>();
  program.addPass(createPlanMemory(memory));
  program.addPass(createCheckMemory());
  program.addPass(createSplitStreams());
  passes.addPass(createConvertTileToIsa());
}

void buildPipeline(OpPassManager &passes, const CompileOptions &options) {
  const Stage last = parseStage(options.to.getValue(), "--to");
  const std::string &chip = options.chip.getValue();
  const SmallVector<std::string> set(options.set.begin(), options.set.end());
  if (last > Stage::Isa)
    throw InputError("--to: found '" + options.to.getValue() + "', expected nn, step, mapped, tile or isa");
  if (chip.empty() && !set.empty())
    throw InputError("--set: found no chip to change, expected --chip with it");
  if (last >= Stage::Mapped && chip.empty())
    throw InputError("--chip: found nothing, expected a value (see --help)");
  if (last >= Stage::Mapped)
    chip::load(chip, {set.begin(), set.end()}); // a mistake shows here, once

  addFurther(passes, options.atNn.getValue(), "at-nn");
  if (last >= Stage::Step) {
    addStepPasses(passes, options);
    addFurther(passes, options.atStep.getValue(), "at-step");
  }
  if (last >= Stage::Mapped) {
    const Fusion fusion = parseFusion(options.fuse.getValue()); // a mistake shows here
    passes.addNestedPass<func::FuncOp>(createJoinPhases());
    if (fusion.views)
      passes.addNestedPass<func::FuncOp>(createPlaceViews({options.explainMapping}));
    passes.addNestedPass<func::FuncOp>(createFormUnits({options.fuse.getValue()}));
    passes.addPass(createMapPass({chip, set, options.mappingText.getValue(), options.mapping.getValue(),
                                  options.writeSchedules.getValue(), options.explainMapping},
                                 options.decisions));
    addFurther(passes, options.atMapped.getValue(), "at-mapped");
  }
  if (last >= Stage::Tile) {
    passes.addPass(createKeepReference());
    passes.addPass(createConvertNNToTilePass({chip, set, /*function=*/""}));
    addFurther(passes, options.atTile.getValue(), "at-tile");
  }
  if (last == Stage::Isa) {
    addTileToIsaPasses(passes, chip, set);
    addFurther(passes, options.atIsa.getValue(), "at-isa");
    if (!options.noVerify)
      passes.addPass(createProveProgram({chip, set}));
  }
}

void registerPipeline() {
  registerPassPipeline(
      "arsis-pipeline", "from an nn module, or the text of any lower level, to a program of the isa dialect",
      [](OpPassManager &passes, StringRef text, function_ref<LogicalResult(const Twine &)> report) {
        CompileOptions options;
        if (failed(options.parseFromString(text)))
          return failure();
        try {
          buildPipeline(passes, options);
          return success();
        } catch (const Error &error) {
          return report(error.what());
        }
      },
      [](function_ref<void(const detail::PassOptions &)> handle) { handle(CompileOptions()); });
}

} // namespace arsis::compiler
