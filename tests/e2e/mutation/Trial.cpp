// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#include "tests/e2e/mutation/Trial.h"

#include "dialects/Isa/Encoding/Error.h"

namespace arsis::mutation {

Outputs Trial::run(const isa::Program &program, std::optional<uint64_t> seed) const {
  // What the verifier says of it is asked apart.
  sim::Session session(chip, std::make_shared<isa::Program>(program), sim::Verification::Skipped);
  for (const auto &[name, value] : inputs) {
    ref::HostTensor narrow = value.type() == ref::HostType::I64   ? value.converted(ref::HostType::I32)
                             : value.type() == ref::HostType::F64 ? value.converted(ref::HostType::F32)
                                                                  : value;
    session.writeTensor(name, narrow.data(), narrow.byteSize());
  }
  sim::RunOptions options;
  options.latencySeed = seed;
  session.run(options);
  Outputs outputs;
  for (const isa::Tensor &tensor : program.tensors)
    if (tensor.observable || tensor.role == isa::TensorRole::Parameter ||
        tensor.role == isa::TensorRole::State) {
      size_t elements = tensor.shape[0] * tensor.shape[1] * tensor.shape[2] * tensor.shape[3];
      std::vector<uint8_t> bytes(elements * 4);
      session.readTensor(tensor.name, bytes.data(), bytes.size());
      outputs[tensor.name] = std::move(bytes);
    }
  if (outputs.empty())
    throw Error("the program has no observable tensor, so nothing could be compared");
  return outputs;
}

std::optional<std::string> Trial::rejected(const isa::Program &program) const {
  isa::VerifierOptions options;
  options.maxDiagnostics = 1;
  isa::VerificationResult result = isa::verify(program, chip, options);
  if (result.accepted)
    return std::nullopt;
  return result.diagnostics.empty() ? std::string("no diagnostic") : result.diagnostics.front().message;
}

std::optional<std::string> firstDifference(const Outputs &expected, const Outputs &found) {
  for (const auto &[name, bytes] : expected) {
    auto other = found.find(name);
    if (other == found.end() || other->second != bytes)
      return name;
  }
  return std::nullopt;
}

} // namespace arsis::mutation
