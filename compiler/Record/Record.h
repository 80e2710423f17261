// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What a step remembers of how it was made, so that compilation can go on from the text of any level to the
// same program: the options, the values of the chip that decisions rest on, and the mapped nn module for the
// reference. Each pass writes down what it was told; convert-tile-to-isa hands it all to the isa.program.
#ifndef ARSIS_COMPILER_RECORD_RECORD_H
#define ARSIS_COMPILER_RECORD_RECORD_H

#include "arch_configs/reader/Chip.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinOps.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace arsis::compiler {

/// On a function, and on the program it becomes: text by key. Keys "chip", "chip_overrides" and "chip.<key>"
/// are those of the chip, the others are options.
inline constexpr llvm::StringLiteral kOptions = "nn.options";
/// On the module, beside the programs that its functions became: the text of the mapped nn module, as bytes.
inline constexpr llvm::StringLiteral kReference = "nn.reference";

/// What `step` remembers; empty if nothing. Reports on `step` what is no dictionary of strings.
mlir::FailureOr<mlir::DictionaryAttr> optionsOf(mlir::Operation *step);
/// Text of one option; nothing if it is not there.
std::optional<std::string> option(mlir::DictionaryAttr options, llvm::StringRef key);
/// Adds to what `step` remembers, in place of former entries of these keys.
mlir::LogicalResult setOptions(mlir::Operation *step, const std::map<std::string, std::string> &entries);

/// The chip that the options `chip` and `set` of the pass `pass` name; nothing after an error on `op`.
std::optional<chip::Chip> readChip(mlir::Operation *op, llvm::StringRef pass, const std::string &chip,
                                   llvm::ArrayRef<std::string> set);
/// Writes the chip's name, its overrides and the values of all keys read so far into what `step` remembers.
/// First: whatever it remembers of another chip is forgotten. Further: fails where an earlier pass read
/// another value.
enum class ChipUse { First, Further };
mlir::LogicalResult recordChip(mlir::Operation *step, const chip::Chip &chip, ChipUse use);
/// Reports on `op` the first value in `options` that is not the chip's.
mlir::LogicalResult checkChip(mlir::Operation *op, mlir::DictionaryAttr options, const chip::Chip &chip);

/// A chip as options name it.
struct ChipOptions {
  std::string chip;
  std::vector<std::string> set;
};
/// The chip that `options` remember; nothing if they remember none.
std::optional<ChipOptions> rememberedChip(mlir::DictionaryAttr options);

/// The value of kReference; empty if the module has none. Reports what is no text of its own.
mlir::FailureOr<std::string> referenceOf(mlir::ModuleOp module);
void setReference(mlir::ModuleOp module, llvm::StringRef text);

} // namespace arsis::compiler

#endif // ARSIS_COMPILER_RECORD_RECORD_H
