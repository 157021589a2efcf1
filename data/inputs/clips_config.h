// The `data` section of a run on videos, `input: clips`: a label for the whole video. channels is 3, image_size the side of the crop, and
//
//   clip: {sampling: sparse, segments: 3}                              # single frames, for a 2-D network; or, for a 3-D one,
//   clip: {sampling: dense, frames: 8, step: 8, target_fps: null}      # a clip; at target_fps it lasts as long whatever the video's rate
//   train: {crop: multi_scale | square | random_resized, short_side: [256, 256], flip: 0.5}
//   validate: {protocol: val | tsn-25x10 | tsn-25x3 | 3d-10x3, short_side: 256}    # three crops are short_side x short_side
#pragma once

#include "base/config/config.h"
#include "data/inputs/clips_preparation.h"
#include "data/inputs/open_datasets.h"
#include "data/transforms/normalise.h"

namespace deepmad::data {

// UsageError for a wrong value, or a protocol of the other sampling.
InputOptions ReadClipOptions(const base::Config& data_section, const Normaliser& normaliser);
// The views of validation alone.
TestClips ReadTestClips(const base::Config& data_section);

}  // namespace deepmad::data
