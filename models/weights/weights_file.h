// An open file of weights: names and shapes are known, values are read tensor by tensor.
#pragma once

#include <c10/core/ScalarType.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "models/formats/stored_weights.h"
#include "models/layers/named_tensors.h"

namespace deepmad::models {

// A file, and which of its sets of weights to use (trained or averaged).
struct WeightsPlace {
  std::string file;
  WeightSet set = WeightSet::kTrained;
};

struct WeightsEntry {
  std::string name;
  at::ScalarType type;
  std::vector<int64_t> shape;
  // Reads rows [begin, end) of the first dimension (a scalar has one row), on the CPU, with any strides. The result may be a view of the
  // file. Memory is released with the last copy of the tensor, so reading part by part needs the memory of one part only.
  std::function<at::Tensor(int64_t begin, int64_t end)> read;
};

struct WeightsFile {
  std::vector<WeightsEntry> entries;  // in the order of the file
  std::map<std::string, std::string> metadata;
};

// Opens a safetensors file or a file of torch.save (models/formats/stored_weights.h), or the shards that an index or a folder names
// (models/weights/weight_shards.h). The entries have the names of the network's own tensors, without those that wrappers add
// (models/formats/wrapper_names.h). Throws FailedError naming the file if it cannot be read, UsageError if averaged weights are requested
// and it has none.
WeightsFile OpenWeights(const WeightsPlace& place);

}  // namespace deepmad::models
