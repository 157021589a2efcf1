#include "train/distributed/joined_run.h"

#include <fmt/format.h>
#include <torch/headeronly/version.h>

#include <memory>
#include <optional>

#include "base/build_info.h"
#include "base/json.h"
#include "base/log.h"
#include "models/device/device.h"
#include "train/distributed/rank_consistency.h"

namespace deepmad::train {
namespace {

// YAML.
std::string DescribeProgram(at::Device device) {
  return base::JsonLine({{"version", base::Version()},
                         {"revision", base::GitRevision()},
                         {"LibTorch", fmt::format("{}.{}.{}", TORCH_VERSION_MAJOR, TORCH_VERSION_MINOR, TORCH_VERSION_PATCH)},
                         {"device", device.is_cuda() ? "cuda" : "cpu"}});
}

}  // namespace

void WithRanks(const std::string& device, const std::function<void(const RankGroup*)>& work) {
  const std::optional<Launch> launch = LaunchFromEnvironment();
  if (!launch) return work(nullptr);
  if (launch->rank > 0) base::SetLogLevel(base::LogLevel::kQuiet);
  const at::Device place = models::ResolveDevice(DeviceOfRank(device, *launch, models::CountDevices("cuda")));
  const std::unique_ptr<RankGroup> ranks = RankGroup::Join(*launch, place);
  AsRank(*ranks, [&] {
    CheckAgreement("the program", DescribeProgram(place), *ranks);
    CheckOwnDevices(models::DeviceUuid(place), *ranks);
    work(ranks.get());
    ranks->Finish();
  });
}

}  // namespace deepmad::train
