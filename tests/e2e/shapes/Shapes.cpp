// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// See Shapes.h.
#include "tests/e2e/shapes/Shapes.h"

#include "compiler/Pipelines/Compile.h"
#include "compiler/Pipelines/Diagnostics.h"
#include "compiler/Target/Translate.h"
#include "dialects/Isa/Verifier/Verifier.h"
#include "runtime/Interpreter/Interpreter.h"
#include "simulator/top/Session.h"
#include "tests/SourceFolder.h"

#include "mlir/Parser/Parser.h"

namespace arsis::testing {

std::string list(const std::vector<int> &numbers, const char *separator) {
  std::string text;
  for (int number : numbers)
    text += (text.empty() ? "" : separator) + std::to_string(number);
  return text;
}

std::string type(const std::vector<int> &shape, const std::string &element) {
  return "tensor<" + list(shape, "x") + (shape.empty() ? "" : "x") + element + ">";
}

std::string argument(const std::string &name, const std::string &type) {
  return "%" + name + ": " + type + " {nn.name = \"" + name + "\"}";
}
std::string result(const std::string &name, const std::string &type) {
  return type + " {nn.name = \"" + name + "\"}";
}

std::string Case::window() const {
  return " strides [" + list({h.stride, w.stride}, ", ") + "] pads [" +
         list({h.before, w.before, h.after, w.after}, ", ") + "] dilations [" +
         list({h.dilation, w.dilation}, ", ") + "]";
}

const std::array<NamedChip, 4> &chips() {
  static const std::string rect = sourceFolder() + "tests/e2e/chips/rect12x20.yaml";
  static const std::array<NamedChip, 4> all = {NamedChip{"tiny", "1"}, NamedChip{rect, "1"},
                                               NamedChip{"tiny", "2"}, NamedChip{rect, "5"}};
  return all;
}

namespace {

/// Takes the module to a level of the pipeline; what comes out of it is verified here.
mlir::LogicalResult takeTo(const char *level, mlir::ModuleOp module, const NamedChip &chip,
                           const char *precision = "fp32") {
  compiler::CompileOptions options;
  options.precision = std::string(precision);
  options.chip = chip.path;
  options.set = {"matrix.units=" + chip.units};
  options.to = std::string(level);
  options.noVerify = true;
  return compiler::runPasses(module, "random shape", options);
}

/// Empty, or the first difference between the machine and the oracle.
std::string compareResults(sim::Session &session, const ref::TensorMap &expected) {
  for (const auto &[name, truth] : expected) {
    std::vector<float> found(truth.size());
    session.readTensor(name, found.data(), found.size() * sizeof(float));
    for (size_t i = 0; i < found.size(); ++i)
      if (std::memcmp(&found[i], truth.as<float>() + i, sizeof(float)) != 0)
        return name + "[" + std::to_string(i) + "] is " + std::to_string(found[i]) + ", the oracle has " +
               std::to_string(truth.as<float>()[i]);
  }
  return "";
}

} // namespace

std::string run(mlir::MLIRContext &context, const std::string &text, const NamedChip &chip,
                const char *precision, Draw &draw, const Prepare &prepare) {
  compiler::DiagnosticLog log(context);
  mlir::OwningOpRef<mlir::ModuleOp> module = mlir::parseSourceString<mlir::ModuleOp>(text, &context);
  if (!module)
    return log.errors();
  if (prepare)
    prepare(*module);
  if (failed(takeTo("mapped", *module, chip, precision)))
    return log.errors();
  auto function = ref::entryOf(*module);
  ref::TensorMap inputs;
  for (const ref::Slot &slot : ref::signatureOf(function).arguments) {
    std::vector<float> values(ref::elementCount(slot.shape));
    for (float &value : values)
      value = draw.value();
    inputs[slot.name] = ref::HostTensor::of(slot.shape, values);
  }
  ref::Options exact;
  exact.backend = ref::Backend::Exact;
  llvm::FailureOr<ref::TensorMap> expected = ref::run(function, inputs, exact);
  if (failed(expected) || failed(takeTo("isa", *module, chip)))
    return log.errors();
  auto program = compiler::translateToProgram(*module);
  if (failed(program))
    return log.errors();
  isa::VerificationResult proof = isa::verify(*program, chip.chip);
  if (!proof.accepted)
    return "the verifier: " + proof.diagnostics.front().message;
  sim::Session session(chip.chip, std::make_shared<isa::Program>(std::move(*program)));
  for (const auto &[name, value] : inputs)
    session.writeTensor(name, value.data(), value.byteSize());
  sim::RunOptions options;
  options.mode = sim::Mode::FunctionalOnly;
  session.run(options);
  return compareResults(session, *expected);
}

} // namespace arsis::testing
