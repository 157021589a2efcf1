// The names that wrappers of a network give its tensors: DistributedDataParallel, torch.compile, FSDP, averages of weights, profilers.
#pragma once

#include <string>
#include <vector>

namespace deepmad::models {

// Index and plain name of each entry that is a tensor of the network, for the names of a state_dict. What a wrapper puts before every name
// ("module.", "_orig_mod.", ...) is taken off until no such prefix is left, in whatever order the wrappers were put on. The counters that
// wrappers keep beside the weights are left out: "n_averaged" and mmengine's "steps" of averages, "total_ops" and "total_params" of thop.
struct PlainName {
  size_t index;
  std::string name;
};
std::vector<PlainName> PlainNames(const std::vector<std::string>& names);

}  // namespace deepmad::models
