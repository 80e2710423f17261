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

def Tile_StreamKind : Tile_Enum<"StreamKind", "kind of instruction stream", [
  I32EnumAttrCase<"Load", 0, "load">, I32EnumAttrCase<"Store", 1, "store">, I32EnumAttrCase<"Matrix", 2, "matrix">,
  I32EnumAttrCase<"Drain", 3, "drain">, I32EnumAttrCase<"Vector", 4, "vector">,
  I32EnumAttrCase<"Collective", 5, "collective">]>;
def Tile_StreamKindAttr : Tile_EnumAttr<Tile_StreamKind, "stream_kind">;

// The element functions of dialects/Isa/Numerics/Functions.h, same names and numbers.
def Tile_VectorFunction : Tile_Enum<"VectorFunction", "element function of tile.map", [
  I32EnumAttrCase<"Copy", 0, "copy">, I32EnumAttrCase<"Fill", 1, "fill">, I32EnumAttrCase<"Add", 2, "add">,
  I32EnumAttrCase<"Subtract", 3, "subtract">, I32EnumAttrCase<"Multiply", 4, "multiply">,
  I32EnumAttrCase<"Fma", 5, "fma">, I32EnumAttrCase<"Scale", 6, "scale">, I32EnumAttrCase<"Offset", 7, "offset">,
  I32EnumAttrCase<"ScaleAdd", 8, "scale_add">, I32EnumAttrCase<"Maximum", 9, "maximum">,
  I32EnumAttrCase<"Minimum", 10, "minimum">, I32EnumAttrCase<"Relu", 11, "relu">,
  I32EnumAttrCase<"SelectPositive", 12, "select_positive">, I32EnumAttrCase<"Reciprocal", 13, "reciprocal">,
  I32EnumAttrCase<"Rsqrt", 14, "rsqrt">, I32EnumAttrCase<"Exp", 15, "exp">, I32EnumAttrCase<"Log", 16, "log">,
  I32EnumAttrCase<"OneHot", 17, "one_hot">, I32EnumAttrCase<"IsFinite", 18, "is_finite">,
  I32EnumAttrCase<"Tanh", 19, "tanh">]>;
def Tile_VectorFunctionAttr : Tile_EnumAttr<Tile_VectorFunction, "function">;

def Tile_ReduceFunction : Tile_Enum<"ReduceFunction", "how a reduction or a pooling window combines", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Max", 1, "max">]>;
def Tile_ReduceFunctionAttr : Tile_EnumAttr<Tile_ReduceFunction, "combine">;

def Tile_TensorRole : Tile_Enum<"TensorRole", "what a DRAM tensor is to the outside", [
  I32EnumAttrCase<"Input", 0, "input">, I32EnumAttrCase<"Label", 1, "label">,
  I32EnumAttrCase<"Parameter", 2, "parameter">, I32EnumAttrCase<"State", 3, "state">,
  I32EnumAttrCase<"Hyper", 4, "hyper">, I32EnumAttrCase<"Output", 5, "output">, I32EnumAttrCase<"Loss", 6, "loss">,
  I32EnumAttrCase<"Gradient", 7, "gradient">, I32EnumAttrCase<"Activation", 8, "activation">,
  I32EnumAttrCase<"Temporary", 9, "temporary">, I32EnumAttrCase<"Constant", 10, "constant">]>;
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
  let summary = "the instruction starts once the counter of a stream has reached a value";
  let description = [{
    The map has one dimension per loop around the op in its stream, outermost first; values of zero and less are
    satisfied.
  }];
  let parameters = (ins EnumParameter<Tile_StreamKind>:$kind, "int64_t":$index, "::mlir::AffineMap":$value);
  let assemblyFormat = "`<` $kind $index `,` $value `>`";
  let genVerifyDecl = 1;
}

def Tile_SyncAttr : Tile_Attr<"Sync", "sync"> {
  let summary = "what an instruction waits for, and whether others wait for it";
  let parameters = (ins OptionalArrayRefParameter<"::arsis::tile::WaitAttr">:$waits, "bool":$increments);
  let assemblyFormat = "`<` (`waits` `=` `[` $waits^ `]` `,` ` `)? `increments` `=` $increments `>`";
}

#endif // ARSIS_TILE_ATTRIBUTES
