#include "tests/cli/small_disk.h"

#include <sched.h>
#include <sys/mount.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace deepmad::cli {
namespace {

// A mount namespace of its own, which nothing outside sees.
bool EnterOwnMounts() { return ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0; }

std::string SizeOption(size_t bytes) { return "size=" + std::to_string(bytes); }

}  // namespace

bool SmallDisk::Allowed() {
  static const bool allowed = EnterOwnMounts();
  return allowed;
}

SmallDisk::SmallDisk(const std::string& folder, size_t bytes) : folder_(folder), bytes_(bytes) {
  if (!Allowed() || ::mount("tmpfs", folder.c_str(), "tmpfs", 0, SizeOption(bytes).c_str()) != 0) {
    throw std::runtime_error("cannot mount on " + folder + ": " + std::strerror(errno));
  }
}

SmallDisk::~SmallDisk() { ::umount2(folder_.c_str(), MNT_DETACH); }

void SmallDisk::Remount(unsigned long flags) {
  if (::mount("none", folder_.c_str(), nullptr, MS_REMOUNT | flags, SizeOption(bytes_).c_str()) != 0) {
    throw std::runtime_error("cannot remount " + folder_ + ": " + std::strerror(errno));
  }
}

void SmallDisk::Resize(size_t bytes) {
  bytes_ = bytes;
  Remount(0);
}

void SmallDisk::MakeReadOnly() { Remount(MS_RDONLY); }
void SmallDisk::MakeWritable() { Remount(0); }

}  // namespace deepmad::cli
