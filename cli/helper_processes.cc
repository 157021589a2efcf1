#include "cli/helper_processes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/stop_signal.h"

namespace deepmad::cli {
namespace {

std::vector<std::string> OwnWords() {
  std::vector<std::string> words;
  const std::string text = base::ReadFile("/proc/self/cmdline");
  for (size_t begin = 0; begin < text.size(); begin += words.back().size() + 1) words.emplace_back(text.c_str() + begin);
  return words;
}

// Between fork and exec: system calls only.
[[noreturn]] void Become(pid_t parent, char** words) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);
  const int null = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (null >= 0) ::dup2(null, STDOUT_FILENO);
  ::execv("/proc/self/exe", words);
  ::_exit(127);
}

}  // namespace

HelperProcesses::HelperProcesses(int count, const std::vector<std::string>& more_words) {
  std::vector<std::string> words = OwnWords();
  words.insert(words.end(), more_words.begin(), more_words.end());
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  const pid_t parent = ::getpid();
  for (int i = 0; i < count; ++i) {
    const pid_t child = ::fork();
    if (child == 0) Become(parent, arguments.data());
    if (child < 0) {
      const int reason = errno;
      Stop();
      Wait();
      throw base::FailedError(fmt::format("cannot start process {} of {}: {}", i + 2, count + 1, std::strerror(reason)), "--jobs");
    }
    running_.push_back(child);
  }
}

HelperProcesses::~HelperProcesses() {
  Stop();
  Wait();
}

int HelperProcesses::Wait() {
  int code = 0;
  while (!running_.empty()) {
    if (base::StopRequested()) Stop();
    int status = 0;
    const pid_t ended = ::waitpid(running_.back(), &status, WNOHANG);
    if (ended == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    running_.pop_back();
    const int own = ended > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
    if (code == 0) code = own;
  }
  return code;
}

void HelperProcesses::Stop() {
  if (!stopped_) {
    for (const pid_t child : running_) ::kill(child, SIGTERM);
  }
  stopped_ = true;  // a second signal would end them at once, with nothing saved
}

}  // namespace deepmad::cli
