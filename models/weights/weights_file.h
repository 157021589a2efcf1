// A file of weights, opened: what is in it is known, values are read tensor by tensor.
#pragma once

#include <c10/core/ScalarType.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "models/formats/stored_weights.h"
#include "models/layers/named_tensors.h"

namespace deepmad::models {

// A file, and which of the sets of weights that it may hold.
struct WeightsPlace {
  std::string file;
  WeightSet set = WeightSet::kTrained;
};

struct WeightsEntry {
  std::string name;
  at::ScalarType type;
  std::vector<int64_t> shape;
  // Rows [begin, end) of the first dimension (a scalar has one), on the CPU, with any strides; may be a view of the file. The memory is
  // given back when the last copy goes, so that reading part after part takes the memory of one.
  std::function<at::Tensor(int64_t begin, int64_t end)> read;
};

struct WeightsFile {
  std::vector<WeightsEntry> entries;  // in the order of the file
  std::map<std::string, std::string> metadata;
};

// Safetensors, or what torch.save wrote (models/formats/stored_weights.h). FailedError naming the file for what cannot be read; UsageError
// where the averaged weights are asked for and there are none.
WeightsFile OpenWeights(const WeightsPlace& place);

}  // namespace deepmad::models
