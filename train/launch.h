// Which of several processes this one is, as the program that started them says in the environment.
#pragma once

#include <optional>
#include <string>

namespace deepmad::train {

struct Launch {
  int rank = 0;
  int size = 1;
  int local_rank = 0;  // among those on this machine
  int local_size = 1;
  std::string address;        // of rank 0's machine
  int port = 0;               // there, of the store at which the ranks meet
  bool store_served = false;  // the launcher serves that store; else rank 0 does
  std::string attempt = "0";  // differs between starts that meet at the same store

  // "rank 1 (hostname)"
  std::string Name() const;
};

// From torchrun (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT), else from srun (SLURM_PROCID, SLURM_STEP_NUM_TASKS, ...;
// MASTER_ADDR and MASTER_PORT win over the first host of the step and a port made of the job's number). nullopt for a process on its own:
// no launcher, or one that started one process. UsageError for a variable that is missing or no number in its range.
std::optional<Launch> LaunchFromEnvironment();

// The first host of a list as Slurm writes it: "gpu[07-09,11],login" -> "gpu07".
std::string FirstHost(const std::string& list);

// "rank 1 (hostname): " for one of several processes, else empty. Never throws: for error messages.
std::string RankPrefix();

}  // namespace deepmad::train
