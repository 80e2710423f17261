// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// What a trace remembers: every event once, whatever the windows; and what cannot be traced.
#include "simulator/units/Tracer.h"
#include "tests/MessageOf.h"
#include "tests/simulator/Support.h"

#include <gtest/gtest.h>

#include <map>

namespace arsis::sim::test {
namespace {

double total(const Tracer &tracer, Event event) {
  double sum = 0;
  for (const Tracer::Window &window : tracer.windows)
    sum += window[static_cast<size_t>(event)];
  return sum;
}

EventCounts reads(int64_t bytes) {
  EventCounts counts;
  counts[Event::DramReadBytes] = bytes;
  return counts;
}

TEST(Windows, KeepEveryEventHoweverLongTheRun) {
  Tracer tracer({}, 1);
  int64_t bytes = 0;
  for (Cycle begin = 0; begin < 1000000; begin += 997) {
    tracer.events(reads(begin % 64), begin, begin + begin % 5000);
    bytes += begin % 64;
  }
  EXPECT_LE(tracer.windows.size(), Tracer::kMostWindows);
  EXPECT_NEAR(total(tracer, Event::DramReadBytes), static_cast<double>(bytes), 1e-6);
}

TEST(Windows, TakeTheShareThatLiesInside) {
  Tracer tracer({TraceDetail::Units, 100, 200}, 1);
  tracer.events(reads(80), 90, 110);  // half of it
  tracer.events(reads(30), 170, 230); // half of it
  tracer.events(reads(7), 150, 150);  // a cycle
  tracer.events(reads(1000), 0, 100);
  tracer.events(reads(1000), 200, 300);
  EXPECT_NEAR(total(tracer, Event::DramReadBytes), 40 + 15 + 7, 1e-9);
  EXPECT_NEAR(tracer.windows[5][static_cast<size_t>(Event::DramReadBytes)], 4, 1e-9);
}

TEST(Stretches, OfOneKindBecomeOne) {
  Tracer tracer({}, 2);
  tracer.stretch({0, Stretch::kBusy, 3, 0, 5, 1});
  tracer.stretch({1, Stretch::kBusy, 3, 2, 9, 1});
  tracer.stretch({0, Stretch::kBusy, 3, 5, 8, 2});
  tracer.stretch({0, 0, 3, 8, 9, 3});
  tracer.stretch({0, 0, 4, 9, 12, 3});
  ASSERT_EQ(tracer.stretches.size(), 4u);
  EXPECT_EQ(tracer.stretches[0].end, 8);
}

TEST(Trace, RemembersEveryInstructionWithItsNumber) {
  const auto program = convolution();
  const RunRecord record = timing(*program, chipWith({}));
  std::map<uint16_t, uint64_t> next;
  for (const TraceEntry &entry : record.tracer->instructions) {
    EXPECT_EQ(entry.instance, next[entry.unit]++);
    EXPECT_LT(entry.position, program->streams[entry.unit].instructions.size());
  }
  for (size_t unit = 0; unit < record.units.size(); ++unit)
    EXPECT_EQ(next[static_cast<uint16_t>(unit)], record.units[unit].instructions);
}

TEST(Trace, OptionsThatMeanNothing) {
  EXPECT_EQ(messageOf([] { parseTraceDetail("all"); }),
            "trace detail: found 'all', expected layers, units or instructions");
  TraceOptions options;
  for (const char *text : {"5", "a:b", "1:x", "-1:5", "1:2:3"})
    EXPECT_EQ(messageOf([&] { parseTraceWindow(text, options); }),
              "trace window: found '" + std::string(text) + "', expected BEGIN:END in cycles");
  EXPECT_EQ(messageOf([&] { parseTraceWindow("5:5", options); }),
            "trace window: found '5:5', expected it to begin before it ends");
}

TEST(Trace, BehindTheEndOfTheRun) {
  RunOptions options{Mode::TimingOnly, {}, testing::TempDir() + "never.json"};
  options.trace.begin = 1000000000;
  const std::string message = messageOf([&] { Session(chipWith({}), convolution()).run(options); });
  EXPECT_EQ(message.find("trace window: found it to begin at cycle 1000000000, expected it to begin before "
                         "the run ends at cycle "),
            0u)
      << message;
}

} // namespace
} // namespace arsis::sim::test
