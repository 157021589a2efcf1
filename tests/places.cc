#include "tests/places.h"

#include <cstdlib>
#include <filesystem>

namespace deepmad {

std::string GoldenFolder() { return SourceFolder() + "/tests/golden"; }
std::string SourceFolder() {
  const char* elsewhere = std::getenv("DEEPMAD_SOURCE_FOLDER");  // where a test runs on another machine than the one that built it
  return elsewhere != nullptr ? elsewhere : DEEPMAD_SOURCE;
}
std::string ProgramFile() { return DEEPMAD_PROGRAM; }
std::string FakeCudaFolder() { return DEEPMAD_FAKE_CUDA; }
std::string CudaProgramFile() {
  const char* chosen = std::getenv("DEEPMAD_CUDA_PROGRAM");
  return chosen != nullptr ? chosen : DEEPMAD_CUDA_PROGRAM;
}
std::string FaultLibrary() { return DEEPMAD_FAULTS; }

std::string PeersPython() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  if (cache == nullptr && home == nullptr) return "";
  const std::string peers = (cache != nullptr ? std::string(cache) : std::string(home) + "/.cache") + "/deepmad/peers";
  return std::filesystem::exists(peers + "/requirements.txt") ? peers + "/bin/python" : "";  // setup.sh writes that file last
}

}  // namespace deepmad
