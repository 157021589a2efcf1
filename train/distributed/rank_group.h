// The processes of one run: what they exchange, and how they end together.
#pragma once

#include <c10/core/Device.h>
#include <c10/util/intrusive_ptr.h>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/error.h"
#include "models/layers/process_group.h"
#include "train/distributed/heartbeat.h"
#include "train/distributed/launch.h"

namespace c10d {
class ProcessGroup;
}

namespace deepmad::train {

// After which a collective that has not ended gives up. Long, because a rank may be busy for minutes; lost ones are found by the heartbeat.
inline constexpr std::chrono::minutes kLongestExchange{30};

struct JoinOptions {
  std::chrono::seconds patience{300};  // for all ranks to come
  HeartbeatOptions heartbeat;
};

// Gloo for tensors on the CPU, NCCL for those on GPUs. Where a collective breaks because another rank ended, it throws what the library
// says (a std::exception, no base::Error), and AsRank finds out which rank it was.
class RankGroup : public models::ProcessGroup {
 public:
  // Meets the other ranks; FailedError saying who has not come. From then on a rank that ends, stops or cannot be reached ends this process
  // with one line and exit code 1.
  static std::unique_ptr<RankGroup> Join(const Launch& launch, at::Device device, const JoinOptions& options = {});
  ~RankGroup() override;

  int rank() const override { return launch_.rank; }
  int size() const override { return launch_.size; }
  void Sum(at::Tensor tensor) const override;
  at::Tensor Gather(const at::Tensor& tensor) const override;

  void Broadcast(at::Tensor tensor) const;  // rank 0's, to all
  std::string Broadcast(const std::string& text) const;
  // Whether each of the two is true on some rank.
  std::array<bool, 2> Any(bool first, bool second = false) const;
  void Barrier() const { Any(false); }

  const Launch& launch() const { return launch_; }
  const c10::intrusive_ptr<c10d::ProcessGroup>& c10d() const;

  // For AsRank: the orderly end, on every rank, after which nothing can be exchanged; a failure of this rank; time for the heartbeat to end
  // this process if another rank is the reason.
  void Finish();
  void Report(const base::Error& error);
  void AwaitVerdict() const;

 private:
  struct Backends;
  RankGroup(const Launch& launch, std::unique_ptr<Backends> backends, std::unique_ptr<Heartbeat> heartbeat);

  Launch launch_;
  std::unique_ptr<Heartbeat> heartbeat_;
  std::unique_ptr<Backends> backends_;
};

// The device of a rank that sees `gpus` GPUs: "auto" and "cuda" mean the GPU with the number that the rank has on its machine, or the only
// one, since a launcher that gives each rank a GPU of its own (srun --gpus-per-task=1, a CUDA_VISIBLE_DEVICES for each) hides the others
// and each rank's is number 0.
std::string DeviceOfRank(const std::string& device, const Launch& launch, int gpus);

// Runs one rank's work and tells the others when it fails. What it throws is a base::Error.
void AsRank(RankGroup& group, const std::function<void()>& work);

}  // namespace deepmad::train
