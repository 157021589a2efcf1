// The pass along rows of RGB pictures by AVX2: four source pixels an instruction.
#pragma once

#include "data/image.h"
#include "data/transforms/resample_taps.h"

namespace deepmad::data {

// This machine has the instructions, and pictures of so many channels are served.
bool CanResampleRgb(int channels);
// See ResampleColumns, whose results it equals bit by bit.
Image ResampleRgbColumns(const ImageView& rows, const ResampleTaps& taps);

}  // namespace deepmad::data
