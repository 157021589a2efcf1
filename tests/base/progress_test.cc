#include "base/progress.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/log.h"

namespace deepmad::base {
namespace {

struct Screen {
  std::string text;
  double now = 100;
  std::function<void(const std::string&)> sink() {
    return [this](const std::string& piece) { text += piece; };
  }
  Progress::Clock clock() {
    return [this] { return now; };
  }
};

ProgressOptions Options() {
  ProgressOptions options;
  options.label = "train 1/2";
  options.total = 200;
  return options;
}

TEST(Progress, OnATerminalRedrawsInPlaceWithRateAndTimeLeft) {
  Screen screen;
  Progress progress(Options(), true, screen.sink(), screen.clock());
  screen.now += 10;
  progress.Update(50, "loss 1.5");
  EXPECT_EQ(screen.text, "\rtrain 1/2 [======                  ]  25% 50/200 5 img/s, 00:10 < 00:30, loss 1.5");
}

TEST(Progress, OnATerminalWipesTheRestOfALongerLine) {
  Screen screen;
  Progress progress(Options(), true, screen.sink(), screen.clock());
  screen.now += 10;
  progress.Update(50, "loss 1.5");
  const size_t long_width = screen.text.size() - 1;
  screen.text.clear();
  screen.now += 10;
  progress.Update(100);
  EXPECT_EQ(screen.text.size() - 1, long_width);
  EXPECT_EQ(screen.text.substr(screen.text.size() - 9), std::string(9, ' '));
}

TEST(Progress, DrawsNoMoreOftenThanAsked) {
  Screen screen;
  Progress progress(Options(), true, screen.sink(), screen.clock());
  progress.Update(1);
  screen.text.clear();
  screen.now += 0.05;
  progress.Update(2);
  EXPECT_EQ(screen.text, "");
  screen.now += 0.06;
  progress.Update(3);
  EXPECT_NE(screen.text, "");
}

TEST(Progress, ElsewhereWritesAPlainLineNowAndThen) {
  Screen screen;
  Progress progress(Options(), false, screen.sink(), screen.clock());
  progress.Update(1);
  EXPECT_EQ(screen.text, "");
  screen.now += 20;
  progress.Update(100);
  EXPECT_EQ(screen.text, "train 1/2  50% 100/200 5 img/s, 00:20 < 00:20\n");
}

TEST(Progress, FinishDrawsTheLastStateOnceAndIgnoresLaterUpdates) {
  Screen screen;
  Progress progress(Options(), false, screen.sink(), screen.clock());
  screen.now += 8;
  progress.Update(200, "done");
  progress.Finish();
  progress.Finish();
  screen.now += 100;
  progress.Update(3);
  EXPECT_EQ(screen.text, "train 1/2 100% 200/200 25 img/s, 00:08, done\n");
}

TEST(Progress, AsksForItsNoteOnlyWhenALineIsDrawn) {
  Screen screen;
  int asked = 0;
  ProgressOptions options = Options();
  options.note = [&] { return "asked " + std::to_string(++asked); };
  Progress progress(options, true, screen.sink(), screen.clock());
  progress.Update(1);
  for (int64_t done = 2; done < 50; ++done) progress.Update(done);
  EXPECT_EQ(asked, 1);
  screen.text.clear();
  screen.now += 10;
  progress.Update(50);
  EXPECT_TRUE(screen.text.ends_with(", asked 2")) << screen.text;
}

TEST(Progress, TheDestructorEndsTheLine) {
  Screen screen;
  { Progress progress(Options(), true, screen.sink(), screen.clock()); }
  EXPECT_EQ(screen.text.back(), '\n');
}

TEST(Progress, IsSilentWhenTheLogIsQuietAndAsksForNoNote) {
  SetLogLevel(LogLevel::kQuiet);
  ::testing::internal::CaptureStderr();
  bool asked = false;
  ProgressOptions options = Options();
  options.note = [&] { return asked = true, ""; };
  options.redraw_seconds = options.line_seconds = 0;
  {
    Progress progress(options);
    progress.Update(1);
  }
  SetLogLevel(LogLevel::kNormal);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_FALSE(asked);
}

TEST(FormatDuration, ShowsHoursOnlyWhenThereAreAny) {
  EXPECT_EQ(FormatDuration(0), "00:00");
  EXPECT_EQ(FormatDuration(123.4), "02:03");
  EXPECT_EQ(FormatDuration(3723), "1:02:03");
  EXPECT_EQ(FormatDuration(-1), "--:--");
  EXPECT_EQ(FormatDuration(std::numeric_limits<double>::quiet_NaN()), "--:--");
  EXPECT_EQ(FormatDuration(std::numeric_limits<double>::infinity()), "--:--");
}

TEST(FormatCount, HasThreeDigitsAndAPrefix) {
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(512), "512");
  EXPECT_EQ(FormatCount(0.25), "0.25");
  EXPECT_EQ(FormatCount(999.7), "1.00 k");
  EXPECT_EQ(FormatCount(1000), "1.00 k");
  EXPECT_EQ(FormatCount(11.69e6), "11.7 M");
  EXPECT_EQ(FormatCount(1.82e9), "1.82 G");
  EXPECT_EQ(FormatCount(-1500), "-1.50 k");
}

}  // namespace
}  // namespace deepmad::base
