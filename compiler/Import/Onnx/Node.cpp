// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Read access to one NodeProto.

#include "compiler/Import/Onnx/Node.h"

#include "onnx/onnx_pb.h"

namespace arsis::compiler::onnximport {

llvm::StringRef Node::name() const {
  return proto.name().empty() ? output(0) : llvm::StringRef(proto.name());
}
llvm::StringRef Node::type() const { return proto.op_type(); }
llvm::StringRef Node::domain() const { return proto.domain(); }
size_t Node::inputCount() const { return proto.input_size(); }
size_t Node::outputCount() const { return proto.output_size(); }

llvm::StringRef Node::input(size_t index) const {
  return index < inputCount() ? llvm::StringRef(proto.input(index)) : llvm::StringRef();
}

llvm::StringRef Node::output(size_t index) const {
  return index < outputCount() ? llvm::StringRef(proto.output(index)) : llvm::StringRef();
}

const onnx::AttributeProto *Node::find(llvm::StringRef attribute) const {
  for (const onnx::AttributeProto &candidate : proto.attribute())
    if (candidate.name() == attribute)
      return &candidate;
  return nullptr;
}

int64_t Node::integer(llvm::StringRef attribute, int64_t absent) const {
  const onnx::AttributeProto *found = find(attribute);
  return found ? found->i() : absent;
}

float Node::real(llvm::StringRef attribute, float absent) const {
  const onnx::AttributeProto *found = find(attribute);
  return found ? found->f() : absent;
}

std::string Node::text(llvm::StringRef attribute, llvm::StringRef absent) const {
  const onnx::AttributeProto *found = find(attribute);
  return found ? found->s() : absent.str();
}

llvm::SmallVector<int64_t> Node::integers(llvm::StringRef attribute, llvm::ArrayRef<int64_t> absent) const {
  const onnx::AttributeProto *found = find(attribute);
  if (!found)
    return llvm::SmallVector<int64_t>(absent);
  return llvm::SmallVector<int64_t>(found->ints().begin(), found->ints().end());
}

const onnx::TensorProto *Node::tensor(llvm::StringRef attribute) const {
  const onnx::AttributeProto *found = find(attribute);
  return found && found->has_t() ? &found->t() : nullptr;
}

} // namespace arsis::compiler::onnximport
