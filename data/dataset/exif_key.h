// The key `exif_orientation` of the `data` section, for pictures with one label each: `ignored` (the default, as torchvision and timm do)
// or `applied`. Where places are labelled, pictures are always turned upright.
#pragma once

#include "base/config/config.h"
#include "data/image/lazy_image.h"

namespace deepmad::data {

// Whether pictures are to be turned. Leaves no default in the section: a resolved configuration without the key stays what it was.
inline bool ReadsUpright(const base::Config& section) {
  constexpr const char* kKey = "exif_orientation";
  return section.Has(kKey) && section.GetChoice(kKey, "ignored", {"ignored", "applied"}) == "applied";
}

inline Picture TurnedIf(bool upright, const Picture& picture) { return upright ? picture.TurnedUpright() : picture; }

}  // namespace deepmad::data
