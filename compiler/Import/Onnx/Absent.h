// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Parameters without values: of files that hold the structure of a model only. A program made from one can be
// timed; what it computes begins with zeros, or with random numbers on request.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_ABSENT_H
#define ARSIS_COMPILER_IMPORT_ONNX_ABSENT_H

#include "compiler/Import/Onnx/Node.h"
#include "compiler/Import/Onnx/Tensor.h"

#include "llvm/ADT/StringRef.h"

namespace onnx {
class GraphProto;
}

namespace arsis::compiler::onnximport {

/// Gives initialisers without data the form that `decodeTensor` takes for an absent one: raw data of no
/// bytes.
void markAbsent(onnx::GraphProto &graph);

/// The values with which PyTorch begins: of a `weight` that `reader` reads uniform numbers between plus and
/// minus 1 / sqrt(fan in), ones for the scale and the variance of a normalisation, zeros for everything else.
/// The same for the same `seed` and `name` on every machine. `word` is that of the reader's input.
void fillRandomly(Tensor &tensor, const Node &reader, llvm::StringRef word, uint64_t seed,
                  llvm::StringRef name);

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_ABSENT_H
