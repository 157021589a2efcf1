// Augmentation of images with per-pixel labels: resize, crop, flip, photometric distortion (docs/protocols/segmentation.md, section 2). All
// random draws form one value, which is applied to the image and to its labels, so the two cannot get out of step.
#pragma once

#include "base/random.h"
#include "data/image/image.h"
#include "data/transforms/photometric.h"
#include "data/transforms/scene_resize.h"

namespace deepmad::data {

struct SceneDraw {
  Size resized;
  Region crop;  // in the resized picture; smaller than asked for where the picture is
  bool flip = false;
  PhotometricDraw photometric;
};

struct SceneAugmentation {
  int side = 512;  // of the crop, pixels
  SceneScale scale;
  double min_ratio = 0.5, max_ratio = 2;  // of the scale's edges
  double cat_max_ratio = 0.75;            // a crop where one class has this share of the labelled pixels, or all, is drawn again
  double flip = 0.5;                      // probability
  PhotometricDistortion photometric;

  // `labels`: the whole map, 255 for no class. Ten crops are tried, then an eleventh is taken as it comes.
  SceneDraw Draw(const ImageView& labels, base::Random& random) const;
};

// Both give an image of the crop's size; the picture must be RGB and of the map's size.
Image ApplyToPicture(const SceneDraw& draw, const ImageView& picture);
Image ApplyToLabels(const SceneDraw& draw, const ImageView& labels);

}  // namespace deepmad::data
