// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// A session runs what carries a verdict that holds, verifies everything else first, and its report says
// which.
#include "dialects/Isa/Verifier/Record.h"
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

namespace arsis::sim::test {
namespace {

std::shared_ptr<isa::Program> proven() {
  auto program = std::make_shared<isa::Program>(*convolution());
  isa::recordVerdict(*program, isa::verify(*program, chipWith({})));
  return program;
}

/// The convolution without the wait of its store.
isa::Program racy() {
  std::string text = isa::disassemble(*convolution());
  const std::string wait = " after(c2 >= 1 + i0)";
  text.erase(text.find(wait), wait.size());
  return isa::assemble(text, "racy.s");
}

std::string messageOf(const std::shared_ptr<isa::Program> &program) {
  try {
    Session(chipWith({}), program);
  } catch (const Error &error) {
    return error.what();
  }
  return "no error";
}

std::string proofIn(const std::shared_ptr<const isa::Program> &program, Verification mode,
                    const Overrides &overrides = {}) {
  Session session(chipWith(overrides), program, mode);
  writeZeros(session);
  const boost::json::object report = session.run();
  const boost::json::value &verification = report.at("verification");
  EXPECT_GE(verification.at("wall_clock_s").to_number<double>(), 0.0);
  return std::string(verification.at("by").as_string()) + ": " + verification.at("why").as_string().c_str();
}

TEST(Verification, TheRecordIsTrusted) { EXPECT_EQ(proofIn(proven(), Verification::Required), "record: "); }

TEST(Verification, WhatHasNoRecordIsWalked) {
  EXPECT_EQ(proofIn(convolution(), Verification::Required), "walk: the program carries no verdict");
}

TEST(Verification, AChipThatTheVerdictDoesNotCoverIsWalked) {
  EXPECT_EQ(proofIn(proven(), Verification::Required, {{"matrix.rows", 16}}),
            "walk: the verdict asks for matrix.rows == 8, found 16 on chip tiny");
}

TEST(Verification, ARaceIsNotRun) {
  EXPECT_NE(messageOf(std::make_shared<isa::Program>(racy()))
                .find("the verifier rejects the program on chip tiny: [race]"),
            std::string::npos);
}

TEST(Verification, AStaleRecordDoesNotHideARace) {
  auto program = proven();
  program->streams = racy().streams;
  EXPECT_NE(messageOf(program).find("[race]"), std::string::npos);
}

TEST(Verification, SkippingIsExplicitAndSaid) {
  EXPECT_EQ(proofIn(std::make_shared<isa::Program>(racy()), Verification::Skipped),
            "nobody: verification was skipped");
}

} // namespace
} // namespace arsis::sim::test
