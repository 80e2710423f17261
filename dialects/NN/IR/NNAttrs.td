// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Attributes of the nn dialect: what the mapping pass decided, and the order in which an operation reduces.

#ifndef ARSIS_NN_ATTRS
#define ARSIS_NN_ATTRS

include "dialects/NN/IR/NNDialect.td"
include "mlir/IR/AttrTypeBase.td"

class NN_Attr<string name, string attrMnemonic> : AttrDef<NN_Dialect, name> {
  let mnemonic = attrMnemonic;
}

def NN_MappingAttr : NN_Attr<"Mapping", "mapping"> {
  let summary = "how one operation is laid onto the chip";
  let description = [{
    A dictionary of decisions (dataflow, tile sizes, loop order, buffer depths, unit). One pass writes it, everything
    downstream obeys it. Example: `#nn.mapping<{tile_oh = 4 : i64, slots = 2 : i64}>`.
  }];
  let parameters = (ins "::mlir::DictionaryAttr":$values);
  let assemblyFormat = "`<` $values `>`";
}

def NN_PlanAttr : NN_Attr<"Plan", "plan"> {
  let summary = "the order in which an operation combines the terms of its sums";
  let description = [{
    Names of the reduced dimensions, outermost first, and the chunk of each. The tuples of chunks are visited in
    lexicographic order. Inside a chunk a contraction adds its terms one after the other from +0, a sum of the vector
    unit follows the tree of the instruction `reduce`. The first chunk's sum is the total, every later one is added to
    it. Two executions under one plan agree bit for bit.
    Example: `#nn.plan<dims = ["c", "kh", "kw"], chunks = [16, 1, 1]>`.
  }];
  let parameters = (ins ArrayRefParameter<"::mlir::StringAttr">:$dims, ArrayRefParameter<"int64_t">:$chunks);
  let assemblyFormat = "`<` `dims` `=` `[` $dims `]` `,` `chunks` `=` `[` $chunks `]` `>`";
  let genVerifyDecl = 1;
}

#endif // ARSIS_NN_ATTRS
