// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parsers of option texts.

#include "compiler/Pipelines/Options.h"

#include "dialects/Isa/Encoding/Error.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using llvm::StringRef;

namespace arsis::compiler {

static std::string quoted(StringRef text) { return "'" + text.str() + "'"; }

/// A number that the chip holds as fp32.
static double parseNumber(StringRef text, const std::string &what) {
  constexpr double kMost = 1e30;
  double value = 0;
  if (text.getAsDouble(value) || !(value >= 0) || value > kMost)
    throw Error(what + ": found " + quoted(text) + ", expected a number from 0 to 1e30");
  if (value != 0 && static_cast<float>(value) == 0)
    throw Error(what + ": found " + quoted(text) + ", which is 0 in fp32, expected 0 or at least 1e-45");
  return value;
}

Optimizer parseOptimizer(std::string_view text) {
  llvm::SmallVector<StringRef> parts;
  StringRef(text.data(), text.size()).split(parts, ',');
  if (parts.front() != "sgd")
    throw Error("--optimizer: found " + quoted(parts.front()) + ", expected sgd");
  Optimizer optimizer;
  const std::pair<StringRef, double *> keys[] = {{"lr", &optimizer.learningRate},
                                                 {"momentum", &optimizer.momentum},
                                                 {"weight-decay", &optimizer.weightDecay}};
  std::set<StringRef> seen;
  for (StringRef part : llvm::drop_begin(parts)) {
    auto [key, value] = part.split('=');
    const auto *known = llvm::find_if(keys, [key = key](const auto &entry) { return entry.first == key; });
    if (known == std::end(keys))
      throw Error("--optimizer: found " + quoted(key) + ", expected lr, momentum or weight-decay");
    if (!seen.insert(key).second)
      throw Error("--optimizer: found " + key.str() + " more than once, expected it once");
    *known->second = parseNumber(value, "--optimizer, " + key.str());
  }
  return optimizer;
}

void parseKeep(std::string_view text, CompileOptions &options) {
  llvm::SmallVector<StringRef> parts;
  StringRef(text.data(), text.size()).split(parts, ',', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    bool *kept = part == "gradients"     ? &options.keepGradients
                 : part == "activations" ? &options.keepActivations
                                         : nullptr;
    if (!kept)
      throw Error("--keep: found " + quoted(part) + ", expected gradients or activations");
    if (std::exchange(*kept, true))
      throw Error("--keep: found " + part.str() + " more than once, expected it once");
  }
}

void checkOptions(const CompileOptions &options) {
  if (options.import.batch && *options.import.batch < 1)
    throw Error("batch: found " + std::to_string(*options.import.batch) + ", expected at least 1");
  for (const auto &[name, extent] : options.import.dims)
    if (extent < 1)
      throw Error("dimension " + name + ": found " + std::to_string(extent) + ", expected at least 1");
  if (options.keepGradients && !options.import.training)
    throw Error(
        "--keep=gradients: found no training step, which alone has gradients; expected --train with it");
  if (!options.logits.empty() && !options.import.training)
    throw Error("--logits: found no training step, whose loss reads them; expected --train with it");
}

void parseLoss(std::string_view text, CompileOptions &options) {
  if (text != "softmax-xent")
    throw Error("--loss: found " + quoted({text.data(), text.size()}) + ", expected softmax-xent");
  options.loss = text;
}

void parseDimension(std::string_view text, CompileOptions &options) {
  auto [name, value] = StringRef(text.data(), text.size()).split('=');
  int64_t extent = 0;
  if (name.empty() || value.getAsInteger(10, extent) || extent < 1)
    throw Error("--dim: found " + quoted({text.data(), text.size()}) +
                ", expected NAME=VALUE with a positive value");
  if (auto [known, isNew] = options.import.dims.try_emplace(name.str(), extent); !isNew)
    throw Error("--dim: found " + quoted({text.data(), text.size()}) + " beside " +
                quoted((name + "=" + llvm::Twine(known->second)).str()) + ", expected one value");
}

Stage parseStage(std::string_view text) {
  static const std::pair<std::string_view, Stage> stages[] = {
      {"nn", Stage::NN},   {"step", Stage::Step},    {"mapped", Stage::Mapped}, {"tile", Stage::Tile},
      {"isa", Stage::Isa}, {"asm", Stage::Assembly}, {"bin", Stage::Binary}};
  for (const auto &[name, stage] : stages)
    if (name == text)
      return stage;
  throw Error("--emit: found " + quoted({text.data(), text.size()}) +
              ", expected nn, step, mapped, tile, isa, asm or bin");
}

} // namespace arsis::compiler
