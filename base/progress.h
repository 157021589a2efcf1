// A progress bar on stderr with rate and time left: redrawn in place on a terminal, a plain line now and then elsewhere.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace deepmad::base {

struct ProgressOptions {
  std::string label;                            // "train 3/18"
  int64_t total = 0;                            // units of work, > 0
  std::string unit = "img";                     // printed after the rate: "1234 img/s"
  std::function<std::string()> note = nullptr;  // text behind the numbers if Update() gives none; called only when a line is drawn
  double redraw_seconds = 0.1;                  // on a terminal
  double line_seconds = 20;                     // between plain lines elsewhere
};

class Progress {
 public:
  using Clock = std::function<double()>;  // seconds, monotonic

  // Draws nothing when the log is quiet. `sink` gets each piece of text and `clock` the time: replaced in tests.
  explicit Progress(ProgressOptions options);
  Progress(ProgressOptions options, bool terminal, std::function<void(const std::string&)> sink, Clock clock);
  ~Progress();  // ends the line
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // `done` units in all so far; `note` is shown behind the numbers ("loss 1.234").
  void Update(int64_t done, const std::string& note = "");
  void Finish();  // a last drawing; further updates are ignored

 private:
  std::string Line(int64_t done, const std::string& note, double now) const;
  void Draw(const std::string& line);

  ProgressOptions options_;
  bool terminal_;
  std::function<void(const std::string&)> sink_;
  Clock clock_;
  double start_;
  double last_draw_ = -1e300;
  int64_t done_ = 0;
  std::string note_;
  size_t drawn_width_ = 0;
  bool finished_ = false;
};

// "1:02:03" or "02:03"; "--:--" for a negative or non-finite value.
std::string FormatDuration(double seconds);
// "1.82 G", "11.7 M", "512": three significant digits with an SI prefix.
std::string FormatCount(double value);

}  // namespace deepmad::base
