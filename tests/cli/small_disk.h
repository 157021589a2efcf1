// A file system of its own for a test: small, so that it fills up, or read-only. Needs the right to mount.
#pragma once

#include <cstddef>
#include <string>

namespace deepmad::cli {

// In memory, mounted for this process and those that it starts; it is gone with the process, whatever happens to that.
class SmallDisk {
 public:
  // Whether this process may mount: root in a machine of its own.
  static bool Allowed();

  // On `folder`, which must exist. Throws std::runtime_error.
  SmallDisk(const std::string& folder, size_t bytes);
  ~SmallDisk();
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  void Resize(size_t bytes);
  void MakeReadOnly();
  void MakeWritable();

 private:
  void Remount(unsigned long flags);

  std::string folder_;
  size_t bytes_;
};

}  // namespace deepmad::cli
