#include "tests/fakecuda/gpu_run.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include "tests/places.h"

namespace deepmad::fakecuda {
namespace {

using Json = nlohmann::json;

std::vector<std::string> WithProgram(std::vector<std::string> words) {
  words.insert(words.begin(), CudaProgramFile());
  return words;
}

std::vector<std::string> Settings(const Machine& machine, const std::string& log, std::vector<std::string> environment) {
  for (const std::string& setting :
       {"FAKE_CUDA_FOLDER=" + FakeCudaFolder(), "FAKE_CUDA_LOG=" + log, "FAKE_CUDA_DEVICES=" + std::to_string(machine.devices),
        "FAKE_CUDA_BYTES=" + std::to_string(machine.bytes), "FAKE_CUDA_KERNEL_US=" + std::to_string(machine.kernel_microseconds),
        std::string("FAKE_CUDA_LAP=FusedSgd"), std::string("FAKE_CUDA_STACKS=1")}) {
    environment.push_back(setting);
  }
  return environment;
}

}  // namespace

GpuProgram::GpuProgram(const std::vector<std::string>& words, const Machine& machine, const std::vector<std::string>& environment)
    : program_(WithProgram(words), Settings(machine, logs_.File("log"), environment), SourceFolder() + "/tests/fakecuda/run.sh") {}

GpuOutcome GpuProgram::Wait() {
  GpuOutcome outcome{program_.Wait(), {}};
  for (const auto& entry : std::filesystem::directory_iterator(logs_.path())) {
    std::ifstream file(entry.path());
    Json report = Json::parse(file, nullptr, /*allow_exceptions=*/false);
    if (!report.is_discarded()) outcome.reports.push_back(std::move(report));  // whole: the process was not ended while it wrote
  }
  return outcome;
}

std::vector<std::string> OnGpu(std::vector<std::string> words) {
  *std::next(std::find(words.begin(), words.end(), "--device")) = "cuda";
  return words;
}

GpuOutcome RunOnGpu(const std::vector<std::string>& words, const Machine& machine, const std::vector<std::string>& environment) {
  return GpuProgram(words, machine, environment).Wait();
}

std::string ErrorsOf(const GpuOutcome& outcome) {
  std::istringstream lines(outcome.err);
  std::string errors;
  for (std::string line; std::getline(lines, line);) {
    if (line.rfind("warning: the fused batch norm is left out", 0) != 0) errors += line + "\n";
  }
  return errors;
}

void ExpectClean(const GpuOutcome& outcome) {
  EXPECT_EQ(outcome.exit_code, 0);
  EXPECT_EQ(ErrorsOf(outcome), "");
  for (const Json& report : outcome.reports) EXPECT_EQ(report.at("refused"), Json::object());
}

long CallsLike(const Json& calls, const std::string& beginning) {
  long count = 0;
  for (const auto& [name, number] : calls.items()) {
    if (name.rfind(beginning, 0) == 0) count += number.get<long>();
  }
  return count;
}

std::vector<Json> SteadyUpdates(const Json& report, int updates, int warm_up) {
  const Json& laps = report.at("laps");
  const auto count = static_cast<int>(laps.size());
  EXPECT_GT(count, 0) << "no optimizer ran";
  EXPECT_EQ(count % updates, 0) << count << " launches of the optimizer in " << updates << " updates";
  const int launches = std::max(count / updates, 1);  // of the optimizer, an update
  std::vector<Json> steady;
  for (int update = warm_up; update < updates && (update + 1) * launches <= count; ++update) {
    Json calls = {{"waits", 0}, {"pageable copies", 0}, {"allocations", 0}, {"memory queries", 0}};
    for (int launch = 0; launch < launches; ++launch) {
      const Json& lap = laps[static_cast<size_t>(update * launches + launch)].at("calls");
      const auto add = [&](const char* name, long number) { calls[name] = calls[name].get<long>() + number; };
      add("waits", CallsLike(lap, "wait: "));
      add("pageable copies", CallsLike(lap, "copy to device, pageable") + CallsLike(lap, "copy to host, pageable"));
      add("allocations", CallsLike(lap, "cudaMalloc"));
      add("memory queries", CallsLike(lap, "cudaMemGetInfo"));
    }
    steady.push_back(calls);
  }
  return steady;
}

void ExpectBudget(const Json& report, int updates, int warm_up) {
  const std::vector<Json> steady = SteadyUpdates(report, updates, warm_up);
  EXPECT_FALSE(steady.empty());
  Json most = Json::object();
  long queries =
      steady.empty() ? 0 : steady[0].at("memory queries").get<long>();  // the fewest: a line of progress asks once in some seconds
  for (const Json& calls : steady) {
    queries = std::min(queries, calls.at("memory queries").get<long>());
    for (const auto& [name, number] : calls.items()) most[name] = std::max(most.value(name, 0L), number.get<long>());
  }
  EXPECT_LE(most.value("waits", 0), 1) << most << "; all callers: " << report.value("callers", Json()).dump(1);
  EXPECT_EQ(most.value("pageable copies", 0), 0) << most;
  EXPECT_EQ(most.value("allocations", 0), 0) << most;
  EXPECT_EQ(queries, 0) << most;
}

}  // namespace deepmad::fakecuda
