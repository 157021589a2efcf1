#include "train/report/append_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace deepmad::train {

AppendFile::AppendFile(const std::string& path) : path_(path), fd_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)) {
  struct stat status {};
  if (fd_ < 0 || ::fstat(fd_, &status) != 0) {
    const int code = errno;
    if (fd_ >= 0) ::close(fd_);
    throw base::FailedError(std::string("cannot open the file for writing: ") + std::strerror(code), path);
  }
  size_ = status.st_size;
  was_empty_ = size_ == 0;
}

AppendFile::~AppendFile() { ::close(fd_); }

void AppendFile::Append(std::string_view bytes) {
  const int64_t whole = size_ + static_cast<int64_t>(bytes.size());
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      const int code = errno;
      // Where even that fails, the reader drops the torn piece.
      [[maybe_unused]] const int ignored = ::ftruncate(fd_, size_);
      throw base::FailedError(std::string("cannot write: ") + std::strerror(code), path_, code == ENOSPC ? "free some space" : "");
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  size_ = whole;
}

void AppendFile::Sync() {
  // Pipes and the like cannot be synced and say EINVAL.
  if (::fsync(fd_) != 0 && errno != EINVAL) throw base::FailedError(std::string("cannot write: ") + std::strerror(errno), path_);
}

}  // namespace deepmad::train
