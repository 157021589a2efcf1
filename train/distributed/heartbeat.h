// Heartbeats between the ranks of a run. If a rank exits, is stopped or becomes unreachable, all others end within seconds, whatever they
// are doing. Independent of the collectives and their time limits, because a healthy rank may be busy for minutes.
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
  std::chrono::milliseconds period{1000};    // between two heartbeats
  std::chrono::milliseconds silence{15000};  // after which a rank counts as lost
};

// TCP connections from every rank to rank 0, which forwards news of a failure to all others. Uses one background thread.
class Heartbeat {
 public:
  // Called with the reason why the run cannot go on and with the exit code to use: at most once, from the heartbeat's thread, and never
  // after Report().
  using Lost = std::function<void(const std::string& line, int code)>;

  // For rank 0: listens at a free port. `names` has an entry like "rank 1 (hostname)" for each rank. Throws FailedError.
  Heartbeat(std::vector<std::string> names, const HeartbeatOptions& options, Lost lost);
  // For the other ranks: connects to rank 0. Throws FailedError.
  Heartbeat(std::vector<std::string> names, int rank, const std::string& address, int port, const HeartbeatOptions& options, Lost lost);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  int port() const { return port_; }

  // Tells all ranks that this rank fails, why, and with which exit code. Returns false if `lost` has already been called.
  bool Report(const std::string& what, int code);
  // Ends in order: from now on the exit of other ranks is no failure. Every rank calls it; rank 0 waits briefly for the others.
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
