// The pass along the rows of RGB pictures by AVX2: four source pixels an instruction.
#pragma once

#include "data/image/image.h"
#include "data/transforms/resample_taps.h"

namespace deepmad::data {

// This machine has the instructions.
bool HasAvx2();
// See ResampleColumns, whose results it equals bit by bit; three channels only.
Image ResampleColumnsAvx2(const ImageView& rows, const ResampleTaps& taps);

}  // namespace deepmad::data
