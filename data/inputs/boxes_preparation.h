// Prepares images with bounding boxes for a detector: resize, mirror, normalise, pad (docs/protocols/detection.md, section 1).
#pragma once

#include <string>
#include <vector>

#include "data/inputs/sample_preparation.h"
#include "data/transforms/normalise.h"
#include "data/transforms/scene_resize.h"

namespace deepmad::data {

struct TrainingBoxes {
  int long_edge = 1333;                  // upper limit of the longer side, pixels
  std::vector<int> short_edges = {800};  // shorter side in pixels; one is drawn per image
  bool between = false;                  // true: draw from all integers between the first and the last entry
  double flip = 0.5;                     // probability
};

// For training: resizes the image (bilinear, without antialiasing) and mirrors it with probability `flip`. Boxes are scaled by the factor
// of each axis and clipped. Normalised values fill the top left corner of the sample's memory; the rest is 0.
Preparation PrepareTrainingBoxes(const TrainingBoxes& training, const Normaliser& normaliser);

// For validation and prediction: resizes to `scale` without any random draw. Accepts samples without boxes.
Preparation PrepareWholeBoxes(const SceneScale& scale, const Normaliser& normaliser);

// Maps a box of an image of size `original` into the image resized to `resized` and optionally mirrored, clipped to it. The result is empty
// if no part of the box is inside.
LabelledBox BoxInInput(const LabelledBox& box, Size original, Size resized, bool mirrored);

}  // namespace deepmad::data
