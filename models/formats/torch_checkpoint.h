// Files of torch.save: a pickle, and storages beside it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "models/formats/stored_weights.h"

namespace deepmad::models {

// A zip file with NAME/data.pkl and NAME/data/KEY. The records that the weights stand in are held against their checksums; `release` is
// called with each part that was looked at.
StoredWeights ReadTorchZip(std::string_view bytes, WeightSet set, const std::string& where,
                           const std::function<void(std::string_view)>& release);

// Before PyTorch 1.6, or with _use_new_zipfile_serialization=False: four pickles (a magic number, a version, facts of the machine, the
// content), a fifth with the keys of the storages, then each storage behind its number of elements.
StoredWeights ReadTorchLegacy(std::string_view bytes, WeightSet set, const std::string& where);

}  // namespace deepmad::models
