#include "base/atomic_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "base/error.h"

namespace deepmad::base {
namespace {

Error SystemError(const std::string& what, const std::string& path, int code) {
  std::string hint;
  if (code == ENOSPC || code == EDQUOT) hint = "free some space";
  if (code == ENOENT || code == ENOTDIR) hint = "check the name and that its folder exists";
  if (code == EACCES || code == EPERM || code == EROFS) hint = "check the permissions";
  return FailedError(what + ": " + std::strerror(code), path, hint);
}

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  ~FileDescriptor() { Close(); }
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  int Close() {
    const int result = valid() ? ::close(fd_) : 0;
    fd_ = -1;
    return result;
  }

 private:
  int fd_;
};

// Between a dot, the name, and this: the process and a number.
constexpr const char* kPartial = ".partial-";

std::string FolderOf(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

// The name a file has until it is whole; removed again unless Commit() gave it its final name.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& path) : path_(path) {
    static std::atomic<unsigned> count{0};
    const std::filesystem::path final_path(path);
    const std::string name =
        fmt::format(".{}{}{}-{}{}", final_path.stem().string(), kPartial, ::getpid(), count.fetch_add(1), final_path.extension().string());
    temporary_ = (final_path.parent_path() / name).string();
  }
  ~TemporaryFile() {
    if (!committed_) ::unlink(temporary_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& name() const { return temporary_; }

  // Gives the synced file its final name and syncs the folder, so that the name survives a crash too.
  void Commit() {
    if (::rename(temporary_.c_str(), path_.c_str()) != 0) throw SystemError("cannot replace the file", path_, errno);
    committed_ = true;
    const FileDescriptor folder(::open(FolderOf(path_).c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    // Some network file systems cannot sync a folder and say EINVAL.
    if (!folder.valid() || (::fsync(folder.get()) != 0 && errno != EINVAL)) throw SystemError("cannot sync the folder", path_, errno);
  }

 private:
  std::string path_;
  std::string temporary_;
  bool committed_ = false;
};

void WriteAll(int fd, const char* data, size_t size, const std::string& path) {
  while (size > 0) {
    const ssize_t written = ::write(fd, data, std::min(size, size_t{1} << 30));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) throw SystemError("cannot write", path, errno);
    data += written;
    size -= static_cast<size_t>(written);
  }
}

void SyncAndClose(FileDescriptor& file, const std::string& path) {
  if (::fsync(file.get()) != 0) throw SystemError("cannot write", path, errno);
  if (file.Close() != 0) throw SystemError("cannot write", path, errno);
}

}  // namespace

void WriteFileAtomically(const std::string& path, const std::function<void(const AppendBytes&)>& produce) {
  TemporaryFile temporary(path);
  FileDescriptor file(::open(temporary.name().c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file.valid()) throw SystemError("cannot create the file", path, errno);
  constexpr size_t kBuffered = size_t{1} << 20;
  std::string buffer;
  produce([&](const void* data, size_t size) {
    if (buffer.size() + size > kBuffered) {
      WriteAll(file.get(), buffer.data(), buffer.size(), path);
      buffer.clear();
    }
    if (size > kBuffered) {
      WriteAll(file.get(), static_cast<const char*>(data), size, path);
    } else {
      buffer.append(static_cast<const char*>(data), size);
    }
  });
  WriteAll(file.get(), buffer.data(), buffer.size(), path);
  SyncAndClose(file, path);
  temporary.Commit();
}

void WriteFileAtomically(const std::string& path, std::string_view content) {
  WriteFileAtomically(path, [&](const AppendBytes& append) { append(content.data(), content.size()); });
}

void WriteFileAtomicallyByName(const std::string& path, const std::function<void(const std::string& temporary)>& write) {
  TemporaryFile temporary(path);
  write(temporary.name());
  FileDescriptor file(::open(temporary.name().c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) throw SystemError("cannot create the file", path, errno);
  SyncAndClose(file, path);
  temporary.Commit();
}

void RemovePartialFiles(const std::string& folder) {
  std::error_code code;
  for (const auto& entry : std::filesystem::directory_iterator(folder, code)) {
    const std::string name = entry.path().filename().string();
    std::error_code ignored;
    if (name.starts_with('.') && name.find(kPartial) != std::string::npos && entry.is_regular_file(ignored)) {
      std::filesystem::remove(entry.path(), ignored);
    }
  }
}

std::string ReadFile(const std::string& path, size_t max_bytes) {
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) throw SystemError("cannot read the file", path, errno);
  struct stat status {};
  if (::fstat(file.get(), &status) != 0) throw SystemError("cannot read the file", path, errno);
  const size_t expected = S_ISREG(status.st_mode) ? static_cast<size_t>(status.st_size) : 0;
  const auto too_large = [&] { return FailedError("the file is larger than " + std::to_string(max_bytes) + " bytes", path); };
  if (expected > max_bytes) throw too_large();

  std::string content;
  size_t size = 0;
  while (true) {
    if (size == content.size()) content.resize(std::max(expected, size * 2) + 4096);
    const ssize_t got = ::read(file.get(), content.data() + size, content.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw SystemError("cannot read the file", path, errno);
    if (got == 0) break;
    size += static_cast<size_t>(got);
    if (size > max_bytes) throw too_large();
  }
  content.resize(size);
  return content;
}

void CreateFolder(const std::string& path) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (!code && !std::filesystem::is_directory(path)) code = std::make_error_code(std::errc::not_a_directory);
  if (code) throw FailedError("cannot create the folder: " + code.message(), path);
}

}  // namespace deepmad::base
