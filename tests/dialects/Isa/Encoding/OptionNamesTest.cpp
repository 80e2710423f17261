// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What messages call an option, and what an error says it is about.
#include "dialects/Isa/Encoding/OptionNames.h"
#include "dialects/Isa/Encoding/ErrorKind.h"

#include <gtest/gtest.h>

namespace arsis {

TEST(OptionNames, AreFlagsUnlessSaidOtherwise) {
  EXPECT_EQ(optionName("at-step"), "--at-step");
  EXPECT_EQ(optionSwitch("train"), "--train");
  EXPECT_EQ(optionWith("phase", "update"), "--phase=update");
  EXPECT_EQ(optionEntry("dim", "N", "VALUE"), "--dim N=VALUE");
}

TEST(OptionNames, AreKeywordsOnRequest) {
  EXPECT_EQ(setOptionStyle(OptionStyle::Keyword), OptionStyle::Flag);
  EXPECT_EQ(optionName("at-step"), "at_step");
  EXPECT_EQ(optionSwitch("train"), "train=True");
  EXPECT_EQ(optionWith("phase", "update"), "phase='update'");
  EXPECT_EQ(optionEntry("dim", "N", "VALUE"), "dims={'N': VALUE}");
  EXPECT_EQ(setOptionStyle(OptionStyle::Flag), OptionStyle::Keyword);
}

TEST(ErrorKinds, AreKnownFromTheBase) {
  const auto kindOfThrown = [](auto error) {
    try {
      throw error;
    } catch (const Error &caught) {
      return kindOf(caught);
    }
  };
  EXPECT_EQ(kindOfThrown(Error("text")), ErrorKind::Other);
  EXPECT_EQ(kindOfThrown(ChipError("text")), ErrorKind::Chip);
  EXPECT_EQ(kindOfThrown(KindError(ErrorKind::File, "text")), ErrorKind::File);
}

} // namespace arsis
