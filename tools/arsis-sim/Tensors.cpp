// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Tensors.h.
#include "tools/arsis-sim/Tensors.h"
#include "simulator/top/HostChecks.h"

namespace arsis::tool {
namespace {

const isa::Tensor *find(const isa::Program &program, const std::string &name) {
  for (const isa::Tensor &tensor : program.tensors)
    if (tensor.name == name)
      return &tensor;
  return nullptr;
}

/// Int64 labels become int32; what does not fit is named.
ref::HostTensor converted(const ref::HostTensor &value, ref::HostType type, const std::string &where) {
  try {
    return value.converted(type);
  } catch (const Error &error) {
    throw Error(where + ": " + error.what());
  }
}

} // namespace

void checkInputs(ref::TensorMap &inputs, const isa::Program &program, const std::string &file) {
  for (auto &[name, value] : inputs) {
    const std::string where = file + ": tensor " + name;
    const isa::Tensor *tensor = find(program, name);
    if (!tensor)
      throw Error(where + " is not a tensor of the program");
    if (!sim::isGivenByHost(tensor->role))
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
    value = converted(value, integer ? ref::HostType::I32 : ref::HostType::F32, where);
  }
}

void writeInputs(sim::Session &session, const ref::TensorMap &inputs, const std::string &file) {
  for (const auto &[name, value] : inputs)
    try {
      session.writeTensor(name, value.data(), value.byteSize());
    } catch (const Error &error) {
      throw Error(file + ": " + error.what());
    }
}

std::vector<std::string> readableTensors(const isa::Program &program) {
  std::vector<std::string> names;
  for (const isa::Tensor &tensor : program.tensors) {
    const isa::TensorRole role = tensor.role;
    if (tensor.observable || role == isa::TensorRole::Output || role == isa::TensorRole::Loss ||
        role == isa::TensorRole::Parameter || role == isa::TensorRole::State)
      if (!sim::isGivenByHost(role) || role == isa::TensorRole::Parameter || role == isa::TensorRole::State)
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
