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
constexpr const char* kStartHint = "start the ranks by --nproc, torchrun, srun or mpirun -x; or unset the variables that a job left over";
constexpr int kFirstSlurmPort = 20000, kSlurmPorts = 10000;

std::optional<std::string> Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

int Number(const char* name, int min, int max) {
  const std::optional<std::string> text = Variable(name);
  if (!text) throw base::UsageError("the variable is not set", name, kStartHint);
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
  if (!text) throw base::UsageError("the variable is not set", name, kStartHint);
  return *text;
}

// "RANK=0, WORLD_SIZE=8"
std::string Shown(const char* rank, const char* size) {
  return fmt::format("{}={}, {}={}", rank, Variable(rank).value_or(""), size, Variable(size).value_or(""));
}

Launch FromTorchrun() {
  Launch launch;
  launch.variables = Shown("RANK", "WORLD_SIZE");
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

// The variables of an mpirun. None of them says where rank 0 is.
struct MpirunVariables {
  const char *rank, *size, *local_rank, *local_size;
};
constexpr MpirunVariables kOpenMpi = {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK",
                                      "OMPI_COMM_WORLD_LOCAL_SIZE"};
constexpr MpirunVariables kHydra = {"PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"};  // MPICH, Intel MPI

Launch FromMpirun(const MpirunVariables& names) {
  Launch launch;
  launch.variables = Shown(names.rank, names.size);
  launch.size = Number(names.size, 1, kMost);
  launch.rank = Number(names.rank, 0, launch.size - 1);
  launch.local_size = NumberOr(names.local_size, 1, 1, launch.size);
  launch.local_rank = NumberOr(names.local_rank, 0, 0, launch.local_size - 1);
  if (launch.size == 1) return launch;
  launch.address = Text("MASTER_ADDR");
  launch.port = Number("MASTER_PORT", 1, 65535);
  return launch;
}

// A shell inside a job. Its variables are those of a task, but nobody started the program as one: srun --pty says so by the port of its
// terminal, salloc and sbatch by step numbers that no srun gets.
bool InSlurmShell() {
  constexpr int64_t kFirstSpecialStep = 0xffff'fff0;
  const std::string step = Variable("SLURM_STEP_ID").value_or("0");
  int64_t number = 0;
  std::from_chars(step.data(), step.data() + step.size(), number);
  return Variable("SLURM_PTY_PORT") || number >= kFirstSpecialStep;
}

Launch FromSlurm() {
  Launch launch;
  launch.variables = Shown("SLURM_PROCID", "SLURM_STEP_NUM_TASKS");
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
  std::string host;
  for (size_t at = 0; at < list.size() && list[at] != ',';) {
    if (list[at] != '[') {
      host += list[at++];
      continue;
    }
    const size_t end = list.find_first_of(",-]", at + 1);  // of the first number
    host += list.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    const size_t close = list.find(']', at);
    at = close == std::string::npos ? list.size() : close + 1;
  }
  return host;
}

std::optional<Launch> LaunchFromEnvironment() {
  const auto given = [](const MpirunVariables& names) { return Variable(names.size) && Variable(names.rank); };
  std::optional<Launch> launch;
  if (Variable("RANK") && Variable("WORLD_SIZE")) {
    launch = FromTorchrun();
  } else if (Variable("SLURM_STEP_NUM_TASKS")) {
    if (!InSlurmShell()) launch = FromSlurm();
  } else if (given(kOpenMpi) || given(kHydra)) {
    launch = FromMpirun(given(kOpenMpi) ? kOpenMpi : kHydra);
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
