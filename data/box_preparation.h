// Prepares images with bounding boxes for a detector: resize, mirror, normalise, pad (docs/protocols/detection.md, section 1).
#pragma once

#include <string>
#include <vector>

#include "data/preparation.h"
#include "data/transforms/normalise.h"
#include "data/transforms/scene_resize.h"

namespace deepmad::data {

struct TrainingBoxes {
  int long_edge = 1333;                  // the most it may measure, pixels
  std::vector<int> short_edges = {800};  // one of them is drawn for each picture
  bool between = false;                  // drawn from the integers from the first to the last in place of the list alone
  double flip = 0.5;                     // probability
};

// Pictures are resized as a whole, bilinear without antialiasing, and mirrored or not; boxes with them, each axis by its own factor, then
// clipped. Normalised values go into the top left corner of the room they have, 0 elsewhere.
Preparation PrepareTrainingBoxes(const TrainingBoxes& training, const Normaliser& normaliser);

// For validation and prediction: nothing is drawn. A sample without boxes gives none.
Preparation PrepareWholeBoxes(const SceneScale& scale, const Normaliser& normaliser);

// A box of a picture in that picture resized, and mirrored if asked for; empty where no part is inside.
LabelledBox BoxInInput(const LabelledBox& box, Size original, Size resized, bool mirrored);

}  // namespace deepmad::data
