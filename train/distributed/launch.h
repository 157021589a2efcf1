// The rank of this process among those of a run, from the environment variables of the launcher.
#pragma once

#include <optional>
#include <string>

namespace deepmad::train {

struct Launch {
  int rank = 0;
  int size = 1;
  int local_rank = 0;  // rank among the processes of this machine
  int local_size = 1;
  std::string address;        // of rank 0's machine
  int port = 0;               // of the rendezvous store on that machine
  bool store_served = false;  // true: the launcher serves the store; false: rank 0 does
  std::string attempt = "0";  // differs between starts that meet at the same store
  std::string variables;      // that made this process a rank: "RANK=0, WORLD_SIZE=8"; for messages

  // "rank 1 (hostname)"
  std::string Name() const;
};

// Reads the variables of torchrun (RANK, WORLD_SIZE, LOCAL_RANK, MASTER_ADDR, MASTER_PORT), or else of srun (SLURM_PROCID,
// SLURM_STEP_NUM_TASKS, ...), or else of an mpirun: Open MPI's (OMPI_COMM_WORLD_RANK, ...), or that of MPICH and Intel MPI (PMI_RANK, ...).
// Under srun, MASTER_ADDR and MASTER_PORT default to the first host of the step and a port derived from the job id. Returns nullopt if
// there is no launcher or it started one process only, and in a shell of Slurm (salloc, sbatch outside srun, srun --pty). Throws UsageError
// if a variable is missing or out of range.
std::optional<Launch> LaunchFromEnvironment();

// The first host of a list as Slurm writes it: "gpu[07-09,11],login" -> "gpu07", "rack[1-2]node[3-4]" -> "rack1node3".
std::string FirstHost(const std::string& list);

// Prefix of error messages: "rank 1 (hostname): " if the run has several processes, otherwise empty. Never throws.
std::string RankPrefix();

}  // namespace deepmad::train
