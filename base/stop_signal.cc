#include "base/stop_signal.h"

#include <atomic>
#include <csignal>
#include <initializer_list>

namespace deepmad::base {
namespace {

// Atomic, because the signal may reach any thread; lock-free, because a handler must not wait.
std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free);

void OnSignal(int) { stop_requested = true; }

}  // namespace

void InstallStopHandlers() {
  struct sigaction action {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART | SA_RESETHAND;  // RESETHAND: the second signal meets the default action, which ends the process
  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) sigaction(signal, &action, nullptr);
}

bool StopRequested() { return stop_requested; }
void RequestStop() { stop_requested = true; }
void ClearStopRequest() { stop_requested = false; }

}  // namespace deepmad::base
