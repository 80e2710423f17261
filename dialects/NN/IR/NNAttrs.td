// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes of the nn dialect: what a tensor is for, how the search laid an operation out, and the order in which an operation reduces.

#ifndef ARSIS_NN_ATTRS
#define ARSIS_NN_ATTRS

include "dialects/NN/IR/NNDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

// The cases are those of dialects/Isa/isa.td, so that every level has the same names and numbers.
include "dialects/Isa/IR/IsaCases.td.inc"

def NN_Role : I32EnumAttr<"Role", "what an argument or a result of a step is for", Isa_TensorRoleCases> {
  let cppNamespace = "::arsis::nn";
  let genSpecializedAttr = 0;
}
def NN_RoleAttr : EnumAttr<NN_Dialect, NN_Role, "role"> {
  let assemblyFormat = "`<` $value `>`";
}

class NN_Attr<string name, string attrMnemonic> : AttrDef<NN_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def NN_ScheduleAttr : NN_Attr<"Schedule", "schedule"> {
  let summary = "how one operation is laid onto the chip";
  let description = [{
    The strategy, the order of the loops over tiles, outermost first, and numbers in groups: `tiles` (extent along a
    dimension), `chunks` (of the plan), `pack` (groups in one pass through an array), `resident` (1: all of a value stays in the scratchpad), `slots` (buffers per
    ring), `split` (arrays that share a product, by columns and by rows). The search writes all of it, everything downstream obeys it. Given before the search, what is there holds
    and the rest is chosen; the strategy is then empty or the one that must be taken.
    Example: `#nn.schedule<"weight_stationary", loops = [n, oh, ow, co, c], tiles = {c = 64, oh = 7}, slots = {tiles = 2}>`.
  }];
  let parameters = (ins "::mlir::StringAttr":$strategy, ArrayRefParameter<"::mlir::StringAttr">:$loops,
                        "::mlir::DictionaryAttr":$groups);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def NN_PlanBegin : I32EnumAttr<"PlanBegin", "what the partial sum of a chunk begins with", [
  I32EnumAttrCase<"Zero", 0, "zero">, I32EnumAttrCase<"Continue", 1, "continue">]> {
  let cppNamespace = "::arsis::nn";
  let genSpecializedAttr = 0;
}

def NN_PlanAttr : NN_Attr<"Plan", "plan"> {
  let summary = "the order in which an operation combines the terms of its sums";
  let description = [{
    Names of the reduced dimensions, outermost first, and the chunk of each. The tuples of chunks are visited in
    lexicographic order. Inside a chunk a contraction adds its terms one after the other from +0, a sum of the vector
    unit follows the tree of the instruction `reduce`. The first chunk's sum is the total, every later one is added to
    it. With `begin = continue` a contraction's partial goes on from the total instead, as in an array that keeps its
    results in place: all chunks are one chain. Two executions under one plan agree bit for bit.
    Example: `#nn.plan<dims = ["c", "kh", "kw"], chunks = [16, 1, 1]>`.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$dims, ArrayRefParameter<"int64_t">:$chunks,
                        DefaultValuedParameter<"::arsis::nn::PlanBegin", "::arsis::nn::PlanBegin::Zero">:$begin);
  let assemblyFormat = [{
    `<` `dims` `=` `[` $dims `]` `,` `chunks` `=` `[` $chunks `]` (`,` `begin` `=` $begin^)? `>`
  }];
  let builders = [AttrBuilder<(ins "::llvm::ArrayRef<::mlir::StringAttr>":$dims,
                                   "::llvm::ArrayRef<int64_t>":$chunks,
                                   CArg<"::arsis::nn::PlanBegin", "::arsis::nn::PlanBegin::Zero">:$begin), [{
    return $_get(context, dims, chunks, begin);
  }]>];
  let skipDefaultBuilders = 1;
  let genVerifyDecl = 1;
}

def NN_ViewKind : I32EnumAttr<"ViewKind", "whose bytes those of the others are", [
  I32EnumAttrCase<"OfOperands", 0, "of_operands">, I32EnumAttrCase<"OfResult", 1, "of_result">]> {
  let cppNamespace = "::arsis::nn";
  let genSpecializedAttr = 0;
}
def NN_ViewKindAttr : EnumAttr<NN_Dialect, NN_ViewKind, "view"> {
  let summary = "an operation on boxes that moves nothing";
  let description = [{
    `of_operands`: the results lie in DRAM where the operands are. `of_result`: the operands are computed where they lie
    in the result. Set by `nn-place-views`; an operation without it moves its boxes.
  }];
  let assemblyFormat = "`<` $value `>`";
}

#endif // ARSIS_NN_ATTRS
