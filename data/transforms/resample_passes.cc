#include "data/transforms/resample_passes.h"

#include "data/transforms/resample_avx2.h"
#include "data/transforms/resample_avx512.h"
#include "data/transforms/resample_portable.h"

namespace deepmad::data {

Image ResampleColumns(const ImageView& rows, const ResampleTaps& taps) {
  static const bool avx512 = HasAvx512(), avx2 = HasAvx2();
  if (rows.channels == 3 && avx512) return ResampleColumnsAvx512(rows, taps);
  if (rows.channels == 3 && avx2) return ResampleColumnsAvx2(rows, taps);
  return ResampleColumnsPortable(rows, taps);
}

Image ResampleRows(const ImageView& image, int first_row, const ResampleTaps& taps) {
  static const bool avx512 = HasAvx512();
  return avx512 ? ResampleRowsAvx512(image, first_row, taps) : ResampleRowsPortable(image, first_row, taps);
}

}  // namespace deepmad::data
