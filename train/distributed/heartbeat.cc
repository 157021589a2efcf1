#include "train/distributed/heartbeat.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/error.h"

namespace deepmad::train {
namespace {

// Lines: who it is (first of all), a sign of life, exit code and reason of an end, the orderly end.
constexpr char kName = 'N', kBeat = 'B', kFail = 'F', kDone = 'D';
constexpr size_t kLongestLine = 16384;
constexpr std::chrono::milliseconds kFarewell{5000};

int Listen(int* port) {
  const int listener = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_any;
  socklen_t size = sizeof address;
  const int off = 0;
  if (listener >= 0) ::setsockopt(listener, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (listener < 0 || ::bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(listener, 1024) != 0 ||
      ::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw base::FailedError(fmt::format("cannot listen for the other ranks: {}", std::strerror(errno)));
  }
  *port = ntohs(address.sin6_port);
  return listener;
}

int Connect(const std::string& host, int port) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  const std::string place = fmt::format("{}:{}", host, port);
  if (const int failed = ::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found); failed != 0) {
    throw base::FailedError(fmt::format("cannot find rank 0: {}", ::gai_strerror(failed)), place);
  }
  int connection = -1;
  for (const addrinfo* address = found; address != nullptr && connection < 0; address = address->ai_next) {
    connection = ::socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connection >= 0 && ::connect(connection, address->ai_addr, address->ai_addrlen) != 0) {
      ::close(connection);
      connection = -1;
    }
  }
  const int reason = errno;
  ::freeaddrinfo(found);
  if (connection < 0) throw base::FailedError(fmt::format("cannot connect to rank 0: {}", std::strerror(reason)), place);
  ::fcntl(connection, F_SETFL, O_NONBLOCK);
  return connection;
}

// Lines are short and rare: what does not fit into the socket's buffer goes to a rank that has long been silent.
void Send(int socket, const std::string& line) {
  [[maybe_unused]] const ssize_t sent = ::send(socket, line.data(), line.size(), MSG_NOSIGNAL);
}

// Reads what is there. False at the end of the connection.
bool Receive(int socket, std::string* received) {
  char buffer[4096];
  for (;;) {
    const ssize_t size = ::recv(socket, buffer, sizeof buffer, 0);
    if (size > 0) {
      received->append(buffer, static_cast<size_t>(size));
      if (received->size() > kLongestLine) return false;  // not one of ours
    } else {
      return size < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
    }
  }
}

bool TakeLine(std::string* received, std::string* line) {
  const size_t end = received->find('\n');
  if (end == std::string::npos) return false;
  *line = received->substr(0, end);
  received->erase(0, end + 1);
  return true;
}

}  // namespace

Heartbeat::Heartbeat(std::vector<std::string> names, const HeartbeatOptions& options, Lost lost)
    : names_(std::move(names)), rank_(0), options_(options), lost_(std::move(lost)), listener_(Listen(&port_)) {
  for (int rank = 1; rank < static_cast<int>(names_.size()); ++rank) peers_[rank].heard = Clock::now();
  Start();
}

Heartbeat::Heartbeat(std::vector<std::string> names, int rank, const std::string& address, int port, const HeartbeatOptions& options,
                     Lost lost)
    : names_(std::move(names)), rank_(rank), options_(options), lost_(std::move(lost)), port_(port) {
  Peer& root = peers_[0];
  root.socket = Connect(address, port);
  root.heard = Clock::now();
  Send(root.socket, fmt::format("{}{}\n", kName, rank));
  Start();
}

void Heartbeat::Start() {
  thread_ = std::thread([this] { Work(); });
}

Heartbeat::~Heartbeat() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  thread_.join();
  for (const auto& [socket, peer] : newcomers_) ::close(socket);
  for (const auto& [rank, peer] : peers_) {
    if (peer.socket >= 0) ::close(peer.socket);
  }
  if (listener_ >= 0) ::close(listener_);
}

bool Heartbeat::Report(const std::string& what, int code) {
  const std::lock_guard lock(mutex_);
  if (failed_) return false;
  failed_ = true;
  SendToAll(fmt::format("{}{} {}: {}\n", kFail, code, names_[static_cast<size_t>(rank_)], what), -1);
  return true;
}

void Heartbeat::Finish() {
  {
    const std::lock_guard lock(mutex_);
    finished_ = true;
    SendToAll(fmt::format("{}\n", kDone), -1);
  }
  if (rank_ != 0) return;
  for (const auto until = Clock::now() + kFarewell; Clock::now() < until;) {
    {
      const std::lock_guard lock(mutex_);
      if (AllDone()) return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
}

bool Heartbeat::AllDone() const {
  return std::all_of(peers_.begin(), peers_.end(), [](const auto& peer) { return peer.second.done; });
}

void Heartbeat::SendToAll(const std::string& line, int except) {
  for (const auto& [rank, peer] : peers_) {
    if (rank != except && peer.socket >= 0) Send(peer.socket, line);
  }
}

void Heartbeat::Work() {
  auto next_beat = Clock::now();
  for (;;) {
    std::vector<pollfd> waiting;
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
      if (Clock::now() >= next_beat) {
        next_beat = Clock::now() + options_.period;
        SendToAll(fmt::format("{}\n", kBeat), -1);
      }
      for (const auto& [rank, peer] : peers_) {
        if (peer.socket >= 0 && !peer.done) waiting.push_back({peer.socket, POLLIN, 0});
      }
    }
    if (listener_ >= 0) waiting.push_back({listener_, POLLIN, 0});
    for (const auto& [socket, peer] : newcomers_) waiting.push_back({socket, POLLIN, 0});
    ::poll(waiting.data(), waiting.size(), 20);
    if (listener_ >= 0) Accept();
    const std::lock_guard lock(mutex_);
    for (auto& [rank, peer] : peers_) {
      if (peer.socket >= 0 && !peer.done) Hear(rank, peer);
    }
    for (auto& [rank, peer] : peers_) {  // after all that was there has been read: this process may have been stopped itself
      if (peer.done || finished_ || failed_ || Clock::now() - peer.heard < options_.silence) continue;
      Fail(rank, fmt::format("{} has given no sign of life for {:.0f} s: it is stopped, or the network to it is down",
                             names_[static_cast<size_t>(rank)], std::chrono::duration<double>(options_.silence).count()));
    }
  }
}

void Heartbeat::Accept() {
  for (;;) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (socket < 0) break;
    newcomers_[socket].socket = socket;
  }
  for (auto it = newcomers_.begin(); it != newcomers_.end();) {
    Peer& peer = it->second;
    const bool open = Receive(peer.socket, &peer.received);
    std::string line;
    if (TakeLine(&peer.received, &line)) {
      const std::lock_guard lock(mutex_);
      const auto known = line.size() > 1 && line[0] == kName ? peers_.find(std::atoi(line.c_str() + 1)) : peers_.end();
      if (known != peers_.end() && known->second.socket < 0) {
        known->second.socket = peer.socket;
        known->second.received = peer.received;
        known->second.heard = Clock::now();
      } else {
        ::close(peer.socket);
      }
      it = newcomers_.erase(it);
    } else if (!open) {
      ::close(peer.socket);
      it = newcomers_.erase(it);
    } else {
      ++it;
    }
  }
}

void Heartbeat::Hear(int rank, Peer& peer) {
  const bool open = Receive(peer.socket, &peer.received);
  for (std::string line; !peer.done && TakeLine(&peer.received, &line);) OnLine(rank, peer, line);
  if (open || peer.done) return;
  peer.done = true;
  Fail(rank, names_[static_cast<size_t>(rank)] + " ended without a word: killed, or its machine went down");
}

void Heartbeat::OnLine(int rank, Peer& peer, const std::string& line) {
  peer.heard = Clock::now();
  if (line.empty() || line[0] == kBeat) return;
  peer.done = true;
  if (line[0] == kFail) Fail(rank, line.substr(line.find(' ') + 1), std::atoi(line.c_str() + 1));
}

void Heartbeat::Fail(int source, const std::string& line, int code) {
  if (failed_ || finished_) return;
  failed_ = true;
  SendToAll(fmt::format("{}{} {}\n", kFail, code, line), source);
  lost_(line, code);
}

}  // namespace deepmad::train
