// Where the state_dict is in a pickled checkpoint.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "models/formats/pickle.h"
#include "models/formats/stored_weights.h"

namespace deepmad::models {

// Bytes of the storage with this key; FailedError where there is none.
using FindStorage = std::function<std::string_view(const PickledStorage& storage)>;

// The tensors of the state_dict: the root of the pickle, or what stands in it under a name in use for it. A prefix that a wrapper puts
// before every name (module., _orig_mod.) is taken off. FailedError naming the entry where something is not a tensor or stands twice, or
// where no state_dict is found; UsageError where the averaged weights are missing.
std::vector<StoredTensor> StateDictEntries(const Pickle& pickle, WeightSet set, const FindStorage& find, const std::string& where);

}  // namespace deepmad::models
