// Signs of life between the ranks of a run, so that a rank that ended, was stopped or cannot be reached ends them all within seconds,
// whatever the others are doing. Apart from the collectives and their time limits: a rank may well be busy for minutes.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace deepmad::train {

struct HeartbeatOptions {
  std::chrono::milliseconds period{1000};    // between two signs
  std::chrono::milliseconds silence{15000};  // after which a rank counts as lost
};

// A star of TCP connections about rank 0, which tells all others what it learns from one of them. One thread.
class Heartbeat {
 public:
  // `lost(line, code)` says why the run cannot go on, and with which exit code; called at most once, from the heartbeat's thread, and not
  // after Report.
  using Lost = std::function<void(const std::string& line, int code)>;

  // Rank 0: listens at a free port. `names`: "rank 1 (hostname)", by rank. FailedError.
  Heartbeat(std::vector<std::string> names, const HeartbeatOptions& options, Lost lost);
  // Another rank: connects to rank 0. FailedError.
  Heartbeat(std::vector<std::string> names, int rank, const std::string& address, int port, const HeartbeatOptions& options, Lost lost);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  int port() const { return port_; }

  // Tells all ranks that this one fails, why, and with which exit code. False where `lost` came first.
  bool Report(const std::string& what, int code);
  // The orderly end, on every rank: from here on the others may go. Rank 0 waits a moment for theirs.
  void Finish();

 private:
  using Clock = std::chrono::steady_clock;
  struct Peer {
    int socket = -1;       // -1: has not come yet
    std::string received;  // the beginning of a line
    Clock::time_point heard;
    bool done = false;
  };

  void Start();
  void Work();
  void Accept();
  void Hear(int rank, Peer& peer);
  void OnLine(int rank, Peer& peer, const std::string& line);
  void Fail(int source, const std::string& line, int code = 1);
  void SendToAll(const std::string& line, int except);
  bool AllDone() const;

  const std::vector<std::string> names_;
  const int rank_;
  const HeartbeatOptions options_;
  const Lost lost_;
  int port_ = 0;
  int listener_ = -1;              // after the port, which it finds
  std::map<int, Peer> newcomers_;  // by socket: have not said who they are

  mutable std::mutex mutex_;   // guards what follows
  std::map<int, Peer> peers_;  // by rank: all others for rank 0, rank 0 for the others
  bool failed_ = false;        // this rank or another one
  bool finished_ = false;      // this rank
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace deepmad::train
