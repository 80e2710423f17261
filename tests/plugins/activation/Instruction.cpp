// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// The instruction: relu and square of a box in one pass.
#include "Activation.h"

#include "dialects/Isa/Numerics/Numerics.h"

using namespace arsis;
using namespace arsis::isa;

namespace activation {
namespace {

class SquaredRelu final : public ExternalInstruction {
public:
  enum Field { Count, Destination, DestinationStride, A, AStride };
  SquaredRelu()
      : ExternalInstruction({0x90,
                             "squared_relu",
                             "square of every element that is greater than zero",
                             StreamKind::Vector,
                             0,
                             {{"count", std::array<Extent, 4>{}},
                              {"destination", Address()},
                              {"destinationStride", std::array<int32_t, 4>{}},
                              {"a", Address()},
                              {"aStride", std::array<int32_t, 4>{}}}}) {}

  ExternalWork workOf(const External &body, const Evaluation &at) const override {
    ExternalWork work;
    work.result = operand("destination", body, Destination, at);
    work.operands = {operand("a", body, A, at)};
    work.costsAs = VectorFunction::Multiply;
    return work;
  }

  void compute(const External &, const ExternalWork &work, const float *const *operands,
               float *result) const override {
    int64_t elements = 1;
    for (int64_t count : work.result.count)
      elements *= count;
    for (int64_t i = 0; i < elements; ++i) {
      const float positive = numerics::relu(operands[0][i]);
      result[i] = numerics::multiply(positive, positive);
    }
  }

private:
  static ExternalOperand operand(const char *name, const External &body, size_t address,
                                 const Evaluation &at) {
    ExternalOperand operand;
    operand.name = name;
    operand.address = at(std::get<Address>(body.fields[address]));
    operand.count = at(std::get<std::array<Extent, 4>>(body.fields[Count]));
    for (size_t d = 0; d < 4; ++d)
      operand.stride[d] = std::get<std::array<int32_t, 4>>(body.fields[address + 1])[d];
    return operand;
  }
};

} // namespace

const ExternalInstruction &bringInstruction(Brought &brought) {
  auto instruction = std::make_unique<SquaredRelu>();
  const ExternalInstruction &result = *instruction;
  brought.instruction(std::move(instruction));
  return result;
}

} // namespace activation
