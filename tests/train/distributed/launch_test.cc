// The environments of torchrun and Slurm, as they are and broken.
#include "train/distributed/launch.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"

namespace deepmad::train {
namespace {

using Variables = std::map<std::string, std::string>;

// Exactly these variables of all that launchers set, while it lives.
class Environment {
 public:
  explicit Environment(const Variables& variables) {
    for (const char* name : {"RANK",
                             "WORLD_SIZE",
                             "LOCAL_RANK",
                             "LOCAL_WORLD_SIZE",
                             "MASTER_ADDR",
                             "MASTER_PORT",
                             "TORCHELASTIC_USE_AGENT_STORE",
                             "TORCHELASTIC_RESTART_COUNT",
                             "SLURM_PROCID",
                             "SLURM_STEP_NUM_TASKS",
                             "SLURM_LOCALID",
                             "SLURM_STEP_TASKS_PER_NODE",
                             "SLURM_STEP_NODELIST",
                             "SLURM_JOB_NODELIST",
                             "SLURM_JOB_ID",
                             "SLURM_STEP_ID",
                             "SLURM_PTY_PORT",
                             "OMPI_COMM_WORLD_RANK",
                             "OMPI_COMM_WORLD_SIZE",
                             "OMPI_COMM_WORLD_LOCAL_RANK",
                             "OMPI_COMM_WORLD_LOCAL_SIZE",
                             "PMI_RANK",
                             "PMI_SIZE",
                             "MPI_LOCALRANKID",
                             "MPI_LOCALNRANKS"}) {
      ::unsetenv(name);
    }
    for (const auto& [name, value] : variables) ::setenv(name.c_str(), value.c_str(), 1);
    names_ = variables;
  }
  ~Environment() {
    for (const auto& [name, value] : names_) ::unsetenv(name.c_str());
  }

 private:
  Variables names_;
};

const Variables kTorchrun = {
    {"RANK", "5"}, {"WORLD_SIZE", "8"}, {"LOCAL_RANK", "1"}, {"LOCAL_WORLD_SIZE", "4"}, {"MASTER_ADDR", "node0"}, {"MASTER_PORT", "29500"}};
const Variables kSlurm = {{"SLURM_PROCID", "3"},
                          {"SLURM_STEP_NUM_TASKS", "4"},
                          {"SLURM_LOCALID", "1"},
                          {"SLURM_STEP_TASKS_PER_NODE", "2(x2)"},
                          {"SLURM_STEP_NODELIST", "gpu[07-08]"},
                          {"SLURM_JOB_ID", "123456"}};

Variables With(Variables variables, const std::string& name, const std::string& value) {
  variables[name] = value;
  return variables;
}

TEST(Launch, IsReadFromTorchrun) {
  const Environment environment(kTorchrun);
  const Launch launch = LaunchFromEnvironment().value();
  EXPECT_EQ(launch.rank, 5);
  EXPECT_EQ(launch.size, 8);
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_EQ(launch.local_size, 4);
  EXPECT_EQ(launch.address, "node0");
  EXPECT_EQ(launch.port, 29500);
  EXPECT_FALSE(launch.store_served);
  EXPECT_TRUE(RankPrefix().starts_with("rank 5 (")) << RankPrefix();
}

TEST(Launch, KnowsTheStoreOfTorchrunsAgent) {
  const Environment environment(With(With(kTorchrun, "TORCHELASTIC_USE_AGENT_STORE", "True"), "TORCHELASTIC_RESTART_COUNT", "2"));
  EXPECT_TRUE(LaunchFromEnvironment()->store_served);
  EXPECT_EQ(LaunchFromEnvironment()->attempt, "2");
}

TEST(Launch, IsReadFromSlurm) {
  const Environment environment(kSlurm);
  const Launch launch = LaunchFromEnvironment().value();
  EXPECT_EQ(launch.rank, 3);
  EXPECT_EQ(launch.size, 4);
  EXPECT_EQ(launch.local_rank, 1);
  EXPECT_EQ(launch.local_size, 2);
  EXPECT_EQ(launch.address, "gpu07");
  EXPECT_EQ(launch.port, 23456);
}

TEST(Launch, TakesAMasterThatTheBatchScriptNames) {
  const Environment environment(With(With(kSlurm, "MASTER_ADDR", "10.0.0.1"), "MASTER_PORT", "4000"));
  EXPECT_EQ(LaunchFromEnvironment()->address, "10.0.0.1");
  EXPECT_EQ(LaunchFromEnvironment()->port, 4000);
}

TEST(Launch, IsReadFromTheMpirunOfOpenMpiMpichAndIntel) {
  for (const Variables& names : {Variables{{"OMPI_COMM_WORLD_RANK", "3"},
                                           {"OMPI_COMM_WORLD_SIZE", "4"},
                                           {"OMPI_COMM_WORLD_LOCAL_RANK", "1"},
                                           {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}},
                                 Variables{{"PMI_RANK", "3"}, {"PMI_SIZE", "4"}, {"MPI_LOCALRANKID", "1"}, {"MPI_LOCALNRANKS", "2"}}}) {
    const Environment environment(With(With(names, "MASTER_ADDR", "node0"), "MASTER_PORT", "29500"));
    const Launch launch = LaunchFromEnvironment().value();
    EXPECT_EQ(launch.rank, 3);
    EXPECT_EQ(launch.size, 4);
    EXPECT_EQ(launch.local_rank, 1);
    EXPECT_EQ(launch.local_size, 2);
    EXPECT_EQ(launch.address, "node0");
    EXPECT_EQ(launch.port, 29500);
  }
}

TEST(Launch, SaysWhichVariablesMadeTheRank) {
  {
    const Environment environment(kTorchrun);
    EXPECT_EQ(LaunchFromEnvironment()->variables, "RANK=5, WORLD_SIZE=8");
  }
  const Environment environment(kSlurm);
  EXPECT_EQ(LaunchFromEnvironment()->variables, "SLURM_PROCID=3, SLURM_STEP_NUM_TASKS=4");
}

TEST(Launch, IsNoneInAShellOfSlurm) {
  for (const auto& [name, value] : Variables{{"SLURM_PTY_PORT", "40001"}, {"SLURM_STEP_ID", "4294967290"}, {"SLURM_STEP_NUM_TASKS", ""}}) {
    const Environment environment(With(kSlurm, name, value));
    EXPECT_FALSE(LaunchFromEnvironment()) << name;
  }
  const Environment environment(With(kSlurm, "SLURM_STEP_ID", "12"));
  EXPECT_TRUE(LaunchFromEnvironment());
}

TEST(Launch, IsNoneForAProcessOnItsOwn) {
  for (const Variables& alone : {Variables{}, Variables{{"RANK", "0"}, {"WORLD_SIZE", "1"}}, Variables{{"RANK", "3"}},
                                 Variables{{"SLURM_PROCID", "0"}, {"SLURM_NTASKS", "4"}},  // in a batch script, outside srun
                                 Variables{{"SLURM_PROCID", "0"}, {"SLURM_STEP_NUM_TASKS", "1"}}}) {
    const Environment environment(alone);
    EXPECT_FALSE(LaunchFromEnvironment());
    EXPECT_EQ(RankPrefix(), "");
  }
}

TEST(Launch, NamesAVariableThatIsWrongOrMissing) {
  const std::vector<std::pair<Variables, std::string>> cases = {
      {With(kTorchrun, "RANK", "8"), "'8' is not a number from 0 to 7: RANK"},
      {With(kTorchrun, "WORLD_SIZE", "many"), "'many' is not a number from 1 to 1000000: WORLD_SIZE"},
      {With(kTorchrun, "LOCAL_RANK", "4"), "'4' is not a number from 0 to 3: LOCAL_RANK"},
      {With(kTorchrun, "MASTER_ADDR", ""), "the variable is not set: MASTER_ADDR"},
      {With(kTorchrun, "MASTER_PORT", "0"), "'0' is not a number from 1 to 65535: MASTER_PORT"},
      {With(kSlurm, "SLURM_PROCID", ""), "the variable is not set: SLURM_PROCID"},
      {With(kSlurm, "SLURM_STEP_NODELIST", ""), "the variable is not set: SLURM_JOB_NODELIST"},
      {With(kSlurm, "SLURM_JOB_ID", ""), "the variable is not set: SLURM_JOB_ID"}};
  for (const auto& [variables, expected] : cases) {
    const Environment environment(variables);
    try {
      LaunchFromEnvironment();
      ADD_FAILURE() << expected;
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
      EXPECT_NE(std::string(error.what()).find(expected), std::string::npos) << error.what();
    }
    EXPECT_EQ(RankPrefix(), "");
  }
}

TEST(Launch, FindsTheFirstHostOfSlurmsLists) {
  for (const auto& [list, first] : std::map<std::string, std::string>{{"login", "login"},
                                                                      {"a,b", "a"},
                                                                      {"gpu[07-09,11],login", "gpu07"},
                                                                      {"gpu[3,5]", "gpu3"},
                                                                      {"gpu[12]", "gpu12"},
                                                                      {"rack[1-2]node[3-4],x", "rack1node3"},
                                                                      {"a[1,3-5]-ib,b", "a1-ib"}}) {
    EXPECT_EQ(FirstHost(list), first) << list;
  }
}

}  // namespace
}  // namespace deepmad::train
