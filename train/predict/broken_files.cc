#include "train/predict/broken_files.h"

#include "base/error.h"
#include "base/log.h"

namespace deepmad::train {

void ReportBroken(const data::PictureFiles& pictures) {
  const std::map<int64_t, std::string> broken = pictures.broken();
  if (!broken.empty() && static_cast<int64_t>(broken.size()) == pictures.size()) throw base::FailedError(broken.begin()->second);
  for (const auto& [index, reason] : broken) base::LogWarning("not predicted: " + reason);
}

}  // namespace deepmad::train
