// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a compilation is asked to do below the import, declared once: these are the options of the registered
// pipeline, the flags of arsis-compile, and the keywords of arsis.compile in Python.

#ifndef ARSIS_COMPILER_PIPELINES_OPTIONS_H
#define ARSIS_COMPILER_PIPELINES_OPTIONS_H

#include "compiler/Import/Onnx/Onnx.h"
#include "compiler/Transforms/TrainStep/TrainStep.h"

#include "mlir/Pass/PassOptions.h"

#include <string>
#include <string_view>

namespace arsis::compiler {

struct Decision;

/// The levels of a compilation, and the two forms of a program.
enum class Stage { NN, Step, Mapped, Tile, Isa, Assembly, Binary };

/// "nn", "step", "mapped", "tile", "isa", "asm", "bin". `option` is what messages call it. Throws
/// arsis::Error.
Stage parseStage(std::string_view text, const std::string &option);

struct CompileOptions : mlir::PassPipelineOptions<CompileOptions> {
  Option<std::string> chip{*this, "chip",
                           llvm::cl::desc("shipped chip, or path of a chip's YAML file; the text of a lower "
                                          "level names its own")};
  ListOption<std::string> set{*this, "set", llvm::cl::desc("KEY=VALUE: override a value of the chip")};
  Option<bool> train{*this, "train", llvm::cl::desc("a training step instead of the forward pass"),
                     llvm::cl::init(false)};
  Option<std::string> loss{
      *this, "loss",
      llvm::cl::desc("loss of the training step, NAME,KEY=VALUE,..: softmax-xent of classes (with "
                     "label-smoothing, ignore-index, class-weights=A:B:..), mse or "
                     "bce-with-logits; of several outputs a sum, "
                     "NAME,of=OUTPUT,weight=W+NAME,.. (docs/guide_losses.md)"),
      llvm::cl::init(std::string(kDefaultLoss))};
  Option<std::string> logits{*this, "logits",
                             llvm::cl::desc("output that the loss reads, where there are several")};
  Option<std::string> optimizer{*this, "optimizer",
                                llvm::cl::desc("sgd,lr=..,momentum=..,weight-decay=.. of the training step"),
                                llvm::cl::init("sgd")};
  Option<std::string> phase{
      *this, "phase",
      llvm::cl::desc("what the training step becomes: one program (joint), or one of two "
                     "that share gradients (gradients, update)"),
      llvm::cl::init("joint")};
  Option<std::string> keep{*this, "keep",
                           llvm::cl::desc("what stays observable: gradients, activations (comma separated)")};
  Option<std::string> precision{*this, "precision",
                                llvm::cl::desc("type of activations and of what the array multiplies: fp32, "
                                               "bf16 or fp16; sums and parameters are fp32"),
                                llvm::cl::init("fp32")};
  ListOption<std::string> store{
      *this, "store", llvm::cl::desc("LAYER=TYPE: store what this layer computes in fp32, bf16 or fp16")};
  Option<std::string> fuse{
      *this, "fuse",
      llvm::cl::desc("operations that share a nest of loops: all, none, or a list of vector (work of "
                     "the vector unit with its one reader), sums (a product with the sums that a "
                     "batch norm or its gradient needs of the result), epilogues (a product "
                     "with the work of the vector unit that alone reads its result), loads (products "
                     "with the work of the vector unit whose result they alone read), gradients (the "
                     "two gradients of a convolution) and views (concatenations, splits and slices "
                     "with those who write and read the pieces)"),
      llvm::cl::init("all")};
  Option<std::string> mapping{*this, "mapping", llvm::cl::desc("JSON file with mapping decisions that hold")};
  Option<std::string> mappingText{*this, "mapping-text", llvm::cl::desc("the same as JSON text")};
  Option<std::string> writeSchedules{
      *this, "write-schedules",
      llvm::cl::desc("file that takes all schedules as JSON; the option mapping reads it")};
  Option<bool> explainMapping{*this, "explain-mapping",
                              llvm::cl::desc("say for each operation what was chosen and why"),
                              llvm::cl::init(false)};
  Option<bool> noVerify{*this, "no-verify",
                        llvm::cl::desc("leave the program unverified; who runs it then verifies it"),
                        llvm::cl::init(false)};
  Option<std::string> to{*this, "to", llvm::cl::desc("last level: nn, step, mapped, tile or isa"),
                         llvm::cl::init("isa")};
  Option<std::string> atNn{*this, "at-nn", llvm::cl::desc("further passes on the imported module")};
  Option<std::string> atStep{*this, "at-step", llvm::cl::desc("further passes on the step")};
  Option<std::string> atMapped{*this, "at-mapped", llvm::cl::desc("further passes on the mapped step")};
  Option<std::string> atTile{*this, "at-tile", llvm::cl::desc("further passes on the tile program")};
  Option<std::string> atIsa{*this, "at-isa", llvm::cl::desc("further passes on the isa program")};

  /// Not null: takes what the search found for every operation (compiler/Transforms/Map/Map.h).
  std::vector<Decision> *decisions = nullptr;

  /// Calls `found` with every option in alphabetical order: flags take no value, lists may be given
  /// repeatedly.
  enum class Kind { Flag, Text, List };
  void visit(llvm::function_ref<void(llvm::StringRef name, llvm::StringRef help, Kind kind)> found);
  /// Sets one option from text. Throws arsis::Error for an unknown name or a value it does not take.
  void assign(llvm::StringRef name, llvm::StringRef value);
};

/// The options of the passes of training. Throws arsis::Error that says what was found and what is expected,
/// also for something that only a training step has where none is made.
TrainOptions readTraining(const CompileOptions &options);

/// "NAME=VALUE" of a symbolic dimension, which has no value yet. Throws arsis::Error.
void parseDimension(std::string_view text, ImportOptions &options);
/// Throws arsis::Error if a size is not positive.
void checkImport(const ImportOptions &options);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_PIPELINES_OPTIONS_H
