#include "tests/places.h"

namespace deepmad {

std::string GoldenFolder() { return SourceFolder() + "/tests/golden"; }
std::string SourceFolder() { return DEEPMAD_SOURCE; }
std::string ProgramFile() { return DEEPMAD_PROGRAM; }

}  // namespace deepmad
