// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// arsis-opt: runs any pass of the compiler on textual IR. What it knows is listed in
// compiler/Pipelines/Register.h.

#include "tools/common/Main.h"
#include "compiler/Pipelines/Register.h"
#include "compiler/Schedule/Strategies.h"
#include "dialects/Isa/Encoding/Error.h"
#include "dialects/Isa/Encoding/Externals.h"
#include "dialects/Isa/Encoding/OutputFile.h"
#include "dialects/Isa/Numerics/FloatEnvironment.h"
#include "dialects/NN/IR/Brought.h"
#include "dialects/NN/IR/Nesting.h"

#include "mlir/Support/FileUtilities.h"
#include "mlir/Tools/mlir-opt/MlirOptMain.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_os_ostream.h"

using namespace arsis;

static int run(int argc, char **argv) {
  const numerics::FloatEnvironment environment; // the threads that run passes inherit it
  mlir::DialectRegistry registry;
  compiler::registerDialects(registry);
  compiler::registerPasses();
  const llvm::cl::list<std::string> plugins(
      "load-plugin", llvm::cl::desc("library that brings instructions, operations or strategies"));
  const auto [input, output] =
      mlir::registerAndParseCLIOptions(argc, argv, "arsis optimizer driver\n", registry);
  const mlir::MlirOptMainConfig config = mlir::MlirOptMainConfig::createFromCLOptions();
  if (config.shouldShowDialects() || config.shouldListPasses()) // prints and reads nothing
    return mlir::asMainReturnCode(mlir::MlirOptMain(argc, argv, input, output, registry));
  for (const std::string &plugin : plugins)
    isa::loadPlugin(plugin, {nn::takeDialects, schedule::takeStrategies});
  nn::broughtDialects().appendTo(registry);
  std::string problem;
  auto buffer = mlir::openInputFile(input, &problem);
  if (!buffer)
    throw Error(problem);
  if (std::string deep = nn::checkNesting({buffer->getBufferStart(), buffer->getBufferSize()}); !deep.empty())
    throw Error(input + ": " + deep);
  refuseSharedFiles({{"the input", input}}, {{"-o", output}});
  OutputFile file(output);
  llvm::raw_os_ostream stream(file.stream());
  const mlir::LogicalResult result = mlir::MlirOptMain(stream, std::move(buffer), registry, config);
  stream.flush();
  if (succeeded(result))
    file.commit();
  return mlir::asMainReturnCode(result);
}

int main(int argc, char **argv) { return tool::runMain(run, argc, argv); }
