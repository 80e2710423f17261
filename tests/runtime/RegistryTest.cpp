// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Dispatch: what is supported, what an unsupported op says, and what the exact order insists on.
#include "tests/MessageOf.h"
#include "tests/runtime/KernelTesting.h"

namespace arsis::ref {
namespace {

using testing::call;
using testing::random;

TEST(Registry, AnUnknownOpIsNamedBesideWhatIsSupported) {
  const std::string message = messageOf([] { call("nn.unknown", {random<float>({1}, 1)}, {{1}}); });
  EXPECT_NE(message.find("no reference kernel for 'nn.unknown'"), std::string::npos);
  EXPECT_NE(message.find("nn.conv2d"), std::string::npos);
}

TEST(Registry, ExactEvaluationInsistsOnThePlan) {
  const HostTensor x = random<float>({4, 2}, 1);
  const std::string message =
      messageOf([&] { call("nn.channel_sum", {x}, {{2}}, {}, nullptr, Backend::Exact); });
  EXPECT_EQ(message, "'nn.channel_sum' has no reduction plan, which the exact order needs");
}

TEST(Registry, AMissingAttributeIsNamed) {
  const std::string message = messageOf([] { call("nn.transpose", {random<float>({2, 2}, 1)}, {{2, 2}}); });
  EXPECT_EQ(message, "'nn.transpose' has no attribute 'permutation', which its reference kernel reads");
}

TEST(Registry, EveryOpHasBothValueTypes) {
  for (const std::string &op : KernelRegistry::instance().ops()) {
    const KernelRegistry::Entry *entry = KernelRegistry::instance().find(op);
    EXPECT_TRUE(entry->f32 && entry->f64) << op;
  }
}

} // namespace
} // namespace arsis::ref
