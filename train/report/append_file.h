// A file that grows at its end: each piece reaches the system in one write, so that a killed process leaves at most the last piece torn,
// and a full disk not even that.
#pragma once

#include <cstdint>
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

  // All of it or, with the error, none.
  void Append(std::string_view bytes);
  // On disk when it returns, so that a machine that loses power has it too.
  void Sync();
  bool was_empty() const { return was_empty_; }  // at opening

 private:
  std::string path_;
  int fd_;
  int64_t size_ = 0;  // of whole pieces
  bool was_empty_ = false;
};

}  // namespace deepmad::train
