#include "train/distributed/launch.h"

#include <fmt/format.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <limits>

#include "base/error.h"

namespace deepmad::train {
namespace {

constexpr int kMost = 1'000'000;
constexpr int kFirstSlurmPort = 20000, kSlurmPorts = 10000;

std::optional<std::string> Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

int Number(const char* name, int min, int max) {
  const std::optional<std::string> text = Variable(name);
  if (!text) throw base::UsageError("the variable is not set", name, "start the ranks by --nproc, torchrun or srun");
  int value = 0;
  const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
  if (error != std::errc() || end != text->data() + text->size() || value < min || value > max) {
    throw base::UsageError(fmt::format("'{}' is not a number from {} to {}", *text, min, max), name, "look at how the ranks are started");
  }
  return value;
}

int NumberOr(const char* name, int fallback, int min, int max) { return Variable(name) ? Number(name, min, max) : fallback; }

std::string Text(const char* name) {
  const std::optional<std::string> text = Variable(name);
  if (!text) throw base::UsageError("the variable is not set", name, "start the ranks by --nproc, torchrun or srun");
  return *text;
}

Launch FromTorchrun() {
  Launch launch;
  launch.size = Number("WORLD_SIZE", 1, kMost);
  launch.rank = Number("RANK", 0, launch.size - 1);
  launch.local_size = NumberOr("LOCAL_WORLD_SIZE", 1, 1, launch.size);
  launch.local_rank = NumberOr("LOCAL_RANK", 0, 0, launch.local_size - 1);
  if (launch.size == 1) return launch;
  launch.address = Text("MASTER_ADDR");
  launch.port = Number("MASTER_PORT", 1, 65535);
  launch.store_served = Variable("TORCHELASTIC_USE_AGENT_STORE") == "True";
  launch.attempt = Variable("TORCHELASTIC_RESTART_COUNT").value_or("0");
  return launch;
}

Launch FromSlurm() {
  Launch launch;
  launch.size = Number("SLURM_STEP_NUM_TASKS", 1, kMost);
  launch.rank = Number("SLURM_PROCID", 0, launch.size - 1);
  launch.local_rank = NumberOr("SLURM_LOCALID", 0, 0, launch.size - 1);
  // SLURM_STEP_TASKS_PER_NODE is "4(x2),1"; ranks of one machine share it evenly enough.
  const std::string tasks = Variable("SLURM_STEP_TASKS_PER_NODE").value_or("1");
  std::from_chars(tasks.data(), tasks.data() + tasks.size(), launch.local_size);
  if (launch.size == 1) return launch;
  launch.address = Variable("MASTER_ADDR").value_or("");
  if (launch.address.empty())
    launch.address = FirstHost(Text(Variable("SLURM_STEP_NODELIST") ? "SLURM_STEP_NODELIST" : "SLURM_JOB_NODELIST"));
  launch.port = Variable("MASTER_PORT") ? Number("MASTER_PORT", 1, 65535)
                                        : kFirstSlurmPort + Number("SLURM_JOB_ID", 0, std::numeric_limits<int>::max()) % kSlurmPorts;
  return launch;
}

std::string HostName() {
  char name[256] = "";
  ::gethostname(name, sizeof name - 1);
  return name;
}

}  // namespace

std::string Launch::Name() const { return fmt::format("rank {} ({})", rank, HostName()); }

std::string FirstHost(const std::string& list) {
  const size_t end = list.find_first_of(",[");
  std::string host = list.substr(0, end);
  if (end == std::string::npos || list[end] == ',') return host;
  return host + list.substr(end + 1, list.find_first_of(",-]", end) - end - 1);
}

std::optional<Launch> LaunchFromEnvironment() {
  std::optional<Launch> launch;
  if (Variable("RANK") && Variable("WORLD_SIZE")) {
    launch = FromTorchrun();
  } else if (Variable("SLURM_STEP_NUM_TASKS")) {
    launch = FromSlurm();
  }
  return launch && launch->size > 1 ? launch : std::nullopt;
}

std::string RankPrefix() {
  try {
    const std::optional<Launch> launch = LaunchFromEnvironment();
    return launch ? launch->Name() + ": " : "";
  } catch (const base::Error&) {
    return "";
  }
}

}  // namespace deepmad::train
