// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Parity operation by operation; see Parity.h.
#include "tools/arsis-sim/Differences.h"
#include "tools/arsis-sim/Parity.h"

#include <functional>
#include <string_view>

namespace arsis::tool {
namespace {

size_t hashOf(const uint8_t *bytes, size_t size) {
  return std::hash<std::string_view>()({reinterpret_cast<const char *>(bytes), size});
}

} // namespace

OperationCheck::OperationCheck(const isa::Program &theProgram, const ref::TensorMap &theInputs)
    : program(theProgram), before(theInputs), reference(startReference()) {
  std::map<std::string, size_t> tensors;
  for (const isa::Tensor &tensor : program.tensors)
    tensors.emplace(tensor.name, tensors.size());
  llvm::DenseMap<mlir::Value, size_t> position;
  for (ref::StepValue &value :
       reference->values([&](const std::string &name) { return tensors.count(name) > 0; })) {
    position[value.value] = results.size();
    if (!value.tensor.empty())
      ofTensor.emplace(value.tensor, results.size());
    results.push_back({std::move(value)});
  }
  reference->run(ref::Backend::Exact, [&](mlir::Operation *op, llvm::ArrayRef<ref::HostTensor> values) {
    for (auto [result, value] : llvm::zip_equal(op->getResults(), values))
      if (const auto found = position.find(result); found != position.end()) {
        const ref::HostTensor host = asHost(results[found->second], value);
        results[found->second].hash = hashOf(host.data(), host.byteSize());
      }
  });
}

std::unique_ptr<ref::StepReference> OperationCheck::startReference() const {
  auto step = std::make_unique<ref::StepReference>(program);
  for (const auto &[name, value] : before)
    if (step->signature().argument(name))
      step->write(name, value);
  return step;
}

ref::HostTensor OperationCheck::asHost(const Result &result, const ref::HostTensor &value) const {
  if (!result.value.slot)
    return value;
  return result.value.slot->toHost(
      value.reshaped(result.value.slot->shape)); // behind a reshape it has another
}

void OperationCheck::complete(const isa::Tensor &tensor, const std::vector<uint8_t> &elements) {
  look(tensor.name, elements.data(), elements.size());
}

void OperationCheck::look(const std::string &tensor, const uint8_t *elements, size_t bytes) {
  const auto at = ofTensor.find(tensor);
  if (at == ofTensor.end() || results[at->second].equal)
    return;
  Result &result = results[at->second];
  result.equal = hashOf(elements, bytes) == result.hash;
  if (!*result.equal && at->second < first.value_or(results.size())) {
    first = at->second;
    found.assign(elements, elements + bytes);
  }
}

std::string OperationCheck::describe(const Result &result) const {
  std::optional<std::string> text;
  startReference()->run(
      ref::Backend::Exact, [&](mlir::Operation *op, llvm::ArrayRef<ref::HostTensor> values) {
        if (op != result.value.value.getOwner())
          return;
        const ref::HostTensor truth = asHost(result, values[result.value.value.getResultNumber()]);
        ref::HostTensor chip(truth.shape(), truth.type());
        chip.copyFrom(found.data(), found.size());
        text = firstDifference(result.value.tensor, chip, truth);
      });
  return result.value.operation + ": " + text.value_or("tensor " + result.value.tensor + " differs");
}

Parity OperationCheck::finish(const ref::TensorMap &outputs) {
  for (const auto &[name, value] : outputs)
    look(name, value.data(), value.byteSize());
  Parity parity;
  boost::json::array tensors, unseen;
  for (const Result &result : results) {
    if (!result.equal)
      unseen.push_back(boost::json::string(result.value.operation));
    else
      tensors.push_back({{"tensor", result.value.tensor},
                         {"operation", result.value.operation},
                         {"equal_bits", *result.equal}});
  }
  if (first)
    parity.error = describe(results[*first]);
  parity.json = {{"check", "ops"},
                 {"tensors", std::move(tensors)},
                 {"not_compared", std::move(unseen)},
                 {"passed", !parity.error}};
  return parity;
}

} // namespace arsis::tool
