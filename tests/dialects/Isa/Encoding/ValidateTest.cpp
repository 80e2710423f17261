// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Static checks: one sound program, one mutation per rule, the message of each.
#include "dialects/Isa/Encoding/Program.h"

#include <gtest/gtest.h>

#include <functional>

using namespace arsis;
using namespace arsis::isa;

namespace {

Program sound() {
  return assemble(R"(arsis 1
dram 4096
tensor x input f32 [1, 1, 4, 4] at 0 host [1, 4, 1, 4] permutation [0, 3, 1, 2]
location 0 layer a phase fwd op b
placement spm x 0 64 slots 1 layer a
counter c0 load 0
counter c1 vector 0
initial x hex
| 0000000000000000000000000000000000000000000000000000000000000000
| 0000000000000000000000000000000000000000000000000000000000000001
stream load 0
  loop 3
    load tensor=x, coordinate=[0, 0, i0, 0], box=[1, 1, min(1, 4 - i0), 4], local=64*((i0) mod 2), localStride=[0, 0, 4, 1], localType=f32, fill=0 after(c1 >= i0 - 1) increment(c0)
  end_loop
stream vector 0
  loop 3
    reduce function=sum, count=[1, 1, 1, 4], reduceMask=8, destination=512, destinationStride=[0, 0, 0, 0], a=64*((i0) mod 2), aStride=[0, 0, 0, 1], aType=f32, accumulate=i0 after(c0 >= i0 + 1) increment(c1)
    pool function=max, count=[1, 1, 1, 4], destination=600, destinationStride=[0, 0, 0, 1], a=0, aStride=[0, 0, 0, 1], aType=f32, window=[1, 1], windowStride=[0, 0]
    pool_grad function=sum, count=[1, 1, 1, 4], x=0, xStride=[0, 0, 0, 1], gradient=600, gradientStride=[0, 0, 0, 1], window=[1, 1], windowStride=[0, 0], destination=700
  end_loop
)",
                  "sound.s");
}

std::string errorAfter(const std::function<void(Program &)> &mutate) {
  Program program = sound();
  mutate(program);
  try {
    validateProgram(program);
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}
std::string errorOfInstruction(size_t stream, size_t position,
                               const std::function<void(Instruction &)> &mutate) {
  return errorAfter([&](Program &program) { mutate(program.streams[stream].instructions[position]); });
}
std::string errorOfLoad(const std::function<void(Load &)> &mutate) {
  return errorOfInstruction(0, 1,
                            [&](Instruction &instruction) { mutate(std::get<Load>(instruction.body)); });
}
std::string errorOfTensor(const std::function<void(Tensor &)> &mutate) {
  return errorAfter([&](Program &program) {
    program.initials.clear();
    mutate(program.tensors[0]);
  });
}

constexpr int64_t kHuge = (int64_t(1) << 40) + 1;
const std::string kAtLoad = "stream load 0, instruction 1 (load): ";
const std::string kMagnitude = ", expected at most 2^40 in magnitude";

TEST(Validate, SoundProgram) {
  EXPECT_EQ(errorAfter([](Program &) {}), "no error");
}

TEST(Validate, Loops) {
  EXPECT_EQ(errorOfInstruction(0, 0, [](Instruction &i) { i.body = WaitOnly(); }),
            kAtLoad + "after: uses the index of loop 0, but is inside 0 loops");
  EXPECT_EQ(errorOfInstruction(0, 2, [](Instruction &i) { i.body = WaitOnly(); }),
            "stream load 0, instruction 0 (loop): loop without an end_loop");
  EXPECT_EQ(errorOfInstruction(0, 0, [](Instruction &i) { i.body = EndLoop(); }),
            "stream load 0, instruction 0 (end_loop): end_loop without a loop");
  EXPECT_EQ(errorOfInstruction(0, 0, [](Instruction &i) { i.body = Loop{0}; }),
            "stream load 0, instruction 0 (loop): loop of 0 iterations, expected at least 1");
  EXPECT_EQ(errorOfInstruction(0, 0, [](Instruction &i) { i.increment = 0; }),
            "stream load 0, instruction 0 (loop): waits or increments, which a loop marker cannot");
  EXPECT_EQ(errorAfter([](Program &p) {
              Instruction loop;
              p.streams[1].instructions.insert(p.streams[1].instructions.begin(), kMaxLoopDepth, loop);
            }),
            "stream vector 0, instruction 8 (loop): loops nest deeper than 8");
}

TEST(Validate, Streams) {
  EXPECT_EQ(errorAfter([](Program &p) { p.streams[1].kind = StreamKind::Load; }),
            "stream load 0 exists twice");
  EXPECT_EQ(errorAfter([](Program &p) { p.streams[1].kind = StreamKind::Store; }),
            "stream store 0, instruction 1 (reduce): not allowed in this stream");
  EXPECT_EQ(errorAfter([](Program &p) { p.streams[1].kind = StreamKind(9); }),
            "stream 1 is of no known kind");
  EXPECT_EQ(errorAfter([](Program &p) { p.counterStream.resize(257); }),
            "program has 2 streams and 257 counters, expected at most 256 of each");
}

TEST(Validate, Counters) {
  EXPECT_EQ(errorOfInstruction(0, 1, [](Instruction &i) { i.increment = 1; }),
            kAtLoad + "increments counter c1, which belongs to stream vector 0");
  EXPECT_EQ(errorOfInstruction(0, 1, [](Instruction &i) { i.increment = 2; }),
            kAtLoad + "increments counter c2, but the program has 2");
  EXPECT_EQ(errorOfInstruction(0, 1, [](Instruction &i) { i.waits[0].counter = 2; }),
            kAtLoad + "waits for counter c2, but the program has 2");
  EXPECT_EQ(errorOfInstruction(0, 1, [](Instruction &i) { i.waitCount = 3; }),
            kAtLoad + "3 waits, expected at most 2");
  EXPECT_EQ(errorOfInstruction(0, 1, [](Instruction &i) { i.waits[0].value.base = kHuge; }),
            kAtLoad + "after: ranges over above 2^40 to above 2^40" + kMagnitude);
  EXPECT_EQ(errorAfter([](Program &p) { p.counterStream[1] = 2; }),
            "counter c1 belongs to stream 2, but the program has 2");
  EXPECT_EQ(errorAfter([](Program &p) {
              auto &instructions = p.streams[0].instructions;
              instructions.insert(instructions.begin(), 1, Instruction());
              instructions[0].body = Loop{UINT32_MAX};
              instructions.push_back(Instruction());
              instructions.back().body = EndLoop();
            }),
            "stream load 0, instruction 2 (load): counter c0 would exceed 32 bits");
}

TEST(Validate, Operands) {
  EXPECT_EQ(errorOfLoad([](Load &l) { l.tensor = 1; }), kAtLoad + "tensor: tensor 1, but the program has 1");
  EXPECT_EQ(errorOfLoad([](Load &l) { l.localType = ElementType(4); }),
            kAtLoad + "localType: value 4 has no meaning");
  EXPECT_EQ(errorOfLoad([](Load &l) { l.box[0].tile = -1; }),
            kAtLoad + "box: extent is -1, expected 0 to 2^31");
  EXPECT_EQ(errorOfLoad([](Load &l) { l.box[2].limit.base = -kHuge; }),
            kAtLoad + "box: ranges over below -2^40 to below -2^40" + kMagnitude);
  EXPECT_EQ(errorOfLoad([](Load &l) { l.local.slots = 0; }),
            kAtLoad + "local: ring of 0 slots, expected at least 1");
  EXPECT_EQ(errorOfLoad([](Load &l) { l.local.slotSize = INT64_MIN; }),
            kAtLoad + "local: ring reaches below -2^40" + kMagnitude);
  EXPECT_EQ(errorOfLoad([](Load &l) {
              l.local.strides = {Term{0, INT64_MIN}};
            }),
            kAtLoad + "local: stride is below -2^40" + kMagnitude);
  EXPECT_EQ(errorOfLoad([](Load &l) {
              l.local.strides = {Term{0, (kHuge - 1) / 2 + 1}};
            }),
            kAtLoad + "local: ranges over 0 to above 2^40" + kMagnitude);
  EXPECT_EQ(errorOfLoad([](Load &l) {
              l.local.strides = {Term{0, 0}};
            }),
            kAtLoad +
                "local: terms are not canonical, expected ascending loops and strides that are not zero");
  EXPECT_EQ(errorOfInstruction(0, 1, [](Instruction &i) { i.location = 1; }),
            kAtLoad + "location 1, but the program has 1");
}

TEST(Validate, Meaning) {
  for (uint8_t mask : {0x10, 0x19})
    EXPECT_EQ(errorOfInstruction(1, 1, [&](Instruction &i) { std::get<Reduce>(i.body).reduceMask = mask; }),
              "stream vector 0, instruction 1 (reduce): reduceMask: is " + std::to_string(mask) +
                  ", expected bits of dimensions 0 to 3");
  EXPECT_EQ(errorOfInstruction(1, 2, [&](Instruction &i) { std::get<Pool>(i.body).window[0] = 0; }),
            "stream vector 0, instruction 2 (pool): window: is empty, expected at least 1 by 1");
  EXPECT_EQ(errorOfInstruction(1, 3, [&](Instruction &i) { std::get<PoolGrad>(i.body).window[1] = 0; }),
            "stream vector 0, instruction 3 (pool_grad): window: is empty, expected at least 1 by 1");
}

TEST(Validate, Tensors) {
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.name = ""; }), "tensor '': the name is empty");
  EXPECT_EQ(errorAfter([](Program &p) { p.tensors.push_back(p.tensors[0]); }),
            "tensor 'x': the name is used twice");
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.role = TensorRole(99); }),
            "tensor 'x': role or type has no meaning");
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.type = ElementType(99); }),
            "tensor 'x': role or type has no meaning");
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.shape[1] = 0; }),
            "tensor 'x': dimension 1 is 0, expected 1 to 2^31");
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.stride[2] = -4; }),
            "tensor 'x': stride 2 is -4, expected 0 to 2^40");
  std::string beyond = "tensor 'x': ends beyond the 4096 bytes of DRAM that the program declares";
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.address = 4096 - 63; }), beyond);
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.address = UINT64_MAX; }), beyond);
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.stride[2] = 1024; }), beyond);
  EXPECT_EQ(errorOfTensor([](Tensor &t) {
              t.hostShape = {1, 1, 1, 1, 16};
            }),
            "tensor 'x': host shape has 5 dimensions, expected at most 4");
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.hostShape[0] = 2; }),
            "tensor 'x': host shape and shape hold different numbers of elements");
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.hostShape[0] = 0; }),
            "tensor 'x': host dimension is 0, expected 1 to 2^31");
  std::string permutation = "tensor 'x': host permutation is not a permutation of its 4 dimensions";
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.hostPermutation = {0, 1, 2}; }), permutation);
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.hostPermutation = {0, 1, 2, 2}; }), permutation);
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.hostPermutation = {1, 2, 3, 4}; }), permutation);
  std::string counter = "tensor 'x': names a counter that does not exist; the program has 2";
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.completeCounter = 2, t.completeValue = 1; }), counter);
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.readableCounter = 2, t.readableUntil = 1; }), counter);
  EXPECT_EQ(errorAfter([](Program &p) { p.dramBytes = UINT64_MAX; }),
            "program needs 18446744073709551615 bytes of DRAM, expected at most 2^48");
  EXPECT_EQ(errorAfter([](Program &p) { p.tensors.resize(65536); }),
            "program has 65536 tensors, expected at most 65535");
}

TEST(Validate, ElementsOfATensorLieApart) {
  auto overlap = [](unsigned dimension, int64_t stride, int64_t least) {
    return "tensor 'x': elements overlap, dimension " + std::to_string(dimension) + " has stride " +
           std::to_string(stride) + ", expected at least " + std::to_string(least);
  };
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.stride[3] = 0; }), overlap(3, 0, 1));
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.stride[2] = 3; }), overlap(2, 3, 4));
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.stride = {0, 0, 0, 0}; }), overlap(2, 0, 1));
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.stride = {0, 0, 1, 4}; }), "no error"); // transposed
  EXPECT_EQ(errorOfTensor([](Tensor &t) { t.stride = {0, 0, 8, 2}; }), "no error"); // with gaps
}

TEST(Validate, HostShapeIsAPermutationOfTheShape) {
  auto set = [](std::vector<int64_t> shape, std::vector<int64_t> permutation) {
    return errorOfTensor([&](Tensor &t) {
      t.shape = {1, 1, 2, 8};
      t.stride = {16, 16, 8, 1};
      t.hostShape = shape;
      t.hostPermutation = permutation;
    });
  };
  EXPECT_EQ(set({8, 2}, {1, 0}), "no error");
  EXPECT_EQ(set({2, 8}, {}), "no error");
  EXPECT_EQ(set({8, 2}, {0, 1}), "tensor 'x': host dimension 0 is 8, expected the 2 of its dimension 2");
  EXPECT_EQ(set({4, 4}, {}), "tensor 'x': host dimension 0 is 4, expected the 2 of its dimension 2");
  EXPECT_EQ(set({16}, {}), "tensor 'x': host dimension 0 is 16, expected the 8 of its dimension 3");
}

TEST(Validate, SizeOfATensor) {
  // 2^31 x 2^9 elements are the most; the declared DRAM holds no more than 2^48 bytes.
  auto set = [](int64_t outer) {
    return errorAfter([&](Program &p) {
      p.initials.clear();
      p.dramBytes = uint64_t(1) << 48;
      p.tensors[0].shape = {1, 1, outer, int64_t(1) << 31};
      p.tensors[0].stride = {1, 1, int64_t(1) << 31, 1};
      p.tensors[0].hostShape.clear();
      p.tensors[0].hostPermutation.clear();
    });
  };
  EXPECT_EQ(set(512), "no error");
  EXPECT_EQ(set(513), "tensor 'x': holds more than 2^40 elements, expected at most that");
}

TEST(Validate, InitialValueOfAStridedTensorIsDense) {
  EXPECT_EQ(errorAfter([](Program &p) { p.tensors[0].stride = {0, 0, 8, 2}; }), "no error");
}

TEST(Validate, Tables) {
  EXPECT_EQ(errorAfter([](Program &p) { p.initials[0].tensor = 5; }),
            "initial value of tensor 5, but the program has 1");
  EXPECT_EQ(errorAfter([](Program &p) { p.initials.push_back(p.initials[0]); }),
            "tensor 'x' has two initial values");
  EXPECT_EQ(errorAfter([](Program &p) { std::get<0>(p.initials[0].value).pop_back(); }),
            "initial value of tensor 'x' has 63 bytes, expected 64");
  EXPECT_EQ(errorAfter([](Program &p) { p.placements[0].begin = 65; }),
            "placement of 'x' ends before it begins or has no slot");
  EXPECT_EQ(errorAfter([](Program &p) { p.placements[0].slots = 0; }),
            "placement of 'x' ends before it begins or has no slot");
  EXPECT_EQ(errorAfter([](Program &p) { p.placements[0].end = (uint64_t(1) << 48) + 1; }),
            "placement of 'x' ends at 281474976710657, expected at most 2^48");
}

TEST(Validate, MemoriesOfThePlan) {
  for (Memory memory : {Memory::Spm, Memory::Acc, Memory::Dram})
    for (int unit : {0, 1, 255})
      EXPECT_EQ(errorAfter([&](Program &p) {
                  p.placements[0].memory = memory;
                  p.placements[0].unit = uint8_t(unit);
                }) == "no error",
                memory == Memory::Acc || unit == 0);
  EXPECT_EQ(errorAfter([](Program &p) { p.placements[0].unit = 1; }),
            "placement of 'x' in spm names a matrix unit, expected that of an accumulator only");
  EXPECT_EQ(errorAfter([](Program &p) { p.placements[0].memory = Memory(3); }),
            "placement of 'x' is in a memory of no known kind");
}

/// With `second` behind tensor x, which is then declared to be another shape of entry `root`.
std::string errorOfAlias(const std::function<void(Tensor &)> &change, uint16_t root = 0) {
  return errorAfter([&](Program &p) {
    Tensor second = p.tensors[0];
    second.name = "second";
    second.alias = root;
    second.hostShape.clear();
    second.hostPermutation.clear();
    change(second);
    p.tensors.push_back(second);
  });
}

TEST(Validate, Aliases) {
  auto reshape = [](Tensor &t) {
    t.shape = {1, 1, 1, t.shape[0] * t.shape[1] * t.shape[2] * t.shape[3]};
    t.stride = {t.shape[3], t.shape[3], t.shape[3], 1};
  };
  EXPECT_EQ(errorOfAlias(reshape), "no error");
  const std::string bytes =
      "tensor 'second': is another shape of 'x', expected its element type, and its bytes or some of them";
  EXPECT_EQ(errorOfAlias([&](Tensor &t) { // a part of it
              reshape(t);
              --t.shape[3];
              t.address += 4;
            }),
            "no error");
  EXPECT_EQ(errorOfAlias([&](Tensor &t) {
              reshape(t);
              ++t.shape[3];
            }),
            bytes);
  EXPECT_EQ(errorOfAlias([&](Tensor &t) {
              reshape(t);
              t.address += 4;
            }),
            bytes);
  EXPECT_EQ(errorOfAlias([&](Tensor &t) { // between two elements
              reshape(t);
              --t.shape[3];
              t.address += 2;
            }),
            bytes);
  EXPECT_EQ(errorOfAlias([](Tensor &t) { t.type = ElementType::I32; }), bytes);
  EXPECT_EQ(errorOfAlias([](Tensor &) {}, 1),
            "tensor 'second': is another shape of entry 1, expected an entry before its own 1");
  EXPECT_EQ(errorOfAlias([](Tensor &) {}, 7),
            "tensor 'second': is another shape of entry 7, expected an entry before its own 1");
  EXPECT_EQ(
      errorAfter([&](Program &p) {
        for (uint16_t i = 0; i < 2; ++i) {
          p.tensors.push_back(p.tensors[0]);
          p.tensors.back().name += std::to_string(i);
          p.tensors.back().alias = i;
        }
      }),
      "tensor 'x1': is another shape of 'x0', which is one itself, expected the tensor that both shape");
}

/// With `second` behind tensor x, which is then declared to be a gradient or a slot of entry `parameter`.
std::string errorOfSlot(TensorRole role, const std::function<void(Tensor &)> &change,
                        uint16_t parameter = 0) {
  return errorAfter([&](Program &p) {
    p.tensors[0].role = role;
    Tensor second = p.tensors[0];
    second.name = "second";
    second.role = TensorRole::State;
    second.parameter = parameter;
    change(second);
    p.tensors.push_back(second);
  });
}

TEST(Validate, WhatBelongsToAParameter) {
  auto same = [](Tensor &) {};
  EXPECT_EQ(errorOfSlot(TensorRole::Parameter, same), "no error");
  const std::string other = "tensor 'second': belongs to 'x', expected a parameter of its own shape";
  EXPECT_EQ(errorOfSlot(TensorRole::State, same), other);
  EXPECT_EQ(errorOfSlot(TensorRole::Parameter,
                        [](Tensor &t) {
                          t.shape = {1, 1, 1, 1};
                          t.hostShape.clear();
                          t.hostPermutation.clear();
                        }),
            other);
  EXPECT_EQ(errorOfSlot(TensorRole::Parameter, same, 1),
            "tensor 'second': belongs to entry 1, expected an entry before its own 1");
}

} // namespace
