// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Attributes of the tile dialect: memory spaces, views, extents, and the waits that the split into streams attaches.
#ifndef ARSIS_TILE_ATTRIBUTES
#define ARSIS_TILE_ATTRIBUTES

include "dialects/Tile/IR/TileDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Tile_Attr<string name, string attrMnemonic, list<Trait> traits = []> : AttrDef<Tile_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

//===-- memory spaces ---------------------------------------------------------------------------------------===//

def Tile_DramAttr : Tile_Attr<"Dram", "dram"> { let summary = "the chip's external memory"; }
def Tile_SpmAttr : Tile_Attr<"Spm", "spm"> { let summary = "the scratchpad, byte addressed, shared by all engines"; }
def Tile_AccAttr : Tile_Attr<"Acc", "acc"> { let summary = "a matrix unit's accumulators, addressed in rows"; }

//===-- enums -----------------------------------------------------------------------------------------------===//

class Tile_Enum<string name, string text, list<I32EnumAttrCase> cases> : I32EnumAttr<name, text, cases> {
  let cppNamespace = "::arsis::tile";
  let genSpecializedAttr = 0;
}
class Tile_EnumAttr<EnumAttrInfo info, string mnemonic> : EnumAttr<Tile_Dialect, info, mnemonic>;

// The cases are those of dialects/Isa/isa.td, so that every level has the same names and numbers.
include "dialects/Isa/IR/IsaCases.td.inc"

def Tile_StreamKind : Tile_Enum<"StreamKind", "kind of instruction stream", Isa_StreamKindCases>;
def Tile_StreamKindAttr : Tile_EnumAttr<Tile_StreamKind, "stream_kind">;

def Tile_VectorFunction : Tile_Enum<"VectorFunction", "element function of tile.map", Isa_VectorFunctionCases>;
def Tile_VectorFunctionAttr : Tile_EnumAttr<Tile_VectorFunction, "function">;

def Tile_ReduceFunction : Tile_Enum<"ReduceFunction", "how a reduction or a pooling window combines",
                                    Isa_ReduceFunctionCases>;
def Tile_ReduceFunctionAttr : Tile_EnumAttr<Tile_ReduceFunction, "combine">;

def Tile_TensorRole : Tile_Enum<"TensorRole", "what a DRAM tensor is to the outside", Isa_TensorRoleCases>;
def Tile_TensorRoleAttr : Tile_EnumAttr<Tile_TensorRole, "role">;

//===-- which elements --------------------------------------------------------------------------------------===//

def Tile_ViewAttr : Tile_Attr<"View", "view"> {
  let summary = "which elements of a buffer: an affine offset and one stride per dimension of the op's box";
  let description = [{
    Element b of the op's box lies at `offset(indices) + sum strides[d] * b[d]`, counted in elements of the buffer
    (rows for accumulators) from its start. Stride 0 broadcasts.
  }];
  let parameters = (ins "::mlir::AffineMap":$offset, ArrayRefParameter<"int64_t">:$strides);
  let assemblyFormat = "`<` $offset `,` `[` $strides `]` `>`";
}
def Tile_ViewArrayAttr : TypedArrayAttrBase<Tile_ViewAttr, "one view per buffer">;

def Tile_ExtentsAttr : Tile_Attr<"Extents", "extents"> {
  let summary = "sizes of a box: constant tiles, each optionally clamped by an affine limit";
  let description = [{
    Size d is `clamp(limits[d](indices), 0, tile[d])`. A limit that is the constant tile, or no limits at all, means
    that the size is always tile[d].
  }];
  let parameters = (ins ArrayRefParameter<"int64_t">:$tile, OptionalParameter<"::mlir::AffineMap">:$limits);
  let assemblyFormat = "`<` `[` $tile `]` (`,` `limits` $limits^)? `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    unsigned getRank() const { return getTile().size(); }
    /// The limit of dimension d, or null if the dimension is never clamped.
    ::mlir::AffineExpr getLimit(unsigned d) const;
  }];
}

//===-- synchronisation -------------------------------------------------------------------------------------===//

def Tile_WaitAttr : Tile_Attr<"Wait", "wait"> {
  let summary = "the instruction starts once a counter of a stream has reached a value";
  let description = [{
    The map has one dimension per loop around the op in its stream, outermost first; values of zero and less are
    satisfied.
  }];
  let parameters = (ins EnumParameter<Tile_StreamKind>:$kind, "int64_t":$index,
    DefaultValuedParameter<"int64_t", "0">:$counter, "::mlir::AffineMap":$value);
  let assemblyFormat = "`<` $kind $index (`counter` $counter^)? `,` $value `>`";
  let genVerifyDecl = 1;
}

def Tile_SyncAttr : Tile_Attr<"Sync", "sync"> {
  let summary = "what an instruction waits for, and whether and by which counter of its stream others wait for it";
  let parameters = (ins OptionalArrayRefParameter<"::arsis::tile::WaitAttr">:$waits, "bool":$increments,
    DefaultValuedParameter<"int64_t", "0">:$counter);
  let assemblyFormat = [{
    `<` (`waits` `=` `[` $waits^ `]` `,` ` `)? `increments` `=` $increments (`counter` $counter^)? `>`
  }];
}

#endif // ARSIS_TILE_ATTRIBUTES
