// Trainings that end because a number is not finite, as against a disk that is full or a file that is broken.
#pragma once

#include "base/error.h"

namespace deepmad::train {

inline constexpr const char* kDivergedHint =
    "train with a lower learning rate, a longer warm-up or clip_norm; the last checkpoint is untouched";
inline constexpr const char* kDivergedBatchHint =
    "look at the files, or train with a lower learning rate, a longer warm-up or clip_norm; the last checkpoint is untouched";

// Whether training ended because a loss, gradient, weight or score was not finite: such errors have one of the hints above.
inline bool IsDivergence(const base::Error& error) {
  return error.kind() == base::ErrorKind::kFailed && (error.hint() == kDivergedHint || error.hint() == kDivergedBatchHint);
}

}  // namespace deepmad::train
