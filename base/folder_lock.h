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
  // The same, but waits until the other process lets go.
  static FolderLock WaitFor(const std::string& folder) { return FolderLock(folder, /*wait=*/true); }
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

 private:
  FolderLock(const std::string& folder, bool wait);
  int fd_;
};

}  // namespace deepmad::base
