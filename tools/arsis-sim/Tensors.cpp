// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// See Tensors.h.
#include "tools/arsis-sim/Tensors.h"
#include "simulator/top/HostChecks.h"

#include <cmath>
#include <sstream>

namespace arsis::tool {
namespace {

const isa::Tensor *find(const isa::Program &program, const std::string &name) {
  for (const isa::Tensor &tensor : program.tensors)
    if (tensor.name == name)
      return &tensor;
  return nullptr;
}

/// Whether the program takes an array of this name, shape and type from the host.
void checkInput(const std::string &where, const std::string &name, const ref::Shape &shape,
                ref::HostType type, const isa::Program &program) {
  const isa::Tensor *tensor = find(program, name);
  if (!tensor)
    throw Error(where + " is not a tensor of the program");
  if (!sim::isGiven(*tensor))
    throw Error(where + " is not an input of the program, but computed by it");
  const ref::Shape expected = sim::hostShapeOf(*tensor);
  if (shape != expected)
    throw Error(where + " has shape " + ref::toString(shape) + ", expected " + ref::toString(expected));
  const bool integer = tensor->type == isa::ElementType::I32;
  const bool givenInteger = type == ref::HostType::I32 || type == ref::HostType::I64;
  if (integer != givenInteger)
    throw Error(where + " has type " + ref::nameOf(type) + ", expected " +
                (integer ? "i32 or i64" : "f32 or f64"));
}

/// Throws Error for a finite number that is too large for f32.
void checkRange(const ref::HostTensor &wide, const ref::HostTensor &narrow) {
  for (int64_t i = 0; i < wide.size(); ++i)
    if (const double value = wide.as<double>()[i];
        std::isfinite(value) && !std::isfinite(narrow.as<float>()[i])) {
      std::ostringstream text;
      text << "value " << value << " at element " << i << " is too large for f32";
      throw Error(text.str());
    }
}

} // namespace

ref::TensorMap readInputs(const std::string &file, const isa::Program &program) {
  const auto where = [&](const std::string &name) { return file + ": tensor " + name; };
  ref::TensorMap inputs =
      ref::readNpz(file, [&](const std::string &name, const ref::Shape &shape, ref::HostType type) {
        checkInput(where(name), name, shape, type, program);
      });
  for (auto &[name, value] : inputs)
    try {
      const bool integer = find(program, name)->type == isa::ElementType::I32;
      ref::HostTensor wanted = value.converted(integer ? ref::HostType::I32 : ref::HostType::F32);
      if (value.type() == ref::HostType::F64)
        checkRange(value, wanted);
      value = std::move(wanted);
    } catch (const Error &error) {
      throw Error(where(name) + ": " + error.what());
    }
  return inputs;
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
      if (!sim::isGiven(tensor) || role == isa::TensorRole::Parameter || role == isa::TensorRole::State)
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
