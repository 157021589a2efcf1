// The report at the end of a process that used a device: JSON in FAKE_CUDA_LOG.PID.json.
#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "tests/fakecuda/runtime/calls.h"
#include "tests/fakecuda/runtime/devices.h"
#include "tests/fakecuda/runtime/exchanges.h"
#include "tests/fakecuda/runtime/kernels.h"
#include "tests/fakecuda/runtime/memory.h"
#include "tests/fakecuda/runtime/queue.h"

namespace fakecuda {
namespace {

// "inner, outer, ...": functions of the program by their return addresses.
std::string NamesOf(const std::vector<void*>& addresses) {
  if (addresses.empty()) return "no function of the program";
  Dl_info info{};
  if (dladdr(addresses.front(), &info) == 0) return "unknown";
  std::ostringstream command;
  command << "env -u LD_PRELOAD addr2line -Cfs -e '" << info.dli_fname << "'" << std::hex;
  for (void* address : addresses) command << " 0x" << static_cast<char*>(address) - static_cast<char*>(info.dli_fbase) - 1;
  FILE* output = popen(command.str().c_str(), "r");
  if (output == nullptr) return "unknown";
  std::string names;
  std::array<char, 4096> line{};
  for (int i = 0; std::fgets(line.data(), line.size(), output) != nullptr; ++i) {
    if (i % 2 == 1) continue;  // the line in the source
    const std::string name(line.data());
    names += (names.empty() ? "" : " < ") + name.substr(0, std::min(name.find('('), name.find('\n')));
  }
  pclose(output);
  return names;
}

nlohmann::json Report() {
  const Calls& calls = TheCalls();
  nlohmann::json report;
  report["pid"] = getpid();
  for (int device = 0; device < VisibleDevices(); ++device) report["peak_bytes"].push_back(PeakBytes(device));
  report["calls"] = calls.all;
  report["refused"] = calls.refused;
  report["kernels"] = Launches();
  report["exchanges"] = Exchanges();
  report["queue"] = {{"worked_seconds", Seconds(TheQueueTimes().worked)}, {"idle_seconds", Seconds(TheQueueTimes().idle)}};
  report["laps"] = nlohmann::json::array();
  for (const Lap& lap : calls.laps) {
    report["laps"].push_back(
        {{"calls", lap.calls}, {"at_seconds", lap.at_seconds}, {"worked_seconds", lap.worked_seconds}, {"idle_seconds", lap.idle_seconds}});
  }
  for (const auto& [call, callers] : calls.callers) {
    for (const auto& [addresses, count] : callers) report["callers"][call][NamesOf(addresses)] = count;
  }
  return report;
}

struct AtExit {
  ~AtExit() {
    const char* file = std::getenv("FAKE_CUDA_LOG");
    if (file == nullptr || TheCalls().all.empty()) return;
    const Lock lock(Mutex());
    std::ofstream(std::string(file) + "." + std::to_string(getpid()) + ".json") << Report().dump(1) << '\n';
  }
} at_exit;

}  // namespace
}  // namespace fakecuda
