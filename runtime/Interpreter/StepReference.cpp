// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Keeps the state of the reference between steps.
#include "runtime/Interpreter/StepReference.h"

#include "dialects/Isa/Encoding/ErrorKind.h"
#include "dialects/Isa/Encoding/Initials.h"
#include "dialects/Isa/Encoding/OptionNames.h"
#include "dialects/NN/IR/Brought.h"
#include "dialects/NN/IR/NNDialect.h"
#include "dialects/NN/IR/Nesting.h"
#include "runtime/Interpreter/Convert.h"

#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/OwningOpRef.h"
#include "mlir/Parser/Parser.h"

namespace arsis::ref {

struct StepReference::Module {
  mlir::MLIRContext context{mlir::MLIRContext::Threading::DISABLED};
  mlir::OwningOpRef<mlir::ModuleOp> op;
  std::string problem;
  mlir::ScopedDiagnosticHandler handler{&context, [this](mlir::Diagnostic &diagnostic) {
                                          problem += (problem.empty() ? "" : "; ") + diagnostic.str();
                                        }};

  [[noreturn]] void fail(const std::string &what) {
    std::string text = what + ": " + problem;
    problem.clear();
    throw InputError(text);
  }
};

StepReference::StepReference(const std::string &moduleText) : module(std::make_unique<Module>()) {
  if (moduleText.empty())
    throw InputError("the program carries no nn module for the reference");
  if (std::string deep = nn::checkNesting(moduleText); !deep.empty())
    throw InputError("the nn module: " + deep);
  module->context.loadDialect<nn::NNDialect, mlir::func::FuncDialect>();
  module->context.appendDialectRegistry(nn::broughtDialects());
  module->op = mlir::parseSourceString<mlir::ModuleOp>(moduleText, &module->context);
  if (!module->op)
    module->fail("the nn module does not parse (a library that brings operations of it is named with " +
                 optionName("load-plugin") + ")");
  sides = signatureOf(entryOf(*module->op));
}

StepReference::StepReference(const isa::Program &program) : StepReference(program.nnModule) {
  isa::InitialReader reader(program);
  for (const isa::Initial &initial : program.initials) {
    const Slot *slot = sides.argument(program.tensors[initial.tensor].name);
    if (!slot || slot->initial)
      continue;
    HostTensor tensor(slot->shape, slot->type);
    const isa::InitialReader::Elements elements = reader.elements(initial);
    if (elements.repeated)
      tensor.fill(elements.data);
    else
      tensor.copyFrom(elements.data, isa::elementBytes(program.tensors[initial.tensor]));
    arguments.insert_or_assign(slot->name, std::move(tensor));
  }
}

StepReference::~StepReference() = default;

void StepReference::write(const std::string &name, const HostTensor &host) {
  const Slot *slot = sides.argument(name);
  if (!slot)
    throw InputError("the step has no argument named " + name);
  arguments.insert_or_assign(name, slot->toChip(host));
  results.erase(name); // a result that this argument was given becomes its old value
}

HostTensor StepReference::read(const std::string &name) const {
  auto found = results.find(name);
  if (found != results.end())
    return sides.result(name)->toHost(found->second);
  const Slot *slot = sides.argument(name);
  if (!slot)
    throw InputError("the step has no argument and no result named " + name);
  auto given = arguments.find(name);
  if (given != arguments.end())
    return slot->toHost(given->second);
  if (!slot->initial)
    throw InputError("argument " + name + " has no value yet");
  return slot->toHost(tensorOfElements(slot->initial));
}

std::vector<StepValue> StepReference::values(const std::function<bool(const std::string &)> &exists) const {
  return valuesOf(entryOf(*module->op), sides, exists);
}

void StepReference::run(Backend backend,
                        std::function<void(mlir::Operation *, llvm::ArrayRef<HostTensor>)> observe) {
  Options options;
  options.backend = backend;
  options.observe = std::move(observe);
  llvm::FailureOr<TensorMap> outcome = ref::run(*module->op, arguments, options);
  if (llvm::failed(outcome))
    module->fail("the reference cannot run the step");
  results = std::move(*outcome);
  for (const Slot &slot : sides.results)
    if (slot.donates)
      arguments.insert_or_assign(sides.arguments[*slot.donates].name, results.find(slot.name)->second);
}

} // namespace arsis::ref
