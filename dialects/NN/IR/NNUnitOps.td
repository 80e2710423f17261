// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Several operations that a chip executes in one nest of loops.

#ifndef ARSIS_NN_UNIT_OPS
#define ARSIS_NN_UNIT_OPS

include "dialects/NN/IR/NNOpBase.td"

def NN_UnitOp : NN_Op<"unit", [IsolatedFromAbove, SingleBlock, NN_ScheduledOpInterface]> {
  let summary = "operations that share one schedule";
  let description = [{
    Computes what its body computes, operation by operation; what the body does not yield is never stored. Made by
    `nn-form-units` before schedules are searched; an operation outside of one is a unit by itself.

    - unit_c1: the arguments of the body have the types of the inputs
    - unit_c2: the body ends in `nn.yield`, whose values have the types of the results and are different results of the
      body's operations; so a body is not to be simplified
    - unit_c3: the body has operations, which have a structure or parts, and no schedule
    - unit_c4: `stored`, if there, is a type for each result in the body, of its shape, and of
      floating point if that is
  }];
  // `stored` are the types of all results in the body before it became one: who takes the unit apart gives them
  // back. Gone when schedules are there.
  let arguments = !con((ins Variadic<AnyRankedTensor>:$inputs, OptionalAttr<TypeArrayAttr>:$stored), NN_ScheduledAttributes);
  let results = (outs Variadic<AnyRankedTensor>:$outputs);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = "`(` $inputs `)` attr-dict `:` functional-type($inputs, $outputs) $body";
  let hasRegionVerifier = 1;
}

def NN_YieldOp : NN_Op<"yield", [Terminator, ParentOneOf<["UnitOp"]>]> {
  let summary = "ends the body of a unit with what it hands out";
  let arguments = (ins Variadic<AnyRankedTensor>:$values);
  let assemblyFormat = "attr-dict ($values^ `:` type($values))?";
}

#endif // ARSIS_NN_UNIT_OPS
