// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The built-in strategies.
#include "compiler/Schedule/Strategies.h"

#include "compiler/Schedule/Contraction.h"
#include "compiler/Schedule/Transpose.h"
#include "compiler/Schedule/Vector.h"
#include "compiler/Schedule/WeightGradient.h"
#include "compiler/Schedule/Window.h"
#include "dialects/Isa/Encoding/Error.h"

#include <algorithm>

namespace arsis::schedule {

static std::unique_ptr<Space> weightStationary(const Unit &unit, const ChipLimits &limits) {
  std::optional<Convolution> convolution = convolutionIn(unit);
  if (!convolution || convolution->pass == Convolution::GradWeight)
    return nullptr;
  return std::make_unique<Contraction>(limits, std::move(*convolution));
}

static std::unique_ptr<Space> pixelStationary(const Unit &unit, const ChipLimits &limits) {
  std::optional<Convolution> convolution = convolutionIn(unit);
  if (!convolution || convolution->pass != Convolution::GradWeight)
    return nullptr;
  return std::make_unique<WeightGradient>(limits, std::move(*convolution));
}

static std::unique_ptr<Space> windows(const Unit &unit, const ChipLimits &limits) {
  std::optional<Pooling> pooling = poolingIn(unit);
  return pooling ? std::make_unique<WindowSpace>(limits, unit, *pooling) : nullptr;
}

static std::unique_ptr<Space> moves(const Unit &unit, const ChipLimits &limits) {
  std::optional<Transposition> transposition = transpositionIn(unit);
  return transposition ? std::make_unique<TransposeSpace>(limits, std::move(*transposition)) : nullptr;
}

static std::unique_ptr<Space> vectors(const Unit &unit, const ChipLimits &limits) {
  std::optional<VectorProgram> program = vectorProgramIn(unit);
  return program ? std::make_unique<VectorSpace>(limits, unit, std::move(*program)) : nullptr;
}

static std::vector<Strategy> &registry() {
  static std::vector<Strategy> all = {{"weight_stationary", weightStationary},
                                      {"pixel_stationary", pixelStationary},
                                      {"window", windows},
                                      {"dma", moves},
                                      {"vector", vectors}};
  return all;
}

const std::vector<Strategy> &strategies() { return registry(); }

void registerStrategy(Strategy strategy) {
  std::vector<Strategy> &all = registry();
  if (std::any_of(all.begin(), all.end(), [&](const Strategy &known) { return known.name == strategy.name; }))
    throw Error("there is a strategy '" + strategy.name + "' already, expected another name");
  all.push_back(std::move(strategy));
}

std::unique_ptr<Space> makeSpace(const Unit &unit, const ChipLimits &limits) {
  for (const Strategy &strategy : strategies())
    if (std::unique_ptr<Space> space = strategy.spaceOf(unit, limits)) {
      space->strategy = strategy.name;
      return space;
    }
  return nullptr;
}

} // namespace arsis::schedule
