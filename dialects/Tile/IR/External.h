// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// tile.external: the fields of an instruction from outside as attributes, and back. Both directions walk the
// description that the library gave.
#ifndef ARSIS_DIALECTS_TILE_IR_EXTERNAL_H
#define ARSIS_DIALECTS_TILE_IR_EXTERNAL_H

#include "dialects/Isa/Encoding/ExternalBody.h"
#include "dialects/Tile/IR/Tile.h"

namespace arsis::tile {

/// What the numbers of a field become, which depends on who asks. By default loop k of affine values is index
/// k of the op, and an address counts bytes from the start of its buffer.
class ExternalReader {
public:
  virtual ~ExternalReader() = default;
  virtual isa::Affine affine(mlir::AffineExpr expr);
  virtual isa::Extent extent(ExtentsAttr extents, unsigned d);
  virtual isa::Address address(mlir::Value buffer, mlir::AffineMap offset);
};

/// The instruction of an op. Fails after calling `emitError` if no loaded library brings it, or if fields or
/// buffers are not what it has.
llvm::FailureOr<isa::External> readExternal(ExternalOp op, ExternalReader &reader,
                                            llvm::function_ref<mlir::InFlightDiagnostic()> emitError);

/// The attributes of a body as the default reader gives it. `buffers` are those of its address fields, in
/// order; `indices` says how many loops its values speak about.
mlir::DictionaryAttr fieldsOf(const isa::External &body, mlir::ValueRange buffers, unsigned indices,
                              mlir::MLIRContext *context);

/// The number, among the address fields, of the one that the instruction writes.
size_t writtenAddress(const isa::ExternalInstruction &instruction);

} // namespace arsis::tile

#endif // ARSIS_DIALECTS_TILE_IR_EXTERNAL_H
