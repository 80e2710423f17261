// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What passes may ask of an operation without knowing its name.

#ifndef ARSIS_NN_INTERFACES
#define ARSIS_NN_INTERFACES

include "mlir/IR/OpBase.td"

class NN_Interface<string name> : OpInterface<name> {
  let cppNamespace = "::arsis::nn";
}

def NN_StructuredOpInterface : NN_Interface<"StructuredOpInterface"> {
  let description = [{
    An operation that says what it computes, over which indices and in which order (dialects/NN/Structure). Composites,
    which are one operation for differentiation only, and what computes nothing have no structure.
  }];
  let methods = [
    InterfaceMethod<"the structure; made anew by each call", "::arsis::nn::Structure", "getStructure">,
  ];
}

def NN_CompositeOpInterface : NN_Interface<"CompositeOpInterface"> {
  let description = [{
    An operation that is one for differentiation and several for a chip. Its parts have structures; those that reduce
    leave steps that other operations could do in the same loop.
  }];
  let methods = [
    InterfaceMethod<"the parts, in order; made anew by each call", "::std::vector<::arsis::nn::Part>", "getParts">,
  ];
}

def NN_ViewOpInterface : NN_Interface<"ViewOpInterface"> {
  let description = "An operation that moves nothing: its one result has the bytes of another value.";
  let methods = [
    InterfaceMethod<"the value whose bytes the result has, in row-major order", "::mlir::Value", "getViewed">,
  ];
}

def NN_BoxOpInterface : NN_Interface<"BoxOpInterface"> {
  let description = [{
    An operation whose one value, the whole, has the elements of its other values in boxes. As a view it moves nothing:
    whole and boxes lie in DRAM at the same place (compiler/Analysis/Places.h).

    - view_c1: whole and boxes of a view have one element type
    - view_c2: a view of the result has the whole as its result
  }];
  let methods = [
    InterfaceMethod<"the value that has the elements of the others", "::mlir::Value", "getWhole">,
    InterfaceMethod<"the others, with where they begin in the whole", "::llvm::SmallVector<::arsis::nn::Box>", "getBoxes">,
    InterfaceMethod<"whether it is a view, and of what", "::std::optional<::arsis::nn::ViewKind>", "getViewKind", (ins), "",
                    "return $_op.getView();">,
    InterfaceMethod<"makes it a view, or what moves", "void", "setViewKind",
                    (ins "::std::optional<::arsis::nn::ViewKind>":$kind), "",
                    "$_op.setViewAttr(::arsis::nn::viewKindAttr($_op, kind));">,
  ];
  let verify = "return ::arsis::nn::verifyBoxes(::llvm::cast<::arsis::nn::BoxOpInterface>($_op));";
}

def NN_ScheduledOpInterface : NN_Interface<"ScheduledOpInterface"> {
  let description = "An operation that runs on an engine and carries its schedule.";
  let methods = [
    InterfaceMethod<"the schedule, null or partial before the search", "::arsis::nn::ScheduleAttr", "getScheduleAttr">,
    InterfaceMethod<"replaces the schedule", "void", "setScheduleAttr", (ins "::arsis::nn::ScheduleAttr":$schedule)>,
  ];
}

def NN_ReductionOpInterface : NN_Interface<"ReductionOpInterface"> {
  let description = [{
    An operation that sums, and whose order of summation the plan fixes.

    - plan_c1: the plan names the reduced dimensions in the default order; no other order is supported yet
  }];
  let methods = [
    InterfaceMethod<[{
      The reduced dimensions in their default order, outermost first. For a convolution's input gradient kh and kw are
      bounds: a stride phase has fewer taps.
    }], "::llvm::SmallVector<::arsis::nn::ReductionDim>", "getReductionDims">,
    InterfaceMethod<"the plan, null before the mapping pass", "::arsis::nn::PlanAttr", "getPlanAttr">,
    InterfaceMethod<"replaces the plan", "void", "setPlanAttr", (ins "::arsis::nn::PlanAttr":$plan)>,
  ];
  let verify = "return ::arsis::nn::verifyPlan(::llvm::cast<::arsis::nn::ReductionOpInterface>($_op));";
}

def NN_ElementwiseOpInterface : NN_Interface<"ElementwiseOpInterface"> {
  let description = [{
    An operation that is a sequence of vector functions on aligned elements. Operands repeat along the dimensions of the
    results that they do not have: unless the operation says otherwise, an operand has the last ones. A step has the
    dimensions that its inputs have together.
  }];
  let methods = [
    InterfaceMethod<"the steps, in order", "::std::vector<::arsis::nn::Step>", "getVectorSteps">,
    InterfaceMethod<"for each result, the step that computes it; by default the last", "::llvm::SmallVector<int>",
                    "getResultSteps", (ins), "",
                    "return {static_cast<int>($_op.getVectorSteps().size()) - 1};">,
    InterfaceMethod<"the dimensions of the results that are those of an operand, in order; by default the last",
                    "::std::vector<int>", "getOperandDimensions", (ins "unsigned":$operand), "",
                    "return ::arsis::nn::lastDimensions($_op->getOperand(operand), $_op->getResult(0));">,
  ];
  // Of StructuredOpInterface: steps and types say it all.
  let extraTraitClassDeclaration = [{
    ::arsis::nn::Structure getStructure() {
      return ::arsis::nn::elementwiseStructure(::llvm::cast<::arsis::nn::ElementwiseOpInterface>($_op.getOperation()));
    }
  }];
}

def NN_StatefulOpInterface : NN_Interface<"StatefulOpInterface"> {
  let description = "An operation some of whose results are the next values of state among its operands.";
  let methods = [
    InterfaceMethod<"pairs (operand number, result number)",
                    "::llvm::SmallVector<::std::pair<unsigned, unsigned>>", "getStateUpdates">,
  ];
}

def NN_UpdateOpInterface : NN_Interface<"UpdateOpInterface"> {
  let description = "An operation that gives a parameter, and state that belongs to it, their next values from a gradient.";
  let methods = [
    InterfaceMethod<"the gradient that the update follows", "::mlir::Value", "getGradient">,
  ];
}

def NN_PhaseBoundaryOpInterface : NN_Interface<"PhaseBoundaryOpInterface"> {
  let description = [{
    The identity where two phases of a step meet: what stands before it is the one phase, what stands behind it the
    other. Whoever works on what the first hands to the second stands between its results and their readers.
  }];
  let methods = [
    InterfaceMethod<"what a result hands on", "::mlir::Value", "getHandedOn", (ins "::mlir::OpResult":$result), "",
                    "return $_op->getOperand(result.getResultNumber());">,
  ];
}

def NN_DifferentiableOpInterface : NN_Interface<"DifferentiableOpInterface"> {
  let description = [{
    An operation with a rule for reverse-mode differentiation. The rule may use operands and results of the forward
    operation; those are what the step keeps until the backward pass.
  }];
  let methods = [
    InterfaceMethod<[{
      Emits the gradients of the operands at the builder's insertion point.
      resultGrads: one value per result, null where no gradient reaches the result.
      operandNeedsGrad: one flag per operand.
      operandGrads: set to one value per operand; null unless asked for.
      Emits an error on the operation and fails if a gradient reaches a result that cannot pass it on.
    }], "::llvm::LogicalResult", "buildVJP",
        (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$resultGrads,
             "::llvm::ArrayRef<bool>":$operandNeedsGrad, "::llvm::SmallVectorImpl<::mlir::Value> &":$operandGrads)>,
  ];
}

#endif // ARSIS_NN_INTERFACES
