// The inputs that the fuzzers of weights start from: what torch.save and safetensors write, as small as it can be.
#pragma once

#include <string>
#include <vector>

namespace deepmad::fuzz {

std::vector<std::string> ZipSeeds();
std::vector<std::string> PickleSeeds();
std::vector<std::string> SafetensorsSeeds();
std::vector<std::string> WeightsSeeds();  // whole files of every form

}  // namespace deepmad::fuzz
