// Tensors live in plain nested torch::nn::Modules, whose names give the names of the state_dict; what computes with them holds the tensors
// themselves. A handle stays valid when the module moves to another device or type, because that replaces the data behind it.
#pragma once

#include <memory>
#include <string>

#include "models/named_tensors.h"

namespace torch::nn {
class Module;
}

namespace deepmad::models {

// The module at the dotted `path` below `root`, made on first use together with those on the way. "" is an error.
std::shared_ptr<torch::nn::Module> ModuleAt(torch::nn::Module& root, const std::string& path);

// Parameters and buffers in the order of Python's state_dict: a module's parameters, then its buffers, then its children. Not copies.
NamedTensors StateDict(const torch::nn::Module& root);

}  // namespace deepmad::models
