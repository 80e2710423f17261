// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Reading options: by name, and the texts that some of them are.

#include "compiler/Pipelines/Options.h"

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/OptionNames.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using llvm::StringRef;

namespace arsis::compiler {

static std::string quoted(StringRef text) { return "'" + text.str() + "'"; }

void CompileOptions::visit(llvm::function_ref<void(StringRef, StringRef, Kind)> found) {
  std::map<StringRef, llvm::cl::Option *> sorted;
  for (const auto &entry : OptionsMap)
    sorted.emplace(entry.first, entry.second);
  for (auto [name, option] : sorted)
    found(name, option->HelpStr,
          option->getNumOccurrencesFlag() == llvm::cl::ZeroOrMore     ? Kind::List
          : option->getValueExpectedFlag() == llvm::cl::ValueRequired ? Kind::Text
                                                                      : Kind::Flag);
}

void CompileOptions::assign(StringRef name, StringRef value) {
  for (const auto &entry : OptionsMap)
    if (entry.first == name) {
      if (entry.second->addOccurrence(0, name, value))
        throw InputError(optionName(name.str()) + ": found " + quoted(value) + ", which it does not take");
      return;
    }
  std::string known;
  visit([&](StringRef option, StringRef, Kind) { known += (known.empty() ? "" : ", ") + option.str(); });
  throw InputError("found option " + quoted(name) + ", expected one of " + known);
}

static void readKeep(StringRef text, TrainOptions &options) {
  llvm::SmallVector<StringRef> parts;
  text.split(parts, ',', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    bool *kept = part == "gradients"     ? &options.keepGradients
                 : part == "activations" ? &options.keepActivations
                                         : nullptr;
    if (!kept)
      throw InputError(optionName("keep") + ": found " + quoted(part) +
                       ", expected gradients or activations");
    if (std::exchange(*kept, true))
      throw InputError(optionName("keep") + ": found " + part.str() + " more than once, expected it once");
  }
}

TrainOptions readTraining(const CompileOptions &options) {
  TrainOptions training;
  training.loss = options.loss;
  training.logits = options.logits;
  training.optimizer = options.optimizer;
  training.phase = options.phase;
  readKeep(options.keep.getValue(), training);
  training.precision = options.precision;
  training.store.assign(options.store.begin(), options.store.end());
  parsePrecision(training.precision, training.store);
  parseLoss(training.loss, training.logits);
  parseOptimizer(training.optimizer);
  const bool updatesOnly = parsePhase(training.phase) == StepPhase::Update;
  if (updatesOnly && (training.keepGradients || training.keepActivations))
    throw InputError(optionName("keep") + ": found " + optionWith("phase", "update") +
                     ", which computes neither gradients nor activations; expected it with another phase");
  if (options.train)
    return training;
  if (options.phase.hasValue())
    throw InputError(optionName("phase") + ": found no training step, which alone has phases; expected " +
                     optionSwitch("train") + " with it");
  if (options.optimizer.hasValue() || options.loss.hasValue())
    throw InputError(optionName("optimizer") + " and " + optionName("loss") +
                     " describe a training step; expected " + optionSwitch("train") + " with them");
  if (training.keepGradients)
    throw InputError(optionWith("keep", "gradients") +
                     ": found no training step, which alone has gradients; expected " +
                     optionSwitch("train") + " with it");
  if (!training.logits.empty())
    throw InputError(optionName("logits") + ": found no training step, whose loss reads them; expected " +
                     optionSwitch("train") + " with it");
  return training;
}

void checkImport(const ImportOptions &options) {
  if (options.batch && *options.batch < 1)
    throw InputError("batch: found " + std::to_string(*options.batch) + ", expected at least 1");
  for (const auto &[name, extent] : options.dims)
    if (extent < 1)
      throw InputError("dimension " + name + ": found " + std::to_string(extent) + ", expected at least 1");
}

void parseDimension(std::string_view text, ImportOptions &options) {
  auto [name, value] = StringRef(text.data(), text.size()).split('=');
  int64_t extent = 0;
  if (name.empty() || value.getAsInteger(10, extent) || extent < 1)
    throw InputError("--dim: found " + quoted({text.data(), text.size()}) +
                     ", expected NAME=VALUE with a positive value");
  if (auto [known, isNew] = options.dims.try_emplace(name.str(), extent); !isNew)
    throw InputError("--dim: found " + quoted({text.data(), text.size()}) + " beside " +
                     quoted((name + "=" + llvm::Twine(known->second)).str()) + ", expected one value");
}

Stage parseStage(std::string_view text, const std::string &option) {
  static const std::pair<std::string_view, Stage> stages[] = {
      {"nn", Stage::NN},   {"step", Stage::Step},    {"mapped", Stage::Mapped}, {"tile", Stage::Tile},
      {"isa", Stage::Isa}, {"asm", Stage::Assembly}, {"bin", Stage::Binary}};
  for (const auto &[name, stage] : stages)
    if (name == text)
      return stage;
  throw InputError(option + ": found " + quoted({text.data(), text.size()}) +
                   ", expected nn, step, mapped, tile, isa, asm or bin");
}

} // namespace arsis::compiler
