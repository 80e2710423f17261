// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Tensors.h.
#include "tools/arsis-sim/Tensors.h"

#include <optional>
#include <set>

namespace arsis::tool {
namespace {

const isa::Tensor *find(const isa::Program &program, const std::string &name) {
  for (const isa::Tensor &tensor : program.tensors)
    if (tensor.name == name)
      return &tensor;
  return nullptr;
}

bool takesInput(isa::TensorRole role) {
  switch (role) {
  case isa::TensorRole::Input:
  case isa::TensorRole::Label:
  case isa::TensorRole::Parameter:
  case isa::TensorRole::State:
  case isa::TensorRole::Hyper:
    return true;
  default:
    return false;
  }
}

/// The number of classes that labels of `count` elements choose from: the last dim of the output with as many
/// rows.
std::optional<int64_t> classCount(const isa::Program &program, int64_t count) {
  for (const isa::Tensor &tensor : program.tensors) {
    const std::vector<int64_t> shape = sim::hostShapeOf(tensor);
    if (tensor.role == isa::TensorRole::Output && shape.size() == 2 && shape[0] == count)
      return shape[1];
  }
  return std::nullopt;
}

void checkLabels(const ref::HostTensor &labels, const isa::Tensor &tensor, const isa::Program &program,
                 const std::string &where) {
  const std::optional<int64_t> classes = classCount(program, labels.size());
  const int32_t *values = labels.as<int32_t>();
  for (int64_t i = 0; i < labels.size(); ++i)
    if (values[i] < 0 || (classes && values[i] >= *classes))
      throw Error(where + " has label " + std::to_string(values[i]) + " at element " + std::to_string(i) +
                  ", expected " +
                  (classes ? "0 to " + std::to_string(*classes - 1) : "a class that is not negative"));
}

} // namespace

void checkInputs(ref::TensorMap &inputs, const isa::Program &program, const std::string &file) {
  for (auto &[name, value] : inputs) {
    const std::string where = file + ": tensor " + name;
    const isa::Tensor *tensor = find(program, name);
    if (!tensor)
      throw Error(where + " is not a tensor of the program");
    if (!takesInput(tensor->role))
      throw Error(where + " is not an input of the program, but computed by it");
    const ref::Shape expected = sim::hostShapeOf(*tensor);
    if (value.shape() != expected)
      throw Error(where + " has shape " + ref::toString(value.shape()) + ", expected " +
                  ref::toString(expected));
    const bool integer = tensor->type == isa::ElementType::I32;
    const bool givenInteger = value.type() == ref::HostType::I32 || value.type() == ref::HostType::I64;
    if (integer != givenInteger)
      throw Error(where + " has type " + ref::nameOf(value.type()) + ", expected " +
                  (integer ? "i32 or i64" : "f32"));
    value = value.converted(integer ? ref::HostType::I32 : ref::HostType::F32);
    if (tensor->role == isa::TensorRole::Label)
      checkLabels(value, *tensor, program, where);
  }
  std::set<std::string> initial;
  for (const isa::Initial &value : program.initials)
    initial.insert(program.tensors[value.tensor].name);
  for (const isa::Tensor &tensor : program.tensors)
    if (takesInput(tensor.role) && !inputs.count(tensor.name) && !initial.count(tensor.name))
      throw Error("input " + tensor.name + " of shape " + ref::toString(sim::hostShapeOf(tensor)) +
                  " is missing, give it with --inputs");
}

void writeInputs(sim::Session &session, const ref::TensorMap &inputs) {
  for (const auto &[name, value] : inputs)
    session.writeTensor(name, value.data(), value.byteSize());
}

std::vector<std::string> readableTensors(const isa::Program &program) {
  std::vector<std::string> names;
  for (const isa::Tensor &tensor : program.tensors) {
    const isa::TensorRole role = tensor.role;
    if (tensor.observable || role == isa::TensorRole::Output || role == isa::TensorRole::Loss ||
        role == isa::TensorRole::Parameter || role == isa::TensorRole::State)
      if (!takesInput(role) || role == isa::TensorRole::Parameter || role == isa::TensorRole::State)
        names.push_back(tensor.name);
  }
  return names;
}

ref::TensorMap readOutputs(const sim::Session &session) {
  ref::TensorMap outputs;
  for (const std::string &name : readableTensors(session.program())) {
    const isa::Tensor &tensor = *session.findTensor(name);
    ref::HostTensor value(sim::hostShapeOf(tensor),
                          tensor.type == isa::ElementType::I32 ? ref::HostType::I32 : ref::HostType::F32);
    session.readTensor(name, value.data(), value.byteSize());
    outputs.insert_or_assign(name, std::move(value));
  }
  return outputs;
}

} // namespace arsis::tool
