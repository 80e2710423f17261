// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The isa dialect: a program of the instruction set as IR, one op per instruction, loops as regions. The instructions
// themselves are generated from dialects/Isa/isa.td.
#ifndef ARSIS_ISA_DIALECT
#define ARSIS_ISA_DIALECT

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/IR/RegionKindInterface.td"
include "mlir/IR/SymbolInterfaces.td"

def Isa_Dialect : Dialect {
  let name = "isa";
  let cppNamespace = "::arsis::isair";
  let summary = "programs of the chip's instruction set";
  let description = [{
    An `isa.program` holds the tensor table (`isa.tensor`) and one `isa.stream` per stream; inside, `isa.loop` is a
    hardware loop and every other op one instruction. All operands are attributes of the same kinds as the fields of
    the encoding: `#isa.affine`, `#isa.extent` and `#isa.address` speak of `i0`, the outermost hardware loop, `i1`, and
    so on. The dialect converts to the binary program and back without loss.
  }];
  let useDefaultAttributePrinterParser = 1;
  let extraClassDeclaration = [{ void registerFieldAttributes(); }];
}

//===-- attributes ------------------------------------------------------------------------------------------===//

class Isa_FieldAttr<string name, string attrMnemonic> : AttrDef<Isa_Dialect, name> {
  let mnemonic = attrMnemonic;
  let parameters = (ins AttrParameter<"::arsis::isa::" # name, "">:$value);
  let hasCustomAssemblyFormat = 1;
}
def Isa_AffineAttr : Isa_FieldAttr<"Affine", "affine"> {
  let summary = "`3 + 4*i0 + -2*i1`: a base plus strides times loop indices";
}
def Isa_ExtentAttr : Isa_FieldAttr<"Extent", "extent"> {
  let summary = "`8`, or `8, limit 30 + -8*i0`: a size, clamped to 0..8";
}
def Isa_AddressAttr : Isa_FieldAttr<"Address", "address"> {
  let summary = "`256 + 64*i1, ring 2*1024 at 0 + 1*i0`: an address, in one of two slots of 1024";
}
def Isa_WaitAttr : AttrDef<Isa_Dialect, "Wait"> {
  let mnemonic = "wait";
  let summary = "`counter 1 reaches 3 + 4*i0`: the instruction starts once a counter has reached a value";
  let parameters = (ins AttrParameter<"::arsis::isa::Wait", "">:$value);
  let hasCustomAssemblyFormat = 1;
}

def Isa_RelationEnum : I32EnumAttr<"Relation", "how a chip's value must compare",
    [I32EnumAttrCase<"Equal", 0, "equal">, I32EnumAttrCase<"AtLeast", 1, "at_least">]> {
  let cppNamespace = "::arsis::isair";
  let genSpecializedAttr = 0;
}
def Isa_RequirementAttr : AttrDef<Isa_Dialect, "Requirement"> {
  let mnemonic = "requirement";
  let summary = "what the program asks of a chip";
  let parameters = (ins StringRefParameter<>:$key, EnumParameter<Isa_RelationEnum>:$relation, "int64_t":$value);
  let assemblyFormat = "`<` $key $relation $value `>`";
}
def Isa_FileRangeAttr : AttrDef<Isa_Dialect, "FileRange"> {
  let mnemonic = "file_range";
  let summary = "elements in a file beside the program: the file's name, size and hash, and where they begin";
  let parameters = (ins StringRefParameter<>:$name, "uint64_t":$bytes, StringRefParameter<>:$sha256, "uint64_t":$offset);
  let assemblyFormat = "`<` $name `bytes` $bytes `sha256` $sha256 `at` $offset `>`";
}
def Isa_InitialAttr : AnyAttrOf<[ElementsAttr, Isa_FileRangeAttr], "elements or a file_range">;
def Isa_VerdictAttr : AttrDef<Isa_Dialect, "Verdict"> {
  let mnemonic = "verdict";
  let summary = "that a version of the verifier accepted what the hash covers, on chips that offer the capacities";
  let parameters = (ins "uint32_t":$version, "uint64_t":$hash,
    OptionalArrayRefParameter<"::arsis::isair::RequirementAttr">:$capacities);
  let assemblyFormat = "`<` `version` $version `hash` $hash (`on` $capacities^)? `>`";
}
def Isa_TensorAttr : ConfinedAttr<FlatSymbolRefAttr, []>;
class Isa_Unsigned<string max> : ConfinedAttr<I64Attr, [
  AttrConstraint<CPred<"::llvm::cast<::mlir::IntegerAttr>($_self).getInt() >= 0 && "
                       "::llvm::cast<::mlir::IntegerAttr>($_self).getInt() <= " # max>, "at most " # max>]>;
def Isa_U8Attr : Isa_Unsigned<"255">;
def Isa_U16Attr : Isa_Unsigned<"65535">;
def Isa_U32Attr : Isa_Unsigned<"4294967295">;
defvar Isa_I32Attr = I32Attr;
defvar Isa_F32Attr = F32Attr;
class Isa_ArrayOf<Attr element, int count> : ConfinedAttr<TypedArrayAttrBase<element, "array">, [ArrayCount<count>]>;
class Isa_IntegerArray<int count> : ConfinedAttr<DenseI32ArrayAttr, [DenseArrayCount<count>]>;
def Isa_WaitsAttr : ConfinedAttr<TypedArrayAttrBase<Isa_WaitAttr, "waits">, [ArrayMaxCount<2>]>;

//===-- instructions ----------------------------------------------------------------------------------------===//

class Isa_Op<string mnemonic, list<Trait> traits = []> : Op<Isa_Dialect, mnemonic, traits>;
include "dialects/Isa/IR/IsaOps.td.inc"

def Isa_ExternalOp : Isa_Op<"external"> {
  let summary = "an instruction that a loaded library brings";
  let description = [{
    `fields` holds an attribute of the usual kind per field of the instruction. What they are is known to whoever has the
    library: the conversion to a program checks them.
  }];
  let arguments = (ins OptionalAttr<Isa_WaitsAttr>:$waits, OptionalAttr<Isa_U8Attr>:$increment, StrAttr:$mnemonic,
    DictionaryAttr:$fields);
  let assemblyFormat = "$mnemonic attr-dict";
}

//===-- structure -------------------------------------------------------------------------------------------===//

def Isa_PlacementAttr : AttrDef<Isa_Dialect, "Placement"> {
  let mnemonic = "placement";
  let summary = "one line of the memory plan";
  let parameters = (ins EnumParameter<Isa_MemoryEnum>:$memory, DefaultValuedParameter<"uint32_t", "0">:$unit,
    StringRefParameter<>:$buffer, "uint64_t":$begin, "uint64_t":$end,
    "uint32_t":$slots, StringRefParameter<>:$layer);
  let assemblyFormat = "`<` $memory (`unit` $unit^)? $buffer `from` $begin `to` $end `slots` $slots `layer` $layer `>`";
}
def Isa_StreamIdAttr : AttrDef<Isa_Dialect, "StreamId"> {
  let mnemonic = "stream_id";
  let summary = "names a stream by kind and index";
  let parameters = (ins EnumParameter<Isa_StreamKindEnum>:$kind, "int64_t":$index);
  let assemblyFormat = "`<` $kind $index `>`";
}

def Isa_ProgramOp : Isa_Op<"program", [IsolatedFromAbove, NoTerminator, SingleBlock, Symbol, SymbolTable, NoRegionArguments]> {
  let summary = "a program: tensor table, streams, and what a chip must offer";
  let description = [{
    Counter c is incremented by stream `counters[c]` only. The verdict is `isa-prove`'s; who loads the program believes
    it only if its hash is that of the program.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, I64Attr:$dram_bytes,
    TypedArrayAttrBase<Isa_StreamIdAttr, "streams">:$counters,
    TypedArrayAttrBase<Isa_RequirementAttr, "requirements">:$requirements,
    TypedArrayAttrBase<Isa_PlacementAttr, "placements">:$placements, DictionaryAttr:$options,
    StrArrayAttr:$not_observable, StrAttr:$nn_module, OptionalAttr<Isa_VerdictAttr>:$verdict);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$sym_name attr-dict-with-keyword $body";
  let hasVerifier = 1;
}

def Isa_TensorOp : Isa_Op<"tensor", [Symbol, HasParent<"ProgramOp">]> {
  let summary = "an entry of the tensor table";
  let description = [{
    Shape and stride have four dimensions, strides count elements. The contents are complete once counter
    `complete_counter` has reached `complete_value`. `alias` names the entry whose very bytes, or some of them, this one has under another
    shape, `parameter` the parameter whose gradient or optimizer's slot it is; both stand before it. `initial` is the value before the first step, in chip layout: elements (a splat stays one), or where they
    are in a file that lies beside the program.
  }];
  let arguments = (ins SymbolNameAttr:$sym_name, Isa_TensorRoleAttr:$role, Isa_ElementTypeAttr:$type,
    ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<4>]>:$shape,
    ConfinedAttr<DenseI64ArrayAttr, [DenseArrayCount<4>]>:$stride, I64Attr:$address,
    DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$host_shape, DefaultValuedAttr<DenseI64ArrayAttr, "{}">:$host_permutation,
    OptionalAttr<FlatSymbolRefAttr>:$alias, OptionalAttr<FlatSymbolRefAttr>:$parameter, UnitAttr:$observable, DefaultValuedAttr<Isa_U8Attr, "0">:$complete_counter,
    DefaultValuedAttr<Isa_U32Attr, "0">:$complete_value, DefaultValuedAttr<Isa_U8Attr, "0">:$readable_counter,
    DefaultValuedAttr<Isa_U32Attr, "0">:$readable_until, OptionalAttr<Isa_InitialAttr>:$initial);
  let assemblyFormat = "$sym_name $role $type `shape` $shape `stride` $stride `at` $address attr-dict";
}

def Isa_StreamOp : Isa_Op<"stream", [NoTerminator, SingleBlock, NoRegionArguments, HasParent<"ProgramOp">]> {
  let summary = "the instructions of one stream, in order";
  let arguments = (ins Isa_StreamKindAttr:$kind, Isa_U8Attr:$index);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$kind $index attr-dict-with-keyword $body";
}

def Isa_LoopOp : Isa_Op<"loop", [NoTerminator, SingleBlock, NoRegionArguments, ParentOneOf<["StreamOp", "LoopOp"]>]> {
  let summary = "a hardware loop";
  let arguments = (ins Isa_U32Attr:$count);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "$count attr-dict-with-keyword $body";
}

#endif // ARSIS_ISA_DIALECT
