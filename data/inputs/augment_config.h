// Reads the `augment`, `lighting` and `erasing` keys of the training transforms. data/inputs/open_datasets.h lists them.
#pragma once

#include <optional>

#include "base/config/config.h"
#include "data/inputs/image_pipeline.h"

namespace deepmad::data {

// Returns the augmentation step, or nullopt if `augment` is `none`. Policies need three `channels`. Throws UsageError for a wrong value.
std::optional<Pipeline::Step> ReadAugmentation(const base::Config& train_section, int channels);
Pipeline::Finish ReadFinish(const base::Config& train_section, int channels);

}  // namespace deepmad::data
