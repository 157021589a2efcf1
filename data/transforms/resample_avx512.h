// The two passes of the antialiased resize by AVX-512 with its byte products (VNNI): four taps of sixteen values an instruction.
#pragma once

#include "data/image/image.h"
#include "data/transforms/resample_taps.h"

namespace deepmad::data {

// This machine has the instructions.
bool HasAvx512();
// See ResampleColumns and ResampleRows, whose results they equal bit by bit; columns of three channels only.
Image ResampleColumnsAvx512(const ImageView& rows, const ResampleTaps& taps);
Image ResampleRowsAvx512(const ImageView& image, int first_row, const ResampleTaps& taps);

}  // namespace deepmad::data
