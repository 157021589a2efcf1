#include "base/file_map.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>

#include "base/error.h"

namespace deepmad::base {

std::shared_ptr<const FileMap> FileMap::Open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0 && errno == ENOENT) throw base::FailedError("there is no such file", path);
  if (descriptor < 0) throw base::FailedError("cannot open the file", path, "check its permissions");
  struct stat status = {};
  const bool regular = ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
  const auto size = static_cast<size_t>(status.st_size);
  void* start = regular && size > 0 ? ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, descriptor, 0) : nullptr;
  const int failed = errno;
  ::close(descriptor);
  if (!regular) throw base::FailedError("not a file", path);
  if (start == MAP_FAILED) throw base::FailedError(std::string("cannot map the file: ") + std::strerror(failed), path);
  return std::shared_ptr<const FileMap>(new FileMap({static_cast<const char*>(start), size}));
}

FileMap::~FileMap() {
  if (!bytes_.empty()) ::munmap(const_cast<char*>(bytes_.data()), bytes_.size());
}

void FileMap::Release(std::string_view part) const {
  if (part.empty()) return;
  const auto page = static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
  const uintptr_t begin = reinterpret_cast<uintptr_t>(part.data()) / page * page;
  const uintptr_t end = reinterpret_cast<uintptr_t>(part.data()) + part.size();
  ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);  // advice: a refusal costs memory, nothing else
}

}  // namespace deepmad::base
