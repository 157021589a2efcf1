// A file read through memory: its bytes are pages of the file, fetched when they are first looked at.
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace deepmad::base {

class FileMap {
 public:
  // FailedError where there is no such file, or it cannot be opened. The file must not shrink while it is mapped: looking at bytes that are
  // gone ends the process. Files that this program writes are replaced as a whole, which leaves a map its old content.
  static std::shared_ptr<const FileMap> Open(const std::string& path);

  ~FileMap();
  FileMap(const FileMap&) = delete;
  FileMap& operator=(const FileMap&) = delete;

  std::string_view bytes() const { return bytes_; }
  // Gives the pages of `part` back, so that a file read once does not count twice as memory. Looking at them again fetches them again.
  void Release(std::string_view part) const;

 private:
  explicit FileMap(std::string_view bytes) : bytes_(bytes) {}
  std::string_view bytes_;
};

}  // namespace deepmad::base
