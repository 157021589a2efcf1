// The `augment`, `lighting` and `erasing` keys of the training transforms: data_config.h lists them.
#pragma once

#include <optional>

#include "base/config.h"
#include "data/pipeline.h"

namespace deepmad::data {

// None where `augment` names none. `channels`: policies need three. UsageError for a wrong value.
std::optional<Pipeline::Step> ReadAugmentation(const base::Config& train_section, int channels);
Pipeline::Finish ReadFinish(const base::Config& train_section, int channels);

}  // namespace deepmad::data
