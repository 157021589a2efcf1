#include "base/folder_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace deepmad::base {

FolderLock::FolderLock(const std::string& folder) : FolderLock(folder, /*wait=*/false) {}

FolderLock::FolderLock(const std::string& folder, bool wait) : fd_(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd_ < 0) throw FailedError(std::string("cannot open the folder: ") + std::strerror(errno), folder);
  int outcome = 0;
  do {
    outcome = ::flock(fd_, wait ? LOCK_EX : LOCK_EX | LOCK_NB);
  } while (outcome != 0 && errno == EINTR);
  if (outcome == 0 || errno != EWOULDBLOCK) return;
  ::close(fd_);
  throw UsageError("another process is at work in this folder", folder, "wait for it, or give another folder");
}

FolderLock::~FolderLock() { ::close(fd_); }

}  // namespace deepmad::base
