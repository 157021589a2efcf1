// Where things lie that tests need. Absolute paths are compiled into places.cc alone, so that every other object is the same in any
// clone and comes from the compiler cache.
#pragma once

#include <string>

namespace deepmad {

std::string GoldenFolder();     // tests/golden: facts computed outside this project
std::string SourceFolder();     // the checkout
std::string PeersPython();      // with the packages of scripts/requirements-peers.txt; empty where setup.sh --peers was not run
std::string ProgramFile();      // the built `deepmad`; empty in a build without LibTorch
std::string FakeCudaFolder();   // tests/fakecuda/, built; empty where no CUDA toolkit is
std::string CudaProgramFile();  // the built `deepmad-cuda`, or another that DEEPMAD_CUDA_PROGRAM names; empty likewise
std::string FaultLibrary();     // tests/preload/, built; empty likewise

}  // namespace deepmad
