// One process at a time in a folder: two writers would undo each other's work.
#pragma once

#include <string>

namespace deepmad::base {

// Holds the folder while it lives. The system lets go of it when the process ends, however it ends, and no file is left. Where the file
// system knows no locks there is none.
class FolderLock {
 public:
  // FailedError when the folder cannot be opened; UsageError when another process holds it.
  explicit FolderLock(const std::string& folder);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  int fd_;
};

}  // namespace deepmad::base
