// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parsers of option texts.

#include "compiler/Pipelines/Options.h"

#include "dialects/Isa/Encoding/Error.h"

#include "llvm/ADT/StringExtras.h"

using llvm::StringRef;

namespace arsis::compiler {

static std::string quoted(StringRef text) { return "'" + text.str() + "'"; }

static double parseNumber(StringRef text, StringRef what, int minimum) {
  double value = 0;
  if (text.getAsDouble(value) || !(value >= minimum) || value > 1e30)
    throw Error(what.str() + ": found " + quoted(text) + ", expected a number of at least " +
                std::to_string(minimum));
  return value;
}

Optimizer parseOptimizer(std::string_view text) {
  llvm::SmallVector<StringRef> parts;
  StringRef(text.data(), text.size()).split(parts, ',');
  if (parts.front() != "sgd")
    throw Error("--optimizer: found " + quoted(parts.front()) + ", expected sgd");
  Optimizer optimizer;
  for (StringRef part : llvm::drop_begin(parts)) {
    auto [key, value] = part.split('=');
    if (key == "lr")
      optimizer.learningRate = parseNumber(value, "--optimizer, lr", 0);
    else if (key == "momentum")
      optimizer.momentum = parseNumber(value, "--optimizer, momentum", 0);
    else if (key == "weight-decay")
      optimizer.weightDecay = parseNumber(value, "--optimizer, weight-decay", 0);
    else
      throw Error("--optimizer: found " + quoted(key) + ", expected lr, momentum or weight-decay");
  }
  return optimizer;
}

void parseKeep(std::string_view text, CompileOptions &options) {
  llvm::SmallVector<StringRef> parts;
  StringRef(text.data(), text.size()).split(parts, ',', -1, /*KeepEmpty=*/false);
  for (StringRef part : parts) {
    if (part == "gradients")
      options.keepGradients = true;
    else if (part == "activations")
      options.keepActivations = true;
    else
      throw Error("--keep: found " + quoted(part) + ", expected gradients or activations");
  }
}

void parseLoss(std::string_view text, CompileOptions &options) {
  if (text != "softmax-xent")
    throw Error("--loss: found " + quoted({text.data(), text.size()}) + ", expected softmax-xent");
  options.loss = text;
}

std::pair<std::string, int64_t> parseDimension(std::string_view text) {
  auto [name, value] = StringRef(text.data(), text.size()).split('=');
  int64_t extent = 0;
  if (name.empty() || value.getAsInteger(10, extent) || extent < 1)
    throw Error("--dim: found " + quoted({text.data(), text.size()}) +
                ", expected NAME=VALUE with a positive value");
  return {name.str(), extent};
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
