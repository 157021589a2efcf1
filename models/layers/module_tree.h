// Parameters live in plain nested torch::nn::Modules, whose names make the names of the state_dict. Layers keep handles to the tensors; a
// handle stays valid when the module moves to another device or type, because only the data behind it is replaced.
#pragma once

#include <memory>
#include <string>

#include "models/layers/named_tensors.h"

namespace torch::nn {
class Module;
}

namespace deepmad::models {

// Returns the module at the dotted `path` below `root`, creating it and its parents on first use. An empty path is an error.
std::shared_ptr<torch::nn::Module> ModuleAt(torch::nn::Module& root, const std::string& path);

// Returns parameters and buffers in the order of Python's state_dict: of each module first its parameters, then its buffers, then its
// children. The tensors share memory with the module.
NamedTensors StateDict(const torch::nn::Module& root);

}  // namespace deepmad::models
