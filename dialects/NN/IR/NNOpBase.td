// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What all operations share: tensor types, attribute shorthands, and the base class.

#ifndef ARSIS_NN_OP_BASE
#define ARSIS_NN_OP_BASE

include "dialects/NN/IR/NNAttrs.td"
include "dialects/NN/IR/NNInterfaces.td"
include "mlir/IR/BuiltinAttributeInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

// dialects/Isa/Encoding/Limits.h has the limits and their reasons.
class NN_TensorType<list<Pred> shape, Type element, string description>
    : Type<And<!listconcat([IsRankedTensorTypePred, HasStaticShapePred,
                            CPred<"::arsis::nn::isWithinLimits(::llvm::cast<::mlir::ShapedType>($_self).getShape())">,
                            SubstLeaves<"$_self", "::llvm::cast<::mlir::ShapedType>($_self).getElementType()",
                                        element.predicate>],
                           shape)>,
           description # ", extents from 1 to 2^31, at most 2^40 elements", "::mlir::RankedTensorType">;

// What an operation computes is fp32. The element type of a result is the type it is rounded to, once, when it is
// stored; operands are widened when they are read, which is exact.
def NN_Stored : AnyTypeOf<[F32, BF16, F16]>;

def NN_Tensor : NN_TensorType<[], NN_Stored, "static tensor of f32, bf16 or f16">;
def NN_Matrix : NN_TensorType<[HasAnyRankOfPred<[2]>], NN_Stored, "static tensor of rank 2 of f32, bf16 or f16">;
def NN_Cube : NN_TensorType<[HasAnyRankOfPred<[3]>], NN_Stored, "static tensor of rank 3 of f32, bf16 or f16">;
def NN_Image : NN_TensorType<[HasAnyRankOfPred<[4]>], NN_Stored, "static tensor of rank 4 of f32, bf16 or f16">;
def NN_Channels
    : NN_TensorType<[HasAnyRankOfPred<[1, 2, 3, 4]>], NN_Stored, "static tensor of rank 1 to 4 of f32, bf16 or f16">;

// Statistics, losses, vectors of a layer, masters and the optimizer's state stay in fp32.
def NN_Full : NN_TensorType<[], F32, "static tensor of f32">;
def NN_Scalar : NN_TensorType<[HasAnyRankOfPred<[0]>], F32, "tensor of rank 0 of f32">;
def NN_Vector : NN_TensorType<[HasAnyRankOfPred<[1]>], F32, "static tensor of rank 1 of f32">;
def NN_FullMatrix : NN_TensorType<[HasAnyRankOfPred<[2]>], F32, "static tensor of rank 2 of f32">;
def NN_Labels : NN_TensorType<[HasAnyRankOfPred<[1]>], I32, "static tensor of rank 1 of i32">;

def NN_Differentiable : DeclareOpInterfaceMethods<NN_DifferentiableOpInterface>;
def NN_Boxes : DeclareOpInterfaceMethods<NN_BoxOpInterface>;
def NN_Structured : DeclareOpInterfaceMethods<NN_StructuredOpInterface>;
def NN_View : DeclareOpInterfaceMethods<NN_ViewOpInterface>;
def NN_Composite : DeclareOpInterfaceMethods<NN_CompositeOpInterface>;
// The structure of an elementwise operation follows from its steps and types.
def NN_Elementwise
    : TraitList<[NN_StructuredOpInterface, DeclareOpInterfaceMethods<NN_ElementwiseOpInterface>]>;
def NN_Reduction : DeclareOpInterfaceMethods<NN_ReductionOpInterface, ["getReductionDims"]>;
def NN_Stateful : DeclareOpInterfaceMethods<NN_StatefulOpInterface>;
def NN_Update : DeclareOpInterfaceMethods<NN_UpdateOpInterface>;

class NN_Op<string mnemonic, list<Trait> traits = []> : Op<NN_Dialect, mnemonic, !listconcat([Pure], traits)>;

// An operation that runs on an engine carries its schedule; one that also reduces carries its plan.
defvar NN_ScheduledAttributes = (ins OptionalAttr<NN_ScheduleAttr>:$schedule);
defvar NN_BoxAttributes = (ins OptionalAttr<NN_ScheduleAttr>:$schedule, OptionalAttr<NN_ViewKindAttr>:$view);
defvar NN_PlannedAttributes = (ins OptionalAttr<NN_ScheduleAttr>:$schedule, OptionalAttr<NN_PlanAttr>:$plan);

#endif // ARSIS_NN_OP_BASE
