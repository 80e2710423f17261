// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// The strategies of the tree, and those that libraries brought.
#include "compiler/Schedule/Strategies.h"

#include "compiler/Schedule/Contraction.h"
#include "compiler/Schedule/Depthwise.h"
#include "compiler/Schedule/Gradients.h"
#include "compiler/Schedule/Move.h"
#include "compiler/Schedule/Outside.h"
#include "compiler/Schedule/Vector.h"
#include "compiler/Schedule/WeightGradient.h"
#include "compiler/Schedule/Window.h"
#include "dialects/Isa/Encoding/Error.h"

#include <algorithm>

namespace arsis::schedule {

static std::unique_ptr<Space> weightStationary(const Unit &unit, const ChipLimits &limits) {
  std::optional<Convolution> convolution = convolutionIn(unit);
  if (!convolution || convolution->pass == Convolution::GradWeight || convolution->sibling)
    return nullptr;
  return std::make_unique<Contraction>(limits, std::move(*convolution));
}

static std::unique_ptr<Space> bothGradients(const Unit &unit, const ChipLimits &limits) {
  std::optional<Convolution> convolution = convolutionIn(unit);
  if (!convolution || !convolution->sibling || !Gradients::suits(*convolution))
    return nullptr;
  return std::make_unique<Gradients>(limits, std::move(*convolution));
}

static std::unique_ptr<Space> pixelStationary(const Unit &unit, const ChipLimits &limits) {
  std::optional<Convolution> convolution = convolutionIn(unit);
  if (!convolution || convolution->pass != Convolution::GradWeight)
    return nullptr;
  return std::make_unique<WeightGradient>(limits, std::move(*convolution));
}

static std::unique_ptr<Space> depthwise(const Unit &unit, const ChipLimits &limits) {
  std::optional<Convolution> convolution = convolutionIn(unit);
  if (!convolution || convolution->sibling || !Depthwise::isDepthwise(*convolution))
    return nullptr;
  return std::make_unique<Depthwise>(limits, std::move(*convolution));
}

static std::unique_ptr<Space> windows(const Unit &unit, const ChipLimits &limits) {
  std::optional<Pooling> pooling = poolingIn(unit);
  return pooling ? std::make_unique<WindowSpace>(limits, unit, *pooling) : nullptr;
}

static std::unique_ptr<Space> moves(const Unit &unit, const ChipLimits &limits) {
  std::optional<std::vector<Move>> moves = movesIn(unit);
  return moves ? std::make_unique<MoveSpace>(limits, std::move(*moves)) : nullptr;
}

static std::unique_ptr<Space> vectors(const Unit &unit, const ChipLimits &limits) {
  std::optional<VectorProgram> program = vectorProgramIn(unit);
  return program ? std::make_unique<VectorSpace>(limits, unit, std::move(*program)) : nullptr;
}

static const std::vector<Strategy> kInside = {{"weight_stationary", weightStationary},
                                              {"pixel_stationary", pixelStationary},
                                              {"both_gradients", bothGradients},
                                              {"window", windows},
                                              {"dma", moves},
                                              {"vector", vectors}};
/// For units that one of those is for too.
static const std::vector<Strategy> kBeside = {{"depthwise", depthwise}};

struct Foreign {
  Strategy strategy;
  std::string library;
};
static std::vector<Foreign> &foreign() {
  static std::vector<Foreign> all;
  return all;
}

static bool isTaken(const std::string &name) {
  auto isIn = [&](const std::vector<Strategy> &strategies) {
    return std::any_of(strategies.begin(), strategies.end(),
                       [&](const Strategy &s) { return s.name == name; });
  };
  return isIn(kInside) || isIn(kBeside) ||
         std::any_of(foreign().begin(), foreign().end(),
                     [&](const Foreign &f) { return f.strategy.name == name; });
}

void takeStrategies(const isa::Brought &brought, const std::string &library) {
  for (Strategy &strategy : brought.all<Strategy>()) {
    if (strategy.name.empty() || isTaken(strategy.name))
      throw Error("library " + library + ": there is a strategy '" + strategy.name +
                  "' already, expected another name");
    foreign().push_back({std::move(strategy), library});
  }
}

std::vector<std::unique_ptr<Space>> makeSpaces(const Unit &unit, const ChipLimits &limits) {
  std::vector<std::unique_ptr<Space>> spaces;
  const bool hasViews =
      std::any_of(unit.values.begin(), unit.values.end(), [](const Value &value) { return value.isView(); });
  for (const Strategy &strategy : kInside)
    if (std::unique_ptr<Space> space = spaces.empty() ? strategy.spaceOf(unit, limits) : nullptr) {
      space->strategy = strategy.name;
      spaces.push_back(std::move(space));
    }
  for (const Strategy &strategy : kBeside)
    if (std::unique_ptr<Space> space = strategy.spaceOf(unit, limits)) {
      space->strategy = strategy.name;
      spaces.push_back(std::move(space));
    }
  for (const std::unique_ptr<Space> &space : spaces)
    if (hasViews)
      space->values = unit.values;
  for (const Foreign &each : foreign()) // these know tensors without gaps only
    if (std::unique_ptr<Space> space = hasViews ? nullptr : each.strategy.spaceOf(unit, limits)) {
      space->strategy = each.strategy.name;
      space->outside = {each.library, unit};
      checkFields(*space);
      spaces.push_back(std::move(space));
    }
  return spaces;
}

} // namespace arsis::schedule
