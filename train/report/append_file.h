// An append-only file. Each piece is one write call, so a killed process leaves at most the last piece torn; if the disk is full, none is.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace deepmad::train {

class AppendFile {
 public:
  // Opens or creates the file. Throws FailedError naming the path, as does Append().
  explicit AppendFile(const std::string& path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  // Appends all of `bytes`, or none of it if it throws.
  void Append(std::string_view bytes);
  // Flushes to disk, so that the data survive a loss of power.
  void Sync();
  bool was_empty() const { return was_empty_; }  // at opening

 private:
  std::string path_;
  int fd_;
  int64_t size_ = 0;  // of whole pieces
  bool was_empty_ = false;
};

}  // namespace deepmad::train
