#include "train/distributed/rank_group.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/tensor.h>
#include <arpa/inet.h>
#include <c10/util/Exception.h>
#include <c10/util/Logging.h>
#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <thread>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroup.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <vector>

#include "base/error.h"
#include "models/device/device.h"
#include "train/distributed/device_backend.h"
#include "train/distributed/rendezvous.h"

template <>
const char* deepmad::train::DeviceBackendRegistry::kind() {
  return "backend";
}

namespace deepmad::train {
namespace {

constexpr const char* kAgain = "start again to go on from the last checkpoint";
// A rank that died closed its connections to all others at the same time; one that went silent is found by the heartbeat first.
constexpr std::chrono::seconds kVerdict{5};

using Store = c10::intrusive_ptr<c10d::Store>;

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }
std::string MessageOf(const std::exception& error) {
  const auto* ours = dynamic_cast<const c10::Error*>(&error);
  return FirstLine(ours != nullptr ? ours->what_without_backtrace() : error.what());
}

std::vector<uint8_t> Bytes(const std::string& text) { return {text.begin(), text.end()}; }
std::string Text(const std::vector<uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

[[noreturn]] void EndProcess(const Launch& launch, const std::string& line, int code) {
  const bool usage = code == static_cast<int>(base::ErrorKind::kUsage);  // a new start alone would not help
  const std::string text = fmt::format("deepmad: {}: {}{}{}\n", launch.Name(), line, usage ? "" : ": ", usage ? "" : kAgain);
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, text.data(), text.size());
  ::_exit(code);
}

std::unique_ptr<Heartbeat> StartHeartbeat(const Store& store, const Launch& launch, const JoinOptions& options) {
  const std::vector<std::string> names = MeetRanks(store, launch, options.patience);
  const auto lost = [launch](const std::string& line, int code) { EndProcess(launch, line, code); };
  if (launch.rank == 0) {
    auto heartbeat = std::make_unique<Heartbeat>(names, options.heartbeat, lost);
    store->set("heartbeat", Bytes(std::to_string(heartbeat->port())));
    return heartbeat;
  }
  store->wait({"heartbeat"}, options.patience);
  const std::string host = launch.store_served ? Text(store->get("address")) : launch.address;
  return std::make_unique<Heartbeat>(names, launch.rank, host, std::stoi(Text(store->get("heartbeat"))), options.heartbeat, lost);
}

// This machine's address on the way to another one; empty where that cannot be said.
std::string AddressTowards(const std::string& host, int port) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_DGRAM;
  if (::getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return "";
  std::string address;
  const int probe = ::socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  sockaddr_storage own{};
  socklen_t size = sizeof own;
  char text[INET6_ADDRSTRLEN] = "";
  if (probe >= 0 && ::connect(probe, found->ai_addr, found->ai_addrlen) == 0 &&  // sends nothing, chooses a route
      ::getsockname(probe, reinterpret_cast<sockaddr*>(&own), &size) == 0) {
    const void* place = own.ss_family == AF_INET6 ? static_cast<const void*>(&reinterpret_cast<sockaddr_in6*>(&own)->sin6_addr)
                                                  : &reinterpret_cast<sockaddr_in*>(&own)->sin_addr;
    if (::inet_ntop(own.ss_family, place, text, sizeof text) != nullptr) address = text;
  }
  if (probe >= 0) ::close(probe);
  ::freeaddrinfo(found);
  return address;
}

c10::intrusive_ptr<c10d::Backend> MakeGloo(const Store& store, const Launch& launch) {
  auto options = c10d::ProcessGroupGloo::Options::create();
  const char* interface = std::getenv("GLOO_SOCKET_IFNAME");
  const std::string address = AddressTowards(launch.address, launch.port);
  if (interface != nullptr && *interface != '\0') {
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForInterface(interface));
  } else if (!address.empty()) {
    options->devices.push_back(c10d::ProcessGroupGloo::createDeviceForHostname(address));
  } else {
    options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
  }
  options->threads = 2;
  options->timeout = kLongestExchange;
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, launch.rank, launch.size, options);
}

}  // namespace

struct RankGroup::Backends {
  Store store;
  c10::intrusive_ptr<c10d::ProcessGroup> group;
  at::Device device;
};

RankGroup::RankGroup(const Launch& launch, std::unique_ptr<Backends> backends, std::unique_ptr<Heartbeat> heartbeat)
    : launch_(launch), heartbeat_(std::move(heartbeat)), backends_(std::move(backends)) {}

RankGroup::~RankGroup() = default;

std::unique_ptr<RankGroup> RankGroup::Join(const Launch& launch, at::Device device, const JoinOptions& options) {
  // The library's own lines with their stack traces; what they say comes back as exceptions. TORCH_CPP_LOG_LEVEL brings them back.
  if (std::getenv("TORCH_CPP_LOG_LEVEL") == nullptr) FLAGS_caffe2_log_level = c10::GLOG_FATAL;
  auto backends = std::make_unique<Backends>(Backends{OpenStore(launch, options.patience), {}, device});
  const Store& store = backends->store;
  if (launch.rank == 0 && launch.store_served) store->set("address", Bytes(AddressTowards(launch.address, launch.port)));
  std::unique_ptr<Heartbeat> heartbeat = StartHeartbeat(store, launch, options);
  backends->group = c10::make_intrusive<c10d::ProcessGroup>(store, launch.rank, launch.size);
  std::unique_ptr<RankGroup> ranks(new RankGroup(launch, std::move(backends), std::move(heartbeat)));
  AsRank(*ranks, [&] {
    const auto& group = ranks->c10d();
    group->setBackend(c10::kCPU, c10d::ProcessGroup::GLOO,
                      MakeGloo(c10::make_intrusive<c10d::PrefixStore>("gloo", ranks->backends_->store), launch));
    if (!device.is_cpu()) {
      const auto place = c10::make_intrusive<c10d::PrefixStore>("gpu", ranks->backends_->store);
      group->setBackend(device.type(), c10d::ProcessGroup::NCCL,
                        DeviceBackendRegistry::Get().Create("cuda", place, launch.rank, launch.size, device));
    }
  });
  return ranks;
}

const c10::intrusive_ptr<c10d::ProcessGroup>& RankGroup::c10d() const { return backends_->group; }

void RankGroup::Sum(at::Tensor tensor) const {
  std::vector<at::Tensor> tensors = {std::move(tensor)};
  c10d()->allreduce(tensors)->wait();
}

at::Tensor RankGroup::Gather(const at::Tensor& tensor) const {
  at::Tensor own = tensor.contiguous().unsqueeze(0);
  std::vector<int64_t> shape = own.sizes().vec();
  shape[0] = size();
  at::Tensor all = at::empty(shape, tensor.options());
  c10d()->_allgather_base(all, own)->wait();
  return all;
}

void RankGroup::Broadcast(at::Tensor tensor) const {
  std::vector<at::Tensor> tensors = {std::move(tensor)};
  c10d()->broadcast(tensors)->wait();
}

std::string RankGroup::Broadcast(const std::string& text) const {
  const at::Tensor size = at::tensor({static_cast<int64_t>(text.size())}, at::kLong);
  Broadcast(size);
  const at::Tensor bytes = at::empty({std::max<int64_t>(size.item<int64_t>(), 1)}, at::kByte);
  if (rank() == 0) std::memcpy(bytes.mutable_data_ptr(), text.data(), text.size());
  Broadcast(bytes);
  return {static_cast<const char*>(bytes.const_data_ptr()), static_cast<size_t>(size.item<int64_t>())};
}

std::array<bool, 2> RankGroup::Any(bool first, bool second) const {
  const at::Tensor counts = at::tensor({static_cast<int64_t>(first), static_cast<int64_t>(second)}, at::kLong);
  Sum(counts);
  const auto* count = counts.const_data_ptr<int64_t>();
  return {count[0] > 0, count[1] > 0};
}

void RankGroup::Finish() {
  models::SynchronizeDevice(backends_->device);
  c10d()->shutdown();  // while the heartbeat still watches the others, for whom it may have to wait
  heartbeat_->Finish();
}

void RankGroup::Report(const base::Error& error) {
  if (!heartbeat_->Report(error.what(), error.exit_code()))
    std::this_thread::sleep_for(kVerdict);  // this process is being ended because of another rank
}

void RankGroup::AwaitVerdict() const { std::this_thread::sleep_for(kVerdict); }

std::string DeviceOfRank(const std::string& device, const Launch& launch, int gpus) {
  const bool any_gpu = device == "cuda" || (device == "auto" && gpus > 0);
  return any_gpu ? fmt::format("cuda:{}", gpus == 1 ? 0 : launch.local_rank) : device;
}

void AsRank(RankGroup& group, const std::function<void()>& work) {
  try {
    work();
  } catch (const base::Error& error) {
    if (error.kind() == base::ErrorKind::kStopped) {  // on all ranks
      group.Finish();
    } else {
      group.Report(error);
    }
    throw;
  } catch (const std::exception& error) {
    group.AwaitVerdict();
    const base::Error broken = base::FailedError(fmt::format("the work with the other ranks broke: {}", MessageOf(error)), "", kAgain);
    group.Report(broken);
    throw broken;
  }
}

}  // namespace deepmad::train
