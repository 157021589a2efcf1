// More processes of this program that share its work.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace deepmad::cli {

// Processes that run this program's own command line with more words behind it, their standard output discarded. They end with this
// process, however it ends.
class HelperProcesses {
 public:
  // Throws FailedError if a process cannot be started; those that were are stopped.
  HelperProcesses(int count, const std::vector<std::string>& more_words);
  // Stops those that still run and waits for them.
  ~HelperProcesses();
  HelperProcesses(const HelperProcesses&) = delete;
  HelperProcesses& operator=(const HelperProcesses&) = delete;

  // Waits for all of them; returns an exit code that is not 0 if there is one, else 0. A process that a signal ended counts as 1. When this
  // process was asked to stop, so are they.
  int Wait();

 private:
  void Stop();  // asks them to save their state and end

  std::vector<pid_t> running_;
  bool stopped_ = false;
};

}  // namespace deepmad::cli
