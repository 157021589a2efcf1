// The two passes of the antialiased resize for any processor and any number of channels up to four.
#pragma once

#include "data/image/image.h"
#include "data/transforms/resample_taps.h"

namespace deepmad::data {

// See ResampleColumns and ResampleRows.
Image ResampleColumnsPortable(const ImageView& rows, const ResampleTaps& taps);
Image ResampleRowsPortable(const ImageView& image, int first_row, const ResampleTaps& taps);

}  // namespace deepmad::data
