// Prepares images with per-pixel labels for training, validation and prediction (docs/protocols/segmentation.md, sections 2 and 6).
#pragma once

#include "data/inputs/sample_preparation.h"
#include "data/inputs/scenes_input.h"
#include "data/transforms/scene_augmentation.h"

namespace deepmad::data {

// For training: augments, crops to at most side x side and pads to side x side on the right and below, the image with 0 (after
// normalisation), the labels with 255.
Preparation PrepareTrainingScenes(const SceneAugmentation& augmentation, const Normaliser& normaliser);

// For validation and prediction: resizes the whole image and leaves the labels at their original size. Samples therefore differ in shape,
// and an image differs from its labels. A sample without a label map gets labels of the original size, all 255.
Preparation PrepareWholeScenes(const SceneInput& input);

// For inference at several scales: leaves image and labels at their original size, pixel values on [0, 1], to be resized later.
Preparation PrepareLevelsOfScenes();

}  // namespace deepmad::data
