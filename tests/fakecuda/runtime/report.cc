// The report at the end of a process that used a device: JSON in FAKE_CUDA_LOG.PID.json.
#include <dlfcn.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
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

using Names = std::map<void*, std::string>;

// Functions of the program by return addresses in it, which one process finds for all: each reads the program's symbols anew.
Names NamesOf(const std::set<void*>& addresses) {
  Dl_info info{};
  if (addresses.empty() || dladdr(*addresses.begin(), &info) == 0) return {};
  std::ostringstream command;
  command << "exec env -u LD_PRELOAD addr2line -Cfs -e '" << info.dli_fname << "'" << std::hex;
  for (void* address : addresses) command << " 0x" << static_cast<char*>(address) - static_cast<char*>(info.dli_fbase) - 1;
  FILE* output = popen(command.str().c_str(), "r");
  if (output == nullptr) return {};
  Names names;
  std::array<char, 4096> line{};
  for (void* address : addresses) {
    if (std::fgets(line.data(), line.size(), output) == nullptr) break;
    const std::string name(line.data());
    names[address] = name.substr(0, std::min(name.find('('), name.find('\n')));
    if (std::fgets(line.data(), line.size(), output) == nullptr) break;  // the line in the source
  }
  pclose(output);
  return names;
}

// "inner < outer < ..." of each call, with how often it came from there.
nlohmann::json CallersOf(const Calls& calls) {
  std::set<void*> addresses;
  for (const auto& [call, callers] : calls.callers) {
    for (const auto& [stack, count] : callers) addresses.insert(stack.begin(), stack.end());
  }
  const Names names = NamesOf(addresses);
  nlohmann::json report;
  for (const auto& [call, callers] : calls.callers) {
    for (const auto& [stack, count] : callers) {
      std::string text = stack.empty() ? "no function of the program" : "";
      for (void* address : stack) {
        const auto known = names.find(address);
        text += (text.empty() ? "" : " < ") + (known == names.end() ? "unknown" : known->second);
      }
      auto& number = report[call][text];
      number = (number.is_null() ? 0 : number.get<long>()) + count;
    }
  }
  return report;
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
  if (!calls.callers.empty()) report["callers"] = CallersOf(calls);
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
