// Ranks as objects of one process, with signs of life every few milliseconds.
#include "train/distributed/heartbeat.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <future>
#include <memory>
#include <string>
#include <thread>

#include "base/error.h"

namespace deepmad::train {
namespace {

using std::chrono::milliseconds;

class HeartbeatTest : public testing::Test {
 protected:
  struct Rank {
    std::promise<std::string> lost;
    std::future<std::string> why = lost.get_future();
    std::unique_ptr<Heartbeat> heartbeat;
    bool still_well() { return why.wait_for(milliseconds(0)) == std::future_status::timeout; }
  };

  // Rank 0 alone, and those that join.
  void StartRoot(int size, milliseconds silence = milliseconds(2000)) {
    for (int rank = 0; rank < size; ++rank) names_.push_back("rank " + std::to_string(rank) + " (host" + std::to_string(rank) + ")");
    options_ = {milliseconds(10), silence};
    ranks_.resize(static_cast<size_t>(size));
    for (auto& rank : ranks_) rank = std::make_unique<Rank>();
    ranks_[0]->heartbeat = std::make_unique<Heartbeat>(names_, options_, LostOf(0));
  }
  void Join(int rank) {
    Of(rank).heartbeat = std::make_unique<Heartbeat>(names_, rank, "127.0.0.1", Of(0).heartbeat->port(), options_, LostOf(rank));
  }
  void StartAll(int size, milliseconds silence = milliseconds(2000)) {
    StartRoot(size, silence);
    for (int rank = 1; rank < size; ++rank) Join(rank);
    std::this_thread::sleep_for(milliseconds(100));
  }
  Heartbeat::Lost LostOf(int rank) {
    return [this, rank](const std::string& line, int code) {
      Of(rank).lost.set_value(code == 1 ? line : line + ", code " + std::to_string(code));
    };
  }
  Rank& Of(int rank) { return *ranks_[static_cast<size_t>(rank)]; }

  std::vector<std::string> names_;
  HeartbeatOptions options_;
  std::vector<std::unique_ptr<Rank>> ranks_;
};

TEST_F(HeartbeatTest, RanksThatFinishInAnyOrderLoseNobody) {
  StartAll(4);
  for (const int rank : {2, 1}) {
    Of(rank).heartbeat->Finish();
    Of(rank).heartbeat.reset();
  }
  std::thread last([&] {
    std::this_thread::sleep_for(milliseconds(100));
    Of(3).heartbeat->Finish();
  });
  Of(0).heartbeat->Finish();
  last.join();
  Of(0).heartbeat.reset();
  std::this_thread::sleep_for(milliseconds(100));
  for (int rank = 0; rank < 4; ++rank) EXPECT_TRUE(Of(rank).still_well()) << rank;
}

TEST_F(HeartbeatTest, ARankThatEndsWithoutAWordIsNamedToAll) {
  StartAll(4);
  Of(2).heartbeat.reset();
  for (const int rank : {0, 1, 3}) {
    EXPECT_EQ(Of(rank).why.get(), "rank 2 (host2) ended without a word: killed, or its machine went down") << rank;
  }
}

TEST_F(HeartbeatTest, TheEndOfRankZeroIsSeenByAll) {
  StartAll(3);
  Of(0).heartbeat.reset();
  for (const int rank : {1, 2}) {
    EXPECT_EQ(Of(rank).why.get(), "rank 0 (host0) ended without a word: killed, or its machine went down");
  }
}

TEST_F(HeartbeatTest, AReasonComesWithItsExitCode) {
  StartAll(3);
  EXPECT_TRUE(Of(2).heartbeat->Report("no such file", 2));
  for (const int rank : {0, 1}) EXPECT_EQ(Of(rank).why.get(), "rank 2 (host2): no such file, code 2");
}

TEST_F(HeartbeatTest, AReasonReachesAllOthers) {
  StartAll(3);
  EXPECT_TRUE(Of(1).heartbeat->Report("the disk is full", 1));
  for (const int rank : {0, 2}) EXPECT_EQ(Of(rank).why.get(), "rank 1 (host1): the disk is full");
  EXPECT_FALSE(Of(0).heartbeat->Report("later", 1)) << "it is lost already";
  EXPECT_TRUE(Of(1).still_well()) << "says it itself";
}

// A connection that says who it is and then nothing more, as a stopped rank or one behind a dead link.
class Mute {
 public:
  Mute(int port, const std::string& greeting) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::send(socket_, greeting.data(), greeting.size(), 0), static_cast<ssize_t>(greeting.size()));
  }
  ~Mute() { ::close(socket_); }

 private:
  int socket_;
};

TEST_F(HeartbeatTest, ASilentRankIsNamedToAll) {
  StartRoot(3, milliseconds(500));
  Join(1);
  const Mute mute(Of(0).heartbeat->port(), "N2\n");
  for (const int rank : {0, 1}) {
    EXPECT_EQ(Of(rank).why.get(), "rank 2 (host2) has given no sign of life for 0 s: it is stopped, or the network to it is down");
  }
}

TEST_F(HeartbeatTest, ARankThatNeverConnectsIsSilentToo) {
  StartRoot(3, milliseconds(300));
  Join(1);
  EXPECT_TRUE(Of(0).why.get().starts_with("rank 2 (host2) has given no sign of life"));
}

TEST_F(HeartbeatTest, StrangersAreTurnedAway) {
  StartRoot(2);
  const Mute scanner(Of(0).heartbeat->port(), "GET / HTTP/1.1\r\n"), twin(Of(0).heartbeat->port(), "N7\n");
  const Mute flood(Of(0).heartbeat->port(), std::string(40000, 'x'));
  Join(1);
  std::this_thread::sleep_for(milliseconds(200));
  EXPECT_TRUE(Of(0).still_well());
  EXPECT_TRUE(Of(1).still_well());
}

TEST_F(HeartbeatTest, AnUnreachableRankZeroIsAnError) {
  for (const auto& [host, expected] : std::map<std::string, std::string>{
           {"127.0.0.1", "cannot connect to rank 0: Connection refused: 127.0.0.1:1"}, {"no.such.host.invalid", "cannot find rank 0"}}) {
    try {
      Heartbeat({"a", "b"}, 1, host, 1, {}, [](const std::string&, int) {});
      ADD_FAILURE();
    } catch (const base::Error& error) {
      EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace deepmad::train
