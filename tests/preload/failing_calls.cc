// For LD_PRELOAD: makes one kind of system call of a program go wrong, so that a test can put a crash or a full disk at a place of its
// choice. The program under test knows nothing of it.
//
//   FAULT_UNDER=FOLDER     only calls for files below it count
//   FAULT_CALL=write       or rename, fsync
//   FAULT_AT=7             the seventh such call, from 1
//   FAULT_ACTION=kill      SIGKILL in place of the call; half: after half of the bytes (write); wait: the call takes a minute; a number:
//                          the call, and every one behind it, fails with this errno
#include <dlfcn.h>
#include <sys/types.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <string>

namespace {

// The environment is read at the first call: the loader gives no earlier moment.
struct Fault {
  std::string under, call, action;
  long at = 0;
};

const Fault& TheFault() {
  static const Fault fault = [] {
    const auto text = [](const char* name) {
      const char* value = std::getenv(name);
      return std::string(value == nullptr ? "" : value);
    };
    return Fault{text("FAULT_UNDER"), text("FAULT_CALL"), text("FAULT_ACTION"), std::atol(text("FAULT_AT").c_str())};
  }();
  return fault;
}

// 0: let the call go on; -1: fail with errno set. Does not return for a kill. `half` does half of the work.
template <typename Half>
int Strike(const char* call, const std::string& path, Half half) {
  static std::atomic<long> count{0};
  const Fault& fault = TheFault();
  if (fault.at == 0 || fault.call != call || path.rfind(fault.under, 0) != 0) return 0;
  const long number = ++count;
  if (number < fault.at) return 0;
  if (fault.action == "wait") {
    if (number == fault.at) ::sleep(60);
    return 0;
  }
  if (fault.action == "kill" || fault.action == "half") {
    if (fault.action == "half") half();
    ::raise(SIGKILL);
  }
  errno = std::atoi(fault.action.c_str());
  return -1;
}

std::string PathOf(int fd) {
  char path[4096];
  const ssize_t size = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), path, sizeof path);
  return size < 0 ? "" : std::string(path, static_cast<size_t>(size));
}

template <typename Function>
Function Next(const char* name) {
  void* symbol = ::dlsym(RTLD_NEXT, name);
  Function function;
  std::memcpy(&function, &symbol, sizeof function);
  return function;
}

}  // namespace

extern "C" {

ssize_t write(int fd, const void* data, size_t size) {
  static const auto next = Next<ssize_t (*)(int, const void*, size_t)>("write");
  if (Strike("write", PathOf(fd), [&] { next(fd, data, size / 2); }) != 0) return -1;
  return next(fd, data, size);
}

int fsync(int fd) {
  static const auto next = Next<int (*)(int)>("fsync");
  if (Strike("fsync", PathOf(fd), [] {}) != 0) return -1;
  return next(fd);
}

int rename(const char* from, const char* to) noexcept {
  static const auto next = Next<int (*)(const char*, const char*)>("rename");
  if (Strike("rename", to, [] {}) != 0) return -1;
  return next(from, to);
}

}  // extern "C"
