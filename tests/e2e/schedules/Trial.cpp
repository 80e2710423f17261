// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Trial.h.
#include "tests/e2e/schedules/Trial.h"

#include "arch_configs/reader/Options.h"
#include "compiler/Pipelines/Compile.h"
#include "compiler/Pipelines/Diagnostics.h"
#include "compiler/Target/Translate.h"
#include "compiler/Transforms/Map/Units.h"
#include "simulator/top/Session.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

#include <algorithm>
#include <limits>
#include <set>

namespace arsis::testing {

Operation::Operation(const std::string &text, const chip::Chip &chip)
    : model(chip), text(text), chip(chip), context(compiler::makeContext()) {
  compiler::DiagnosticLog log(*context);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, context.get());
  if (!module)
    throw Error(log.errors());
  mlir::Operation &op = (*module->getOps<mlir::func::FuncOp>().begin()).front().front();
  found = compiler::spaceOf(&op, model.limits);
  if (!found)
    throw Error("no strategy is for " + text);
}

Operation::~Operation() = default;

std::vector<schedule::Choice> Operation::draw(size_t count, std::mt19937 &random) const {
  const std::vector<schedule::Field> fields = found->fields();
  std::set<schedule::Choice> chosen;
  constexpr int kPatience = 4000; // draws in a row that give nothing new
  for (int idle = 0; chosen.size() < count && idle < kPatience; ++idle) {
    schedule::Choice choice;
    for (const schedule::Field &field : fields)
      choice.push_back(field.candidates[random() % field.candidates.size()]);
    if (schedule::checkFit(*found, found->evaluate(choice)).empty() && chosen.insert(choice).second)
      idle = 0;
  }
  return {chosen.begin(), chosen.end()};
}

isa::Program Operation::lower(const schedule::Choice &choice, int64_t before) const {
  compiler::DiagnosticLog log(*context);
  std::string placed = text;
  if (before > 0) {
    const std::string head = "func.func @forward(";
    placed.insert(placed.find(head) + head.size(),
                  "%before: tensor<" + std::to_string(before / 4) + "xf32> {nn.name = \"before\"}, ");
  }
  auto module = mlir::parseSourceString<mlir::ModuleOp>(placed, context.get());
  mlir::Operation &op = (*module->getOps<mlir::func::FuncOp>().begin()).front().front();
  llvm::cast<nn::ScheduledOpInterface>(op).setScheduleAttr(
      compiler::scheduleAttr(context.get(), *found, choice));
  compiler::CompileOptions options;
  options.assign("chip", chip.name);
  for (const std::string &value : chip::overridesOf(chip))
    options.assign("set", value);
  options.assign("to", "isa");
  options.noVerify = true;
  if (failed(compiler::runPasses(*module, "schedule", options)))
    throw Error(log.errors());
  auto program = compiler::translateToProgram(*module);
  if (failed(program))
    throw Error(log.errors());
  return std::move(*program);
}

Trial Operation::run(const schedule::Choice &choice, size_t placements, size_t first) const {
  // Rows and bursts further on, in front as the largest tensor.
  constexpr int64_t kFurther = (int64_t(4) << 20) + 5 * 4096 + 3 * 64;
  Trial trial;
  trial.choice = choice;
  trial.estimate = schedule::estimate(found->layout(choice), model);
  double fastest = std::numeric_limits<double>::infinity(), slowest = 0;
  for (size_t i = 0; i < placements; ++i) {
    sim::Session session(
        chip, std::make_shared<isa::Program>(lower(choice, static_cast<int64_t>(first + i) * kFurther)),
        sim::Verification::Skipped);
    sim::RunOptions timing;
    timing.mode = sim::Mode::TimingOnly;
    const boost::json::object report = session.run(timing);
    const auto total = [&](const char *key) { return report.at("totals").at(key).to_number<double>(); };
    trial.simulated += total("cycles") / static_cast<double>(placements);
    fastest = std::min(fastest, total("cycles"));
    slowest = std::max(slowest, total("cycles"));
    trial.productsDone = total("macs");
    trial.movedBytes = 0;
    for (const boost::json::value &entry : report.at("statistics").as_array())
      if (entry.at("name").as_string().ends_with(".payload_bytes"))
        trial.movedBytes += entry.at("value").to_number<double>();
  }
  trial.spread = slowest / fastest - 1;
  return trial;
}

} // namespace arsis::testing
