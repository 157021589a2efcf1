// Prepares images with per-pixel labels for training, validation and prediction (docs/protocols/segmentation.md, sections 2 and 6).
#pragma once

#include "data/preparation.h"
#include "data/scene_input.h"
#include "data/transforms/scene_augmentation.h"

namespace deepmad::data {

// For training: augmented, cropped to at most side x side, and padded to it on the right and below: the picture with 0 after normalising,
// the labels with 255.
Preparation PrepareTrainingScenes(const SceneAugmentation& augmentation, const Normaliser& normaliser);

// For validation and prediction: the picture resized as a whole, the labels as they are. So samples differ in shape, and a picture differs
// from its labels; where a sample has no label map the shape of labels is that of the original picture all the same, and all are 255.
Preparation PrepareWholeScenes(const SceneInput& input);

// The same with the picture at its own size and its levels on [0, 1]: to be resized by several scales later.
Preparation PrepareLevelsOfScenes();

}  // namespace deepmad::data
