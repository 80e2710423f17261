// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// Small programs in assembly, and their verdicts. Every verdict is taken of the looped and of the unrolled
// encoding, which must agree.
#pragma once

#include "dialects/Isa/Verifier/Verifier.h"

#include <gtest/gtest.h>

#include <string>

namespace arsis::isa::test {

/// The tables that most programs here share: two tensors of 64 floats, an input and an output, and three
/// counters.
inline std::string head() {
  return "arsis 1\n"
         "dram 512\n"
         "tensor x input f32 [1, 1, 8, 8] at 0\n"
         "tensor y output f32 [1, 1, 8, 8] at 256\n"
         "location 0 layer conv1 phase fwd op nn.relu\n"
         "counter c0 load 0\n"
         "counter c1 vector 0\n"
         "counter c2 store 0\n";
}
/// Whole-tensor transfers and a relu between scratchpad bytes `from` and `to`.
inline std::string load(const std::string &suffix = "increment(c0)", const std::string &local = "0") {
  return "  load tensor=x, coordinate=[0, 0, 0, 0], box=[1, 1, 8, 8], local=" + local +
         ", localStride=[64, 64, 8, 1], localType=f32, fill=0 " + suffix + "\n";
}
inline std::string store(const std::string &suffix = "", const std::string &local = "256") {
  return "  store tensor=y, coordinate=[0, 0, 0, 0], box=[1, 1, 8, 8], local=" + local +
         ", localStride=[64, 64, 8, 1], localType=f32 " + suffix + "\n";
}
inline std::string relu(const std::string &suffix = "", const std::string &from = "0",
                        const std::string &to = "256", const std::string &count = "[1, 1, 8, 8]") {
  return "  map function=relu, count=" + count + ", destination=" + to +
         ", destinationStride=[64, 64, 8, 1], destinationType=f32, a=" + from +
         ", aStride=[64, 64, 8, 1], aType=f32, b=0, bStride=[0, 0, 0, 0], bType=f32, c=0, cStride=[0, 0, 0, "
         "0], cType=f32, "
         "immediate=0 " +
         suffix + "\n";
}

inline VerificationResult verdict(const std::string &text, const std::string &chip = "tiny") {
  Program program = assemble(text, "test.s");
  chip::Chip description = chip::Chip::load(chip);
  VerificationResult looped = verify(program, description);
  VerificationResult unrolled = verify(unrollLoops(program), description);
  EXPECT_EQ(looped.accepted, unrolled.accepted) << "the looped and the unrolled program differ";
  if (looped.accepted) {
    EXPECT_EQ(looped.instances, unrolled.instances);
  }
  EXPECT_EQ(looped.accepted, looped.diagnostics.empty());
  return looped;
}

/// Expects a rejection with a diagnostic of `kind` that contains `text`.
inline void expectRejected(const std::string &program, Diagnostic::Kind kind, const std::string &text) {
  VerificationResult result = verdict(program);
  ASSERT_FALSE(result.accepted);
  std::string found;
  for (const Diagnostic &diagnostic : result.diagnostics) {
    if (diagnostic.kind == kind && diagnostic.message.find(text) != std::string::npos)
      return;
    found += std::string("\n  [") + name(diagnostic.kind) + "] " + diagnostic.message;
  }
  FAIL() << "expected [" << name(kind) << "] " << text << "\nfound" << found;
}
inline void expectAccepted(const std::string &program) {
  VerificationResult result = verdict(program);
  EXPECT_TRUE(result.accepted) << result.diagnostics.front().message;
}

} // namespace arsis::isa::test
