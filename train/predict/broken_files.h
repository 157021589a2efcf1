// Files that cannot be predicted because they cannot be read.
#pragma once

#include "data/dataset/unlabelled_images.h"

namespace deepmad::train {

// To be called when all files were read. Prints a warning for each broken one; throws FailedError of the first if none is whole.
void ReportBroken(const data::PictureFiles& pictures);

}  // namespace deepmad::train
