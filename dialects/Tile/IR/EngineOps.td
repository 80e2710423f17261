// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The engine ops of the tile dialect, one per instruction of the ISA. `indices` are induction variables of enclosing
// loops; every affine map of the op speaks about them and is linear.
#ifndef ARSIS_TILE_ENGINE_OPS
#define ARSIS_TILE_ENGINE_OPS

class Tile_EngineOp<string mnemonic, list<Trait> traits = []>
    : Tile_Op<mnemonic, !listconcat([DeclareOpInterfaceMethods<EngineOpInterface, ["getStreamId", "getFootprints"]>], traits)> {
  let hasVerifier = 1;
}
class Reads<TypeConstraint type> : Arg<type, "", [MemRead]>;
class Writes<TypeConstraint type> : Arg<type, "", [MemWrite]>;
class Updates<TypeConstraint type> : Arg<type, "", [MemRead, MemWrite]>;
defvar Indices = Variadic<Index>;
defvar Queue = DefaultValuedAttr<ConfinedAttr<I64Attr, [IntNonNegative]>, "0">;
defvar Unit = DefaultValuedAttr<ConfinedAttr<I64Attr, [IntNonNegative]>, "0">;

//===-- DMA -------------------------------------------------------------------------------------------------===//

def Tile_LoadOp : Tile_EngineOp<"load"> {
  let summary = "a box of a tensor into the scratchpad; elements out of the tensor's range become `fill`";
  let arguments = (ins Reads<Tile_Dram>:$tensor, Writes<Tile_Spm>:$destination, Indices:$indices,
    AffineMapAttr:$coordinates, Tile_ExtentsAttr:$box, Tile_ViewAttr:$view,
    DefaultValuedAttr<F32Attr, "0.0f">:$fill, Queue:$queue, OptionalAttr<Tile_SyncAttr>:$sync);
  let assemblyFormat = [{
    $tensor `to` $destination `[` $indices `]` `at` $coordinates `box` $box `view` $view (`sync` $sync^)? attr-dict
    `:` type($tensor) `,` type($destination) }];
}

def Tile_StoreOp : Tile_EngineOp<"store"> {
  let summary = "a box of the scratchpad into a tensor; elements out of the tensor's range are dropped";
  let arguments = (ins Reads<Tile_Spm>:$source, Writes<Tile_Dram>:$tensor, Indices:$indices,
    AffineMapAttr:$coordinates, Tile_ExtentsAttr:$box, Tile_ViewAttr:$view, Queue:$queue,
    OptionalAttr<Tile_SyncAttr>:$sync);
  let assemblyFormat = [{
    $source `to` $tensor `[` $indices `]` `at` $coordinates `box` $box `view` $view (`sync` $sync^)? attr-dict
    `:` type($source) `,` type($tensor) }];
}

//===-- matrix unit -----------------------------------------------------------------------------------------===//

def Tile_LoadWeightsOp : Tile_EngineOp<"load_weights"> {
  let summary = "K rows of N weights into a bank of a matrix unit";
  let description = [{
    Weight (k, n) is element `view(k) + n_stride * n`; k runs row-major over the box `k_box`. The bank is
    `bank(indices)` modulo the chip's number of banks.
  }];
  let arguments = (ins Reads<Tile_Spm>:$source, Indices:$indices, Unit:$unit, AffineMapAttr:$bank,
    Tile_ExtentsAttr:$k_box, Tile_ExtentsAttr:$n_box, Tile_ViewAttr:$view, I64Attr:$n_stride,
    OptionalAttr<Tile_SyncAttr>:$sync);
  let assemblyFormat = [{
    $source `[` $indices `]` `bank` $bank `k` $k_box `n` $n_box `view` $view `n_stride` $n_stride (`sync` $sync^)?
    attr-dict `:` type($source) }];
}

def Tile_MultiplyOp : Tile_EngineOp<"multiply"> {
  let summary = "stream M rows of K elements through a bank of weights into the accumulators";
  let description = [{
    Row m reads element `view(m) + sum k_strides[d] * k[d]` for every k and changes accumulator row `acc_view(m)`:
    it is overwritten where `accumulate(indices)` is 0 and added to otherwise.
  }];
  let arguments = (ins Reads<Tile_Spm>:$source, Updates<Tile_Acc>:$accumulators, Indices:$indices, Unit:$unit,
    AffineMapAttr:$bank, Tile_ExtentsAttr:$m_box, Tile_ExtentsAttr:$k_box, Tile_ViewAttr:$view,
    DenseI64ArrayAttr:$k_strides, Tile_ViewAttr:$acc_view, AffineMapAttr:$accumulate,
    OptionalAttr<Tile_SyncAttr>:$sync);
  let assemblyFormat = [{
    $source `to` $accumulators `[` $indices `]` `bank` $bank `m` $m_box `k` $k_box `view` $view `k_strides` $k_strides
    `acc` $acc_view `accumulate` $accumulate (`sync` $sync^)? attr-dict `:` type($source) `,` type($accumulators) }];
}

def Tile_DrainOp : Tile_EngineOp<"drain"> {
  let summary = "accumulator rows into the scratchpad";
  let description = [{ Column n of row m goes to element `view(m) + n_stride * n`, cast to the buffer's type. }];
  let arguments = (ins Reads<Tile_Acc>:$accumulators, Writes<Tile_Spm>:$destination, Indices:$indices, Unit:$unit,
    Tile_ExtentsAttr:$m_box, Tile_ExtentsAttr:$n_box, Tile_ViewAttr:$acc_view, Tile_ViewAttr:$view, I64Attr:$n_stride,
    OptionalAttr<Tile_SyncAttr>:$sync);
  let assemblyFormat = [{
    $accumulators `to` $destination `[` $indices `]` `m` $m_box `n` $n_box `acc` $acc_view `view` $view
    `n_stride` $n_stride (`sync` $sync^)? attr-dict `:` type($accumulators) `,` type($destination) }];
}

//===-- vector unit -----------------------------------------------------------------------------------------===//

def Tile_MapOp : Tile_EngineOp<"map", [AttrSizedOperandSegments]> {
  let summary = "an element function over a box: up to three inputs, broadcast by stride 0";
  let description = [{
    `views` holds the destination's view, then one per input. The destination may be one of the inputs, element by
    element.
  }];
  let arguments = (ins Writes<Tile_Spm>:$destination, Reads<Variadic<Tile_Spm>>:$inputs, Indices:$indices,
    Tile_VectorFunctionAttr:$function, Tile_ExtentsAttr:$box, Tile_ViewArrayAttr:$views,
    DefaultValuedAttr<F32Attr, "0.0f">:$immediate, OptionalAttr<Tile_SyncAttr>:$sync);
  let assemblyFormat = [{
    $function (`(` $inputs^ `)`)? `to` $destination `[` $indices `]` `box` $box `views` $views (`sync` $sync^)? attr-dict
    `:` (`(` type($inputs)^ `)` `to`)? type($destination) }];
  let extraClassDeclaration = [{
    ViewAttr getDestinationView() { return ::llvm::cast<ViewAttr>(getViews()[0]); }
    ViewAttr getInputView(unsigned i) { return ::llvm::cast<ViewAttr>(getViews()[i + 1]); }
  }];
}

def Tile_ReduceOp : Tile_EngineOp<"reduce"> {
  let summary = "sum or maximum over some dimensions of a box";
  let description = [{
    The dimensions in `reduced` disappear, in row-major order by the architectural tree of 16 partials. Where
    `accumulate(indices)` is 0 the destination is overwritten, else it is combined with the result.
  }];
  let arguments = (ins Updates<Tile_Spm>:$destination, Reads<Tile_Spm>:$input, Indices:$indices,
    Tile_ReduceFunctionAttr:$function, Tile_ExtentsAttr:$box, DenseI64ArrayAttr:$reduced, Tile_ViewAttr:$view,
    Tile_ViewAttr:$input_view, AffineMapAttr:$accumulate, OptionalAttr<Tile_SyncAttr>:$sync);
  let assemblyFormat = [{
    $function $input `to` $destination `[` $indices `]` `box` $box `reduced` $reduced `input` $input_view
    `view` $view `accumulate` $accumulate (`sync` $sync^)? attr-dict `:` type($input) `to` type($destination) }];
}

def Tile_PoolOp : Tile_EngineOp<"pool"> {
  let summary = "sum or maximum of windows; the box is (n, oh, ow, c)";
  let description = [{ The input's view is indexed by output position: its strides contain the window's step. }];
  let arguments = (ins Writes<Tile_Spm>:$destination, Reads<Tile_Spm>:$input, Indices:$indices,
    Tile_ReduceFunctionAttr:$function, Tile_ExtentsAttr:$box, DenseI64ArrayAttr:$window,
    DenseI64ArrayAttr:$window_strides, Tile_ViewAttr:$view, Tile_ViewAttr:$input_view,
    OptionalAttr<Tile_SyncAttr>:$sync);
  let assemblyFormat = [{
    $function $input `to` $destination `[` $indices `]` `box` $box `window` $window `window_strides` $window_strides
    `input` $input_view `view` $view (`sync` $sync^)? attr-dict `:` type($input) `to` type($destination) }];
}

def Tile_PoolGradOp : Tile_EngineOp<"pool_grad", [AttrSizedOperandSegments]> {
  let summary = "scatter the gradient of windows; the box is (n, oh, ow, c)";
  let description = [{
    Adds the gradient of a window to its first best position (`max`, which needs the input `x`) or to each position
    (`sum`). Destination and `x` share strides and window strides; `x_offset` is the offset of `x`.
  }];
  let arguments = (ins Updates<Tile_Spm>:$destination, Reads<Tile_Spm>:$gradient, Reads<Optional<Tile_Spm>>:$x,
    Indices:$indices, Tile_ReduceFunctionAttr:$function, Tile_ExtentsAttr:$box, DenseI64ArrayAttr:$window,
    DenseI64ArrayAttr:$window_strides, Tile_ViewAttr:$view, Tile_ViewAttr:$gradient_view,
    OptionalAttr<AffineMapAttr>:$x_offset, OptionalAttr<Tile_SyncAttr>:$sync);
  let assemblyFormat = [{
    $function $gradient (`x` $x^)? `to` $destination `[` $indices `]` `box` $box `window` $window
    `window_strides` $window_strides `gradient` $gradient_view `view` $view (`x_offset` $x_offset^)? (`sync` $sync^)?
    attr-dict `:` type($gradient) (`,` type($x)^)? `to` type($destination) }];
}

//===-- instructions of libraries ---------------------------------------------------------------------------===//

def Tile_ExternalOp : Tile_EngineOp<"external", [AttrSizedOperandSegments]> {
  let summary = "an instruction that a loaded library brings";
  let description = [{
    `fields` holds an attribute per field of the instruction: a number, an array of them, a type, an affine map for
    affine values, extents for extents. An address is the offset, in elements, into a buffer: the destination's for the
    operand that the instruction writes, else the next of the inputs.
  }];
  let arguments = (ins Writes<Tile_Spm>:$destination, Reads<Variadic<Tile_Spm>>:$inputs, Indices:$indices,
    StrAttr:$mnemonic, DictionaryAttr:$fields, OptionalAttr<Tile_SyncAttr>:$sync);
  let assemblyFormat = [{
    $mnemonic (`(` $inputs^ `)`)? `to` $destination `[` $indices `]` $fields (`sync` $sync^)? attr-dict
    `:` (`(` type($inputs)^ `)` `to`)? type($destination) }];
}

#endif // ARSIS_TILE_ENGINE_OPS
