#include "data/dataset/unlabelled_images.h"

#include "base/error.h"
#include "data/dataset/exif_key.h"

namespace deepmad::data {

Sample PictureFiles::Get(int64_t index) const {
  Sample sample;
  sample.source = source(index);
  try {
    sample.picture = TurnedIf(upright_, Picture::FromFile(sample.source)).Decode();
  } catch (const base::Error& error) {
    constexpr int kSide = 32;  // any will do
    sample.picture = Image(kSide, kSide, 3);
    const std::lock_guard lock(mutex_);
    broken_.emplace(index, error.what());
  }
  return sample;
}

bool PictureFiles::IsBroken(int64_t index) const {
  const std::lock_guard lock(mutex_);
  return broken_.contains(index);
}

std::map<int64_t, std::string> PictureFiles::broken() const {
  const std::lock_guard lock(mutex_);
  return broken_;
}

}  // namespace deepmad::data
