#include "train/distributed/local_launcher.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "train/distributed/launch.h"

namespace deepmad::train {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kGrace{8};  // the ranks' own line takes up to five, see train/distributed/rank_group.cc

void Say(const std::string& line) { fmt::print(stderr, "deepmad: {}\n", line); }

// A port that was free a moment ago.
int FreePort() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int probe = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (probe < 0 || ::bind(probe, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw base::FailedError(fmt::format("no free port: {}", std::strerror(errno)), "--nproc");
  }
  ::close(probe);
  return ntohs(address.sin_port);
}

// The words of this process.
std::vector<std::string> OwnCommandLine() {
  std::vector<std::string> words;
  const std::string text = base::ReadFile("/proc/self/cmdline");
  for (size_t begin = 0; begin < text.size();) {
    words.push_back(text.c_str() + begin);
    begin += words.back().size() + 1;
  }
  return words;
}

// The number of the process that started a rank. Variables that outlive it name another parent.
constexpr const char* kParent = "DEEPMAD_LAUNCHER";

bool StartedHere() {
  const char* parent = std::getenv(kParent);
  return parent != nullptr && parent == std::to_string(::getppid());
}

class Ranks {
 public:
  explicit Ranks(int count) {
    sigemptyset(&awaited_);
    for (const int signal : {SIGTERM, SIGINT, SIGUSR1, SIGCHLD}) sigaddset(&awaited_, signal);
    sigprocmask(SIG_BLOCK, &awaited_, &before_);
    const int port = FreePort();
    std::vector<std::string> words = OwnCommandLine();
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const pid_t parent = ::getpid();
    for (int rank = 0; rank < count; ++rank) {
      const pid_t child = ::fork();
      if (child == 0) Become(rank, count, port, parent, arguments.data());
      if (child < 0) {
        SignalAll(SIGKILL);
        throw base::FailedError(fmt::format("cannot start rank {}: {}", rank, std::strerror(errno)), "--nproc");
      }
      running_[child] = rank;
    }
  }

  // The exit code for all of them.
  int Wait() {
    while (!running_.empty()) {
      const timespec moment{0, 200'000'000};
      const int signal = ::sigtimedwait(&awaited_, nullptr, &moment);
      if (signal > 0 && signal != SIGCHLD) SignalAll(signal);
      Collect();
      if (failed_at_ && !killed_ && Clock::now() - *failed_at_ > kGrace) {
        killed_ = true;
        SignalAll(SIGKILL);  // also ends what is stopped
      }
    }
    return code_;
  }

 private:
  [[noreturn]] void Become(int rank, int count, int port, pid_t parent, char** arguments) const {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // no rank outlives the one who waits for it
    if (::getppid() != parent) ::_exit(1);
    ::setpgid(0, 0);  // Ctrl-C reaches a rank once, forwarded
    const std::pair<const char*, int> numbers[] = {{"RANK", rank},        {"WORLD_SIZE", count},       {"LOCAL_RANK", rank},
                                                   {"MASTER_PORT", port}, {"LOCAL_WORLD_SIZE", count}, {kParent, parent}};
    for (const auto& [name, value] : numbers) ::setenv(name, std::to_string(value).c_str(), 1);
    ::setenv("MASTER_ADDR", "127.0.0.1", 1);
    for (const char* left_over : {"TORCHELASTIC_USE_AGENT_STORE", "TORCHELASTIC_RESTART_COUNT"}) ::unsetenv(left_over);
    sigprocmask(SIG_SETMASK, &before_, nullptr);
    ::execv("/proc/self/exe", arguments);
    ::_exit(127);
  }

  void SignalAll(int signal) const {
    for (const auto& [child, rank] : running_) ::kill(child, signal);
  }

  void Collect() {
    int status = 0;
    for (pid_t child; !running_.empty() && (child = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      const int rank = running_.at(child);
      running_.erase(child);
      const int code = WIFEXITED(status) ? WEXITSTATUS(status) : static_cast<int>(base::ErrorKind::kFailed);
      if (WIFSIGNALED(status)) {
        const int signal = WTERMSIG(status);
        Say(killed_ ? fmt::format("rank {} did not end with the others and was killed", rank)
                    : fmt::format("rank {} was killed by signal {} ({})", rank, signal, ::strsignal(signal)));
      }
      if (code != 0 && code_ == 0) code_ = code;
      if (code != 0 && code != static_cast<int>(base::ErrorKind::kStopped) && !failed_at_) failed_at_ = Clock::now();
    }
  }

  sigset_t awaited_{}, before_{};
  std::map<pid_t, int> running_;
  std::optional<Clock::time_point> failed_at_;
  bool killed_ = false;
  int code_ = 0;
};

}  // namespace

void LaunchLocalRanks(int count) {
  if (count == 0 || StartedHere()) return;
  if (const std::optional<Launch> launch = LaunchFromEnvironment()) {
    throw base::UsageError(fmt::format("--nproc {} within one of {} ranks", count, launch->size), launch->variables,
                           "leave --nproc out, or unset these variables if a job left them over");
  }
  if (count > 1) std::exit(Ranks(count).Wait());
}

}  // namespace deepmad::train
