// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A library from outside: the instructions `absolute`, elementwise, and `window_mean`, a mean over windows.
// It is built against the headers alone.
#include "dialects/Isa/Encoding/External.h"
#include "dialects/Isa/Numerics/Numerics.h"

using namespace arsis;
using namespace arsis::isa;

namespace {

/// The absolute value of every element of a box.
class Absolute final : public ExternalInstruction {
public:
  Absolute()
      : ExternalInstruction({0x80,
                             "absolute",
                             "absolute value of every element",
                             StreamKind::Vector,
                             0,
                             {{"count", std::array<Extent, 4>{}},
                              {"destination", Address()},
                              {"destinationStride", std::array<int32_t, 4>{}},
                              {"destinationType", ElementType::F32},
                              {"a", Address()},
                              {"aStride", std::array<int32_t, 4>{}},
                              {"aType", ElementType::F32}}}) {}

  ExternalWork workOf(const External &body, const Evaluation &at) const override {
    ExternalWork work;
    work.result = operand("destination", body, 1, at);
    work.operands = {operand("a", body, 4, at)};
    work.costsAs = VectorFunction::Relu;
    return work;
  }

  void compute(const External &, const ExternalWork &work, const float *const *operands,
               float *result) const override {
    int64_t elements = 1;
    for (int64_t count : work.result.count)
      elements *= count;
    for (int64_t i = 0; i < elements; ++i)
      result[i] = numerics::canonical(std::fabs(operands[0][i]));
  }

private:
  /// Address, strides and type are three fields in a row, from `first` on.
  static ExternalOperand operand(const char *name, const External &body, size_t first, const Evaluation &at) {
    ExternalOperand operand;
    operand.name = name;
    operand.address = at(std::get<Address>(body.fields[first]));
    operand.type = std::get<ElementType>(body.fields[first + 2]);
    operand.count = at(std::get<std::array<Extent, 4>>(body.fields[0]));
    for (size_t d = 0; d < 4; ++d)
      operand.stride[d] = std::get<std::array<int32_t, 4>>(body.fields[first + 1])[d];
    return operand;
  }
};

/// The mean over the windows of a dense row of F32.
class WindowMean final : public ExternalInstruction {
public:
  enum Field { Count, Destination, A, Window };
  WindowMean()
      : ExternalInstruction(
            {0xff,
             "window_mean",
             "mean of each window of a row",
             StreamKind::Vector,
             3,
             {{"count", Extent()}, {"destination", Address()}, {"a", Address()}, {"window", uint16_t(1)}}}) {}

  std::string check(const External &body) const override {
    return std::get<uint16_t>(body.fields[Window]) ? "" : "window is 0, expected at least 1";
  }
  ExternalWork workOf(const External &body, const Evaluation &at) const override {
    const int64_t count = at(std::get<Extent>(body.fields[Count]));
    ExternalWork work;
    work.result = {"destination",
                   at(std::get<Address>(body.fields[Destination])),
                   ElementType::F32,
                   {1, 1, 1, count},
                   {0, 0, 0, 1}};
    work.operands = {{"a",
                      at(std::get<Address>(body.fields[A])),
                      ElementType::F32,
                      {1, 1, 1, count},
                      {0, 0, 0, 1},
                      {1, std::get<uint16_t>(body.fields[Window])},
                      {0, 1}}};
    work.costsAs = VectorFunction::Reciprocal;
    work.times = 2;
    return work;
  }
  void compute(const External &body, const ExternalWork &work, const float *const *operands,
               float *result) const override {
    const int64_t window = std::get<uint16_t>(body.fields[Window]);
    for (int64_t i = 0; i < work.result.count[3]; ++i) {
      float sum = 0;
      for (int64_t j = 0; j < window; ++j)
        sum = numerics::add(sum, operands[0][i * window + j]);
      result[i] = numerics::multiply(sum, numerics::reciprocal(static_cast<float>(window)));
    }
  }
};

void bring(Brought &brought) {
  brought.instruction(std::make_unique<Absolute>());
  brought.instruction(std::make_unique<WindowMean>());
}

} // namespace

ARSIS_PLUGIN("absolute", bring)
