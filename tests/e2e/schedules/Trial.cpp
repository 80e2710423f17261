// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Trial.h.
#include "tests/e2e/schedules/Trial.h"

#include "compiler/Pipelines/Compile.h"
#include "compiler/Pipelines/Diagnostics.h"
#include "compiler/Transforms/Map/Units.h"
#include "simulator/top/Session.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"

#include <algorithm>
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

isa::Program Operation::lower(const schedule::Choice &choice) const {
  compiler::DiagnosticLog log(*context);
  auto module = mlir::parseSourceString<mlir::ModuleOp>(text, context.get());
  compiler::CompileOptions options;
  const std::vector<schedule::Field> fields = found->fields();
  std::string decisions;
  for (size_t i = 0; i < fields.size(); ++i)
    decisions += (i ? ", \"" : "\"") + fields[i].name + "\": " + std::to_string(choice[i]);
  mlir::Operation &op = (*module->getOps<mlir::func::FuncOp>().begin()).front().front();
  options.mapping = "{\"" + op.getName().stripDialect().str() + "\": {" + decisions + "}}";
  if (failed(compiler::mapStep(*module, chip, options)) || failed(compiler::lowerToTile(*module, chip)) ||
      failed(compiler::lowerToIsa(*module, chip)))
    throw Error(log.errors());
  auto program = compiler::makeProgram(*module, chip, {}, "schedule", "");
  if (failed(program))
    throw Error(log.errors());
  return std::move(*program);
}

Trial Operation::run(const schedule::Choice &choice) const {
  sim::Session session(chip, std::make_shared<isa::Program>(lower(choice)), sim::Verification::Skipped);
  sim::RunOptions timing;
  timing.mode = sim::Mode::TimingOnly;
  const boost::json::object report = session.run(timing);
  return {choice, schedule::estimate(found->layout(choice), model),
          report.at("totals").at("cycles").to_number<double>()};
}

} // namespace arsis::testing
