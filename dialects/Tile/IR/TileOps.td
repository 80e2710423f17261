// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The tile dialect's structure: the program, its tensors and buffers, and the streams it is split into.
#ifndef ARSIS_TILE_OPS
#define ARSIS_TILE_OPS

include "dialects/Tile/IR/TileAttributes.td"
include "dialects/Tile/IR/TileInterfaces.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Tile_MemorySpace<string attribute, string text> : ConfinedType<AnyStaticShapeMemRef, [
  CPred<"::llvm::isa_and_nonnull<::arsis::tile::" # attribute # ">("
        "::llvm::cast<::mlir::MemRefType>($_self).getMemorySpace())">,
  CPred<"::llvm::cast<::mlir::MemRefType>($_self).getLayout().isIdentity()">], text, "::mlir::MemRefType">;
def Tile_Dram : Tile_MemorySpace<"DramAttr", "tensor in #tile.dram">;
def Tile_Spm : Tile_MemorySpace<"SpmAttr", "buffer in #tile.spm">;
def Tile_Acc : Tile_MemorySpace<"AccAttr", "rows in #tile.acc">;

class Tile_Op<string mnemonic, list<Trait> traits = []> : Op<Tile_Dialect, mnemonic, traits>;

def Tile_ProgramOp : Tile_Op<"program", [IsolatedFromAbove, NoTerminator, SingleBlock, Symbol, NoRegionArguments]> {
  let summary = "one step of a chip: tensors, buffers, loops and engine ops, executed in order";
  let description = [{
    `requirements` says which values of the chip's description (numbers by key) the program was lowered for and holds
    on no other chip.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, OptionalAttr<DictionaryAttr>:$requirements);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Tile_TensorOp : Tile_Op<"tensor", [HasParent<"ProgramOp">]> {
  let summary = "a named tensor in DRAM";
  let description = [{
    The shape is the chip's layout (at most four dimensions, row-major). `host_shape` and `host_permutation` give the
    layout the outside knows: host dimension i is chip dimension `host_permutation[i]`. `parameter` is the name
    of the parameter whose gradient or optimizer's slot this is. `initial` is the value the tensor has before the first
    step. The address is set by `tile-plan-memory`.
  }];
  let arguments = (ins StrAttr:$name, Tile_TensorRoleAttr:$role, OptionalAttr<DenseI64ArrayAttr>:$host_shape,
    OptionalAttr<DenseI64ArrayAttr>:$host_permutation, OptionalAttr<StrAttr>:$parameter,
    OptionalAttr<ElementsAttr>:$initial, UnitAttr:$observable,
    OptionalAttr<I64Attr>:$address);
  let results = (outs Tile_Dram:$result);
  let assemblyFormat = "$name $role attr-dict `:` type($result)";
  let hasVerifier = 1;
}

def Tile_AliasOp : Tile_Op<"alias", [Pure, HasParent<"ProgramOp">]> {
  let summary = "the same bytes under another shape, or some of them";
  let description = [{
    With `strides`, element i of the result is element `offset + sum strides[d] * i[d]` of the source, counted row-major,
    and the source is a `tile.tensor`. Without, both have the same elements in row-major order. A part has a `name` where
    it stands for a value of its own.
  }];
  let arguments = (ins Tile_Dram:$source, OptionalAttr<StrAttr>:$name,
    DefaultValuedAttr<ConfinedAttr<I64Attr, [IntNonNegative]>, "0">:$offset, OptionalAttr<DenseI64ArrayAttr>:$strides);
  let results = (outs Tile_Dram:$result);
  let assemblyFormat = "$source attr-dict `:` type($source) `to` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{ ::llvm::LogicalResult verifyPart(); }];
}

def Tile_AllocOp : Tile_Op<"alloc"> {
  let summary = "a ring of buffers in the scratchpad or in a matrix unit's accumulators";
  let description = [{
    Each execution begins a new generation, which lives in slot `generation mod slots` until the end of the block. So
    a buffer with two slots inside a loop is double-buffered. In the accumulators the type is
    `memref<rows x cols x f32>`, and `unit` says whose. The address (bytes, or rows) is set by `tile-plan-memory`.
  }];
  let arguments = (ins StrAttr:$name, DefaultValuedAttr<ConfinedAttr<I64Attr, [IntPositive]>, "1">:$slots,
    DefaultValuedAttr<ConfinedAttr<I64Attr, [IntNonNegative]>, "0">:$unit, OptionalAttr<I64Attr>:$address);
  let results = (outs Res<AnyTypeOf<[Tile_Spm, Tile_Acc]>, "", [MemAlloc]>:$result);
  let assemblyFormat = "$name attr-dict `:` type($result)";
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    ::mlir::MemRefType getBufferType() { return ::llvm::cast<::mlir::MemRefType>(getType()); }
    bool isAccumulator() { return ::llvm::isa<AccAttr>(getBufferType().getMemorySpace()); }
    /// Size of one slot: bytes in the scratchpad, rows in the accumulators.
    int64_t getSlotSize();
  }];
}

def Tile_StreamOp : Tile_Op<"stream", [NoTerminator, SingleBlock, NoRegionArguments, HasParent<"ProgramOp">]> {
  let summary = "the part of the program that one stream executes";
  let arguments = (ins Tile_StreamKindAttr:$kind, ConfinedAttr<I64Attr, [IntNonNegative]>:$index);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$kind $index attr-dict-with-keyword $body";
}

def Tile_WaitOp : Tile_Op<"wait", [DeclareOpInterfaceMethods<MemoryEffectsOpInterface>, ParentOneOf<["StreamOp", "::mlir::scf::ForOp"]>]> {
  let summary = "nothing but waits, ahead of the op that needs them";
  let arguments = (ins Tile_SyncAttr:$sync);
  let assemblyFormat = "$sync attr-dict";
}

include "dialects/Tile/IR/EngineOps.td"

#endif // ARSIS_TILE_OPS
