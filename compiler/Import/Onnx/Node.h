// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Read access to one NodeProto with the defaults of the ONNX standard spelled at the place of use.

#ifndef ARSIS_COMPILER_IMPORT_ONNX_NODE_H
#define ARSIS_COMPILER_IMPORT_ONNX_NODE_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace onnx {
class NodeProto;
class AttributeProto;
class TensorProto;
} // namespace onnx

namespace arsis::compiler::onnximport {

class Node {
public:
  Node(const onnx::NodeProto &proto, int64_t opset) : proto(proto), opsetVersion(opset) {}

  /// The node's name, or the name of its first output if it has none.
  llvm::StringRef name() const;
  llvm::StringRef type() const;
  llvm::StringRef domain() const;
  int64_t opset() const { return opsetVersion; }

  size_t inputCount() const;
  size_t outputCount() const;
  /// The name of input `index`, empty if it is absent.
  llvm::StringRef input(size_t index) const;
  llvm::StringRef output(size_t index) const;
  bool hasInput(size_t index) const { return !input(index).empty(); }
  bool hasOutput(size_t index) const { return !output(index).empty(); }

  bool has(llvm::StringRef attribute) const { return find(attribute); }
  int64_t integer(llvm::StringRef attribute, int64_t absent) const;
  float real(llvm::StringRef attribute, float absent) const;
  std::string text(llvm::StringRef attribute, llvm::StringRef absent) const;
  llvm::SmallVector<int64_t> integers(llvm::StringRef attribute, llvm::ArrayRef<int64_t> absent) const;
  const onnx::TensorProto *tensor(llvm::StringRef attribute) const;
  const onnx::AttributeProto *find(llvm::StringRef attribute) const;

private:
  const onnx::NodeProto &proto;
  int64_t opsetVersion;
};

} // namespace arsis::compiler::onnximport

#endif // ARSIS_COMPILER_IMPORT_ONNX_NODE_H
