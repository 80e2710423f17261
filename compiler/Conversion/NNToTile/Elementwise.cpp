// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Elementwise operations, the optimizer's update among them, from their vector steps. An operation without
// channel vectors is one flat row. Steps on scalars run once, steps on channel vectors once per column tile.
#include "compiler/Conversion/NNToTile/Lowerings.h"
#include "compiler/Conversion/NNToTile/Matrix.h"
#include "compiler/Transforms/Map/Families.h"

using namespace mlir;

namespace arsis::compiler {

namespace {

class ElementwiseLowering {
public:
  ElementwiseLowering(Emitter &e, nn::ElementwiseOpInterface op, const MatrixProblem &problem,
                      const Choice &choice)
      : m(e, problem, choice), shape(elementwiseShape(op)), steps(op.getVectorSteps()),
        operandViews(op->getNumOperands()), temporaryViews(shape.temporaries.size()),
        resultViews(op->getNumResults()) {
    for (auto [kind, operand] : llvm::zip(shape.operands, op->getOperands()))
      operandTensors.push_back(kind == ElementwiseShape::Full ? e.dram(operand, {shape.rows, shape.columns})
                                                              : e.dram(operand));
    for (Value result : op->getResults())
      resultTensors.push_back(e.dram(result, {shape.rows, shape.columns}));
  }

  void emit() {
    stage(ElementwiseShape::Scalar);
    m.forColumnTiles([&] {
      stage(ElementwiseShape::Channel);
      m.forRowTiles([&] {
        stage(ElementwiseShape::Full);
        for (auto [view, tensor] : llvm::zip(resultViews, resultTensors))
          m.storeTile(view, tensor);
      });
    });
  }

private:
  View buffer(ElementwiseShape::Kind kind, const char *name, int64_t slots) {
    switch (kind) {
    case ElementwiseShape::Scalar:
      return m.scalar(name);
    case ElementwiseShape::Channel:
      return m.channels(name);
    case ElementwiseShape::Full:
      return m.tile(name, slots);
    }
    llvm_unreachable("every kind has a buffer");
  }

  /// Loads the operands of a kind and runs the steps of that kind.
  void stage(ElementwiseShape::Kind kind) {
    for (auto [i, operandKind] : llvm::enumerate(shape.operands))
      if (operandKind == kind)
        operandViews[i] = kind == ElementwiseShape::Scalar    ? m.loadScalar("scalar", operandTensors[i])
                          : kind == ElementwiseShape::Channel ? m.loadChannels("channels", operandTensors[i])
                                                              : m.loadTile("operand", operandTensors[i]);
    for (auto [i, temporaryKind] : llvm::enumerate(shape.temporaries))
      if (temporaryKind == kind)
        temporaryViews[i] = buffer(kind, "temporary", 1);
    if (kind == ElementwiseShape::Full)
      for (View &view : resultViews)
        view = m.tile("result", m.layout.slots);
    SmallVector<Extent> box = kind == ElementwiseShape::Scalar    ? SmallVector<Extent>{1, 1, 1, 1}
                              : kind == ElementwiseShape::Channel ? m.channelBox()
                                                                  : m.tileBox();
    for (auto [i, step] : llvm::enumerate(steps)) {
      if (shape.steps[i] != kind)
        continue;
      SmallVector<View> inputs;
      for (const nn::Input &input : step.inputs)
        inputs.push_back(input.isStep() ? placeOf(input.number) : operandViews[input.number]);
      m.map(tile::VectorFunction(unsigned(step.function)), box, placeOf(i), inputs, float(step.immediate));
    }
  }

  const View &placeOf(int step) {
    int place = shape.buffers[step];
    return place < 0 ? resultViews[~place] : temporaryViews[place];
  }

  MatrixEmitter m;
  ElementwiseShape shape;
  std::vector<nn::Step> steps;
  SmallVector<View> operandViews, temporaryViews, resultViews;
  SmallVector<Value> operandTensors, resultTensors;
};

} // namespace

LogicalResult lowerElementwise(nn::ElementwiseOpInterface op, Emitter &e) {
  std::unique_ptr<MatrixProblem> problem = makeElementwiseProblem(op, e.machine);
  std::optional<Choice> choice = readChoice(op, *problem);
  if (!choice)
    return failure();
  ElementwiseLowering(e, op, *problem, *choice).emit();
  return success();
}

} // namespace arsis::compiler
