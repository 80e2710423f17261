// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What every engine op can say about itself, so that passes know no op by name.
#ifndef ARSIS_TILE_INTERFACES
#define ARSIS_TILE_INTERFACES

include "mlir/IR/OpBase.td"
include "mlir/IR/Interfaces.td"

def EngineOpInterface : OpInterface<"EngineOpInterface"> {
  let cppNamespace = "::arsis::tile";
  let description = [{
    An op that is one instruction of one stream. The buffers it reads and writes are its declared memory effects
    (MemoryEffectOpInterface), one per operand; its footprints say which elements of them. What instruction it is says
    InstructionOpInterface of compiler/Conversion/TileToIsa, which is attached to it.
  }];
  let methods = [
    InterfaceMethod<"The stream that executes this op.", "::arsis::tile::StreamId", "getStreamId">,
    InterfaceMethod<"The loop indices that the op's affine maps speak about.", "::mlir::OperandRange", "getIndices">,
    InterfaceMethod<"The accesses of the op, one per buffer operand: all elements it may touch, and no fewer.",
                    "std::vector<::arsis::tile::Footprint>", "getFootprints">,
    InterfaceMethod<"Waits and increment; null before the split into streams.", "::arsis::tile::SyncAttr",
                    "getSyncAttr">,
    InterfaceMethod<"Sets waits and increment.", "void", "setSyncAttr", (ins "::arsis::tile::SyncAttr":$sync)>,
  ];
}

#endif // ARSIS_TILE_INTERFACES
