#include "base/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "base/log.h"

namespace deepmad::base {
namespace {

constexpr int kBarWidth = 24;

double SteadySeconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

std::function<void(const std::string&)> StderrSink() {
  if (GetLogLevel() == LogLevel::kQuiet) return nullptr;
  return [](const std::string& text) { std::fputs(text.c_str(), stderr); };
}

}  // namespace

Progress::Progress(ProgressOptions options) : Progress(std::move(options), StderrIsTerminal(), StderrSink(), SteadySeconds) {}

Progress::Progress(ProgressOptions options, bool terminal, std::function<void(const std::string&)> sink, Clock clock)
    : options_(std::move(options)), terminal_(terminal), sink_(std::move(sink)), clock_(std::move(clock)), start_(clock_()) {
  if (!terminal_) last_draw_ = start_;  // the first plain line comes when there is a rate to tell
}

Progress::~Progress() { Finish(); }

void Progress::Update(int64_t done, const std::string& note) {
  if (finished_ || !sink_) return;
  done_ = done;
  note_ = note;
  const double now = clock_();
  if (now - last_draw_ < (terminal_ ? options_.redraw_seconds : options_.line_seconds)) return;
  last_draw_ = now;
  Draw(Line(done, note, now));
}

void Progress::Finish() {
  if (finished_ || !sink_) return;
  finished_ = true;
  Draw(Line(done_, note_, clock_()));
  if (terminal_) sink_("\n");
}

std::string Progress::Line(int64_t done, const std::string& note, double now) const {
  const double elapsed = now - start_;
  const double share = options_.total > 0 ? std::clamp(static_cast<double>(done) / static_cast<double>(options_.total), 0.0, 1.0) : 0.0;
  const double rate = elapsed > 0 ? static_cast<double>(done) / elapsed : 0;
  std::string line = options_.label + " ";
  if (terminal_) {
    const int filled = static_cast<int>(share * kBarWidth);
    line += "[" + std::string(static_cast<size_t>(filled), '=') + std::string(static_cast<size_t>(kBarWidth - filled), ' ') + "] ";
  }
  line += fmt::format("{:3.0f}% {}/{} {} {}/s, {}", 100 * share, done, options_.total, FormatCount(rate), options_.unit,
                      FormatDuration(elapsed));
  if (!finished_) line += fmt::format(" < {}", FormatDuration(rate > 0 ? static_cast<double>(options_.total - done) / rate : -1));
  const std::string shown = note.empty() && options_.note ? options_.note() : note;
  if (!shown.empty()) line += ", " + shown;
  return line;
}

void Progress::Draw(const std::string& line) {
  if (!terminal_) {
    sink_(line + "\n");
    return;
  }
  // Spaces wipe what a longer line left behind.
  const size_t width = line.size();
  sink_("\r" + line + std::string(drawn_width_ > width ? drawn_width_ - width : 0, ' '));
  drawn_width_ = width;
}

std::string FormatDuration(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "--:--";
  const int64_t total = std::llround(seconds);
  const int64_t hours = total / 3600, minutes = total / 60 % 60;
  if (hours > 0) return fmt::format("{}:{:02}:{:02}", hours, minutes, total % 60);
  return fmt::format("{:02}:{:02}", minutes, total % 60);
}

std::string FormatCount(double value) {
  if (!std::isfinite(value)) return fmt::format("{}", value);
  constexpr std::array<const char*, 6> kPrefixes = {"", " k", " M", " G", " T", " P"};
  size_t prefix = 0;
  // 999.5 and above would print as four digits.
  while (std::abs(value) >= 999.5 && prefix + 1 < kPrefixes.size()) {
    value /= 1000;
    ++prefix;
  }
  const double size = std::abs(value);
  const bool whole = prefix == 0 && value == std::round(value);
  const int decimals = whole || size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2;
  return fmt::format("{:.{}f}{}", value, decimals, kPrefixes[prefix]);
}

}  // namespace deepmad::base
