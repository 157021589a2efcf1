// The `data` section of a run.
//
//   data:
//     name: image_folder                # a registered dataset, which reads further keys (root, cache, ...)
//     channels: 3                       # 1 or 3: pictures are converted
//     image_size: 64                    # side of the network's input, pixels
//     mean: [0.485, 0.456, 0.406]       # on [0, 1], one a channel
//     std: [0.229, 0.224, 0.225]
//     exif_orientation: ignored         # of image_folder and pack; applied: turns pictures upright (data/dataset/exif_key.h)
//     workers: 2                        # loader threads
//     queue_batches: 4                  # batches ready or being made
//     holdout: {per_class: 50, score: held_out}   # the last training samples of each class become the validation part;
//                                       # score: kept takes as many that are trained on in their place; null, the default: none
//     train:
//       {crop: random_resized | padded | none, scale: [0.08, 1], ratio: [0.75, 1.3333], padding: 4, flip: 0.5, interpolation: bicubic}
//       decode: {dct: accurate | fast, reduced: false}           # of JPEG; reduced: at 1/2, 1/4, 1/8 where the crop stays large enough
//       augment: {name: none | color_jitter | autoaugment | randaugment}, with
//         strength: 0.4                                          # color_jitter: brightness, contrast and saturation
//         variant: original | zen480                             # autoaugment
//         ops: 2, magnitude: 7, magnitude_std: 0.5, probability: 0.5   # randaugment, severity increasing
//       lighting: 0                                              # sigma; 0.1 in recipes
//       erasing: {probability: 0, area: [0.02, 0.3333], aspect: log | linear, fill: zero | color | pixels}
//       repeats: 1                                               # repeated augmentation: 3 in recipes; epochs stay as long
//     validate: {crop_pct: 0.875, interpolation: bicubic}
//
// With `input: scenes` (the default is `pictures`) each pixel has a label; channels is 3, image_size the side of the training crop, and
//
//     train: {scale: [2048, 512], ratio: [0.5, 2], cat_max_ratio: 0.75, flip: 0.5, photometric: true}
//     validate: {scale: [2048, 512]}      # the most that the long and the short edge may measure; aspect kept
// With `input: clips` a sample is a video (data/inputs/clips_config.h), with `input: boxes` objects have labels
// (data/inputs/boxes_config.h).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "data/dataset/dataset.h"
#include "data/inputs/sample_preparation.h"
#include "data/inputs/scenes_input.h"

namespace deepmad::data {

// How images become inputs. Independent of a data set, so it also serves prediction.
struct InputOptions {
  Preparation train_pipeline;
  Preparation validation_pipeline;
  InputShape shape;                      // largest training input, without padding; if one_shape, also in validation
  bool one_shape = true;                 // false: validation keeps the aspect of each picture, so batches have one sample
  LabelKind labels = LabelKind::kWhole;  // kind of labels that samples must have
  std::string protocol;                  // "64 px, crop_pct 0.875, bicubic"
  int workers = 2;
  int queue_batches = 4;
  std::shared_ptr<const SceneInput> scenes = nullptr;  // set if pixels are labelled: validation and prediction
  int repeats = 1;                                     // repeated augmentation, see SamplerOptions
  int frames = 0;                                      // frames per clip for a 3-D network; 0: images or single frames
  bool upright = true;                                 // pictures are turned as their EXIF orientation says
};
// UsageError for a wrong value.
InputOptions ReadInputOptions(const base::Config& data_section);

struct Datasets : InputOptions {
  std::unique_ptr<Dataset> train;       // null if opened for validation only
  std::unique_ptr<Dataset> validation;  // has the same classes with the same ids as `train`

  const std::vector<std::string>& class_names() const { return validation->class_names(); }
};
// Opens the data set that the section names. If `with_train` is false, only its validation part; training files may then be absent.
Datasets OpenDatasets(const base::Config& data_section, bool with_train = true);

}  // namespace deepmad::data
