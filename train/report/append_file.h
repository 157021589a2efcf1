// A file that grows at its end: each piece reaches the system in one write, so that a killed process leaves at most the last piece torn.
#pragma once

#include <string>
#include <string_view>

namespace deepmad::train {

class AppendFile {
 public:
  // Opens or creates. FailedError naming the path, also from Append.
  explicit AppendFile(const std::string& path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  void Append(std::string_view bytes);
  bool was_empty() const { return was_empty_; }  // at opening

 private:
  std::string path_;
  int fd_;
  bool was_empty_ = false;
};

}  // namespace deepmad::train
