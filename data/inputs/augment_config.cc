#include "data/inputs/augment_config.h"

#include <string>
#include <utility>

#include "base/error.h"
#include "data/transforms/auto_augment.h"
#include "data/transforms/color_jitter.h"
#include "data/transforms/rand_augment.h"

namespace deepmad::data {
namespace {

template <typename Policy>
Pipeline::Step ApplyDrawn(const Policy& policy) {
  return [policy](Image& image, base::Random& random) {
    for (const AugmentOp& op : policy.Draw(random)) op.Apply(image);
  };
}

void NeedColour(const base::Config& section, const std::string& key, int channels) {
  if (channels == 3) return;
  throw base::UsageError(section.Path(key) + " needs pictures of three channels", section.Where(key),
                         "leave it out, or set data.channels to 3");
}

}  // namespace

// Every key is read whatever the name, so that an override of `name` alone is fine.
std::optional<Pipeline::Step> ReadAugmentation(const base::Config& train, int channels) {
  const base::Config section = train.Section("augment");
  const std::string name = section.GetChoice("name", "none", {"none", "color_jitter", "autoaugment", "randaugment"});
  const ColorJitter jitter{section.GetDouble("strength", 0.4, 0, 1)};
  const bool zen480 = section.GetChoice("variant", "original", {"original", "zen480"}) == "zen480";
  const RandAugment rand{static_cast<int>(section.GetInt("ops", 2, 1, 100)), section.GetDouble("magnitude", 7, 0, 10),
                         section.GetDouble("magnitude_std", 0.5, 0, 10), section.GetDouble("probability", 0.5, 0, 1)};
  if (name == "none") return std::nullopt;
  NeedColour(section, "name", channels);
  if (name == "color_jitter") return ApplyDrawn(jitter);
  if (name == "randaugment") return ApplyDrawn(rand);
  return ApplyDrawn(AutoAugment{zen480 ? AutoAugment::Variant::kZen480 : AutoAugment::Variant::kOriginal});
}

Pipeline::Finish ReadFinish(const base::Config& train, int channels) {
  Pipeline::Finish finish;
  if (const double sigma = train.GetDouble("lighting", 0, 0, 10); sigma > 0) {
    NeedColour(train, "lighting", channels);
    finish.lighting = Lighting{sigma};
  }
  const base::Config section = train.Section("erasing");
  RandomErasing erasing;
  erasing.probability = section.GetDouble("probability", 0, 0, 1);
  const std::vector<double> area = section.GetDoubles("area", {erasing.min_area, erasing.max_area}, 1e-6, 1);
  if (area.size() != 2 || area[0] > area[1]) {
    throw base::UsageError(section.Path("area") + " must be a range [low, high]", section.Where("area"));
  }
  erasing.min_area = area[0];
  erasing.max_area = area[1];
  const bool linear = section.GetChoice("aspect", "log", {"log", "linear"}) == "linear";
  erasing.aspect = linear ? RandomErasing::Aspect::kLinear : RandomErasing::Aspect::kLog;
  const std::string fill = section.GetChoice("fill", "zero", {"zero", "color", "pixels"});
  erasing.fill = fill == "zero"    ? RandomErasing::Fill::kZero
                 : fill == "color" ? RandomErasing::Fill::kColour
                                   : RandomErasing::Fill::kPixels;
  if (erasing.probability > 0) finish.erasing = erasing;
  return finish;
}

}  // namespace deepmad::data
