// Reads the `augment`, `lighting` and `erasing` keys of the training transforms. data/data_config.h lists them.
#pragma once

#include <optional>

#include "base/config.h"
#include "data/pipeline.h"

namespace deepmad::data {

// Returns the augmentation step, or nullopt if `augment` is `none`. Policies need three `channels`. Throws UsageError for a wrong value.
std::optional<Pipeline::Step> ReadAugmentation(const base::Config& train_section, int channels);
Pipeline::Finish ReadFinish(const base::Config& train_section, int channels);

}  // namespace deepmad::data
