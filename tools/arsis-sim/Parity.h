// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The chip's values against the reference that interprets the program's own nn module.
#pragma once

#include "runtime/Interpreter/StepReference.h"
#include "runtime/common/Npz.h"
#include "simulator/top/Session.h"

#include <map>
#include <memory>

namespace arsis::tool {

enum class Check { Off, Exact, Reference, Ops };

/// "exact", "reference", "ops" or "off"; throws Error for anything else.
Check parseCheck(const std::string &text);

struct Parity {
  boost::json::object json;         // for the report
  std::optional<std::string> error; // the first difference in program order, if there is one
};

/// Runs one step of the reference from `before` (every input, parameter and state the step starts from) and
/// compares all `outputs`. Exact: the order of the reduction plan, equal bits. Reference: oneDNN, the norm of
/// the difference relative to that of the reference per tensor.
Parity compare(Check check, const isa::Program &program, const ref::TensorMap &before,
               const ref::TensorMap &outputs);

/// The same bit for bit for every operation: watches a functional-only run and compares each result as its
/// tensor is complete. Only hashes of the reference's values are kept.
class OperationCheck {
public:
  /// Runs one step of the exact reference from `before`. What is passed lives as long as this.
  OperationCheck(const isa::Program &program, const ref::TensorMap &before);

  /// For sim::RunOptions::onComplete.
  void complete(const isa::Tensor &tensor, const std::vector<uint8_t> &elements);
  /// Compares what no counter announces, and says what was found.
  Parity finish(const ref::TensorMap &outputs);

private:
  struct Result {
    ref::StepValue value;
    size_t hash = 0;
    std::optional<bool> equal = std::nullopt; // nothing: not seen
  };

  std::unique_ptr<ref::StepReference> startReference() const;
  ref::HostTensor asHost(const Result &result, const ref::HostTensor &value) const;
  void look(const std::string &tensor, const uint8_t *elements, size_t bytes);
  std::vector<ref::StepValue> valuesOf(const ref::StepReference &step) const;
  std::string describeFirst() const;

  const isa::Program &program;
  const ref::TensorMap &before;
  std::unique_ptr<ref::StepReference> reference;
  std::vector<Result> results; // in program order
  std::map<std::string, size_t> ofTensor;
  std::vector<uint8_t> found; // elements of the first result that differs
  std::optional<size_t> first;
};

} // namespace arsis::tool
