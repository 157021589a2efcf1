#include "train/distributed/rendezvous.h"

#include <c10/util/Exception.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <functional>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>

#include "base/error.h"
#include "base/log.h"
#include "base/stop_signal.h"

namespace deepmad::train {
namespace {

using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::milliseconds;

constexpr std::chrono::seconds kSilence{2};  // ranks that are started together come within it, mostly
constexpr Milliseconds kSlice{500};          // between looks at the stop signal
constexpr const char* kAddressHint = "check MASTER_ADDR and MASTER_PORT";

std::string Place(const Launch& launch) { return fmt::format("{}:{}", launch.address, launch.port); }

// "rank 1, 2, 3", cut where there are many.
std::string Shown(const std::vector<int>& ranks) {
  constexpr size_t kShown = 8;
  const std::vector<int> first(ranks.begin(), ranks.begin() + static_cast<std::ptrdiff_t>(std::min(ranks.size(), kShown)));
  return fmt::format("rank {}{}", fmt::join(first, ", "), ranks.size() > kShown ? fmt::format(" and {} more", ranks.size() - kShown) : "");
}

// The wait of one rank for others, in slices.
class Wait {
 public:
  Wait(const Launch& launch, std::chrono::seconds patience) : launch_(launch), start_(Clock::now()), end_(start_ + patience) {}

  // Between two slices; false when the time is up. `awaited` names ranks.
  bool GoesOn(const std::function<std::vector<int>()>& awaited) {
    if (base::StopRequested()) {
      throw base::Error(base::ErrorKind::kStopped, fmt::format("stopped by a signal while waiting for {}", Shown(awaited())),
                        Place(launch_));
    }
    if (!said_ && Clock::now() - start_ > kSilence) {
      said_ = true;
      base::LogWarning(fmt::format("rank {} of {} by {}: waiting at {} for {}; left over from another job? then unset these variables",
                                   launch_.rank, launch_.size, launch_.variables, Place(launch_), Shown(awaited())));
    }
    return Clock::now() < end_;
  }

  Milliseconds Slice() const {
    const auto left = std::chrono::duration_cast<Milliseconds>(end_ - Clock::now());
    return std::clamp(left, Milliseconds(1), kSlice);
  }

 private:
  const Launch& launch_;
  Clock::time_point start_, end_;
  bool said_ = false;
};

// Whether somebody listens there; the attempt lasts at most `time`.
bool Listens(const Launch& launch, Milliseconds time) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  if (::getaddrinfo(launch.address.c_str(), std::to_string(launch.port).c_str(), &hints, &found) != 0) return false;
  bool connected = false;
  for (const addrinfo* one = found; one != nullptr && !connected; one = one->ai_next) {
    const int probe = ::socket(one->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (probe < 0) continue;
    connected = ::connect(probe, one->ai_addr, one->ai_addrlen) == 0;
    if (!connected && errno == EINPROGRESS) {
      pollfd ready{probe, POLLOUT, 0};
      int failure = 0;
      socklen_t size = sizeof failure;
      connected = ::poll(&ready, 1, static_cast<int>(time.count())) == 1 &&
                  ::getsockopt(probe, SOL_SOCKET, SO_ERROR, &failure, &size) == 0 && failure == 0;
    }
    ::close(probe);
  }
  ::freeaddrinfo(found);
  return connected;
}

// The library's own attempts to connect cannot be interrupted, so they begin when there is something to connect to.
void AwaitServer(const Launch& launch, std::chrono::seconds patience) {
  Wait wait(launch, patience);
  while (!Listens(launch, wait.Slice())) {
    if (!wait.GoesOn([] { return std::vector<int>{0}; })) {
      throw base::FailedError(fmt::format("cannot reach rank 0 within {} s", patience.count()), Place(launch), kAddressHint);
    }
    std::this_thread::sleep_for(Milliseconds(100));
  }
}

std::string MessageOf(const std::exception& error) {
  const auto* ours = dynamic_cast<const c10::Error*>(&error);
  const std::string text = ours != nullptr ? ours->what_without_backtrace() : error.what();
  return text.substr(0, text.find('\n'));
}

}  // namespace

c10::intrusive_ptr<c10d::Store> OpenStore(const Launch& launch, std::chrono::seconds patience) {
  c10d::TCPStoreOptions options;
  options.port = static_cast<uint16_t>(launch.port);
  options.isServer = launch.rank == 0 && !launch.store_served;
  options.waitWorkers = false;
  options.timeout = patience;
  if (!options.isServer) AwaitServer(launch, patience);
  try {
    return c10::make_intrusive<c10d::PrefixStore>("deepmad/" + launch.attempt,
                                                  c10::make_intrusive<c10d::TCPStore>(launch.address, options));
  } catch (const std::exception& error) {
    const std::string what = options.isServer ? "cannot serve the other ranks" : "cannot reach rank 0";
    throw base::FailedError(fmt::format("{} ({})", what, MessageOf(error)), Place(launch), kAddressHint);
  }
}

std::vector<std::string> MeetRanks(const c10::intrusive_ptr<c10d::Store>& store, const Launch& launch, std::chrono::seconds patience) {
  const auto key = [](int rank) { return "name/" + std::to_string(rank); };
  std::vector<std::string> keys;
  for (int rank = 0; rank < launch.size; ++rank) keys.push_back(key(rank));
  const std::string own = launch.Name();
  store->set(key(launch.rank), std::vector<uint8_t>(own.begin(), own.end()));
  const auto missing = [&] {
    std::vector<int> ranks;
    for (int rank = 0; rank < launch.size; ++rank) {
      if (!store->check({key(rank)})) ranks.push_back(rank);
    }
    return ranks;
  };
  Wait wait(launch, patience);
  for (;;) {
    try {
      store->wait(keys, wait.Slice());
      break;
    } catch (const std::exception&) {
      const std::vector<int> absent = missing();
      if (absent.empty()) break;
      if (wait.GoesOn([&] { return absent; })) continue;
      throw base::FailedError(fmt::format("rank {} of {} has not come within {} s", fmt::join(absent, ", "), launch.size, patience.count()),
                              Place(launch), "look at what these ranks print");
    }
  }
  std::vector<std::string> names;
  for (const std::string& each : keys) {
    const std::vector<uint8_t> name = store->get(each);
    names.emplace_back(name.begin(), name.end());
  }
  return names;
}

}  // namespace deepmad::train
