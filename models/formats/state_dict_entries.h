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

// The tensors of the state_dict: the root of the pickle, what stands in it under a name in use for it, or else its only dictionary of
// tensors, which a line then names. FailedError naming the entry where something is not a tensor or stands twice, and saying what the
// pickle holds where no state_dict is found, or several are; UsageError where the averaged weights are missing.
std::vector<StoredTensor> StateDictEntries(const Pickle& pickle, WeightSet set, const FindStorage& find, const std::string& where);

}  // namespace deepmad::models
