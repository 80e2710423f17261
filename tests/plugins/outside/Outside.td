// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A dialect from outside: one engine op, the absolute value of every element of a box.
#ifndef OUTSIDE_OPS
#define OUTSIDE_OPS

include "compiler/Conversion/TileToIsa/InstructionInterface.td"
include "dialects/Tile/IR/TileAttributes.td"
include "dialects/Tile/IR/TileInterfaces.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Outside_Dialect : Dialect {
  let name = "outside";
  let cppNamespace = "::outside";
}

def Outside_AbsoluteOp : Op<Outside_Dialect, "absolute", [
    DeclareOpInterfaceMethods<EngineOpInterface, ["getStreamId", "getFootprints"]>,
    DeclareOpInterfaceMethods<InstructionOpInterface>]> {
  let arguments = (ins Arg<AnyMemRef, "", [MemRead]>:$input, Arg<AnyMemRef, "", [MemWrite]>:$destination,
    Variadic<Index>:$indices, Tile_ExtentsAttr:$box, Tile_ViewAttr:$input_view, Tile_ViewAttr:$view,
    OptionalAttr<Tile_SyncAttr>:$sync);
  let assemblyFormat = [{
    $input `to` $destination `[` $indices `]` `box` $box `from` $input_view `to` $view (`sync` $sync^)? attr-dict
    `:` type($input) `to` type($destination) }];
}

#endif // OUTSIDE_OPS
