// The two passes of the antialiased resize. Each gives the same bits on every machine; vector instructions only make it faster.
#pragma once

#include "data/image/image.h"
#include "data/transforms/resample_taps.h"

namespace deepmad::data {

// Each row of `rows` resampled to the columns of `taps`, whose positions count from the first column of `rows`.
Image ResampleColumns(const ImageView& rows, const ResampleTaps& taps);

// Resampled to the rows of `taps`, whose positions count from `first_row` rows above the first row of `image`.
Image ResampleRows(const ImageView& image, int first_row, const ResampleTaps& taps);

}  // namespace deepmad::data
