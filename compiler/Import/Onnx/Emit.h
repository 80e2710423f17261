// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// What an operator is made of, where it is more than one operation: operations of one node, whose results
// have the type of their operand unless the name says otherwise.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_EMIT_H
#define ARSIS_COMPILER_IMPORT_ONNX_EMIT_H

#include "compiler/Import/Onnx/Graph.h"

#include "dialects/NN/IR/NNDialect.h"

#include <optional>

namespace arsis::compiler::onnximport {

struct Emitter {
  const Node &node;
  GraphImporter &graph;

  template <class Op> mlir::Value of(mlir::Value x) const {
    return Op::create(graph.builder(), graph.location(node), x.getType(), x, nullptr);
  }
  /// b may repeat along dimensions of a: its dimension i is dimension along[i] of a.
  mlir::Value multiply(mlir::Value a, mlir::Value b,
                       std::optional<llvm::ArrayRef<int64_t>> along = {}) const {
    return binary<nn::MultiplyOp>(a, b, along);
  }
  mlir::Value add(mlir::Value a, mlir::Value b, std::optional<llvm::ArrayRef<int64_t>> along = {}) const {
    return binary<nn::AddOp>(a, b, along);
  }
  mlir::Value affine(mlir::Value x, double scale, double offset) const {
    return nn::AffineOp::create(graph.builder(), graph.location(node), x.getType(), x, number(scale),
                                number(offset), nullptr);
  }
  mlir::Value clip(mlir::Value x, std::optional<float> low, std::optional<float> high) const {
    return nn::ClipOp::create(graph.builder(), graph.location(node), x.getType(), x,
                              low ? number(*low) : mlir::FloatAttr(),
                              high ? number(*high) : mlir::FloatAttr(), nullptr);
  }
  /// All elements have one value.
  mlir::Value constant(llvm::ArrayRef<int64_t> shape, float value) const {
    return nn::ConstantOp::create(graph.builder(), graph.location(node),
                                  mlir::DenseElementsAttr::get(graph.tensorType(shape), value));
  }
  mlir::Value reshape(mlir::Value x, llvm::ArrayRef<int64_t> shape) const {
    return graph.reshape(node, x, shape);
  }
  mlir::FloatAttr number(double value) const {
    return graph.builder().getF32FloatAttr(static_cast<float>(value));
  }

private:
  template <class Op>
  mlir::Value binary(mlir::Value a, mlir::Value b, std::optional<llvm::ArrayRef<int64_t>> along) const {
    return Op::create(graph.builder(), graph.location(node), a.getType(), a, b,
                      along ? graph.builder().getDenseI64ArrayAttr(*along) : mlir::DenseI64ArrayAttr(),
                      nullptr);
  }
};

/// The magnitude of x, element by element.
mlir::Value magnitude(const Emitter &emit, mlir::Value x);

/// The shape of a value on the chip.
inline llvm::SmallVector<int64_t> shapeOnChip(mlir::Value value) {
  return llvm::to_vector(mlir::cast<mlir::RankedTensorType>(value.getType()).getShape());
}

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_EMIT_H
