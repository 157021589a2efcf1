#include "data/inputs/open_datasets.h"

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <tuple>

#include "base/error.h"
#include "data/dataset/exif_key.h"
#include "data/dataset/holdout.h"
#include "data/inputs/augment_config.h"
#include "data/inputs/boxes_config.h"
#include "data/inputs/clips_config.h"
#include "data/inputs/decode_and_crop.h"
#include "data/inputs/image_pipeline.h"
#include "data/inputs/scenes_preparation.h"
#include "data/transforms/flip.h"

namespace deepmad::data {
namespace {

constexpr int64_t kMaxInputSide = 4096;

Interpolation ReadInterpolation(const base::Config& section) {
  return InterpolationFromName(section.GetChoice("interpolation", "bicubic", InterpolationNames()));
}

// ImageNet's statistics; grey takes the average over the colours.
Normaliser ReadNormaliser(const base::Config& section, int channels) {
  const bool grey = channels == 1;
  const std::vector<double> mean = section.GetDoubles("mean", grey ? std::vector{0.449} : std::vector{0.485, 0.456, 0.406}, -1, 2);
  const std::vector<double> std_deviation =
      section.GetDoubles("std", grey ? std::vector{0.226} : std::vector{0.229, 0.224, 0.225}, 1e-6, 1e6);
  for (const auto& [key, values] : {std::pair{"mean", mean}, std::pair{"std", std_deviation}}) {
    if (values.size() == static_cast<size_t>(channels)) continue;
    throw base::UsageError(
        section.Path(key) + " has " + std::to_string(values.size()) + " values for " + std::to_string(channels) + " channels",
        section.Where(key), "give one a channel");
  }
  return Normaliser(mean, std_deviation);
}

// Two numbers in order: a range.
std::pair<double, double> ReadRange(const base::Config& section, const char* key, std::vector<double> fallback, double min, double max) {
  const std::vector<double> range = section.GetDoubles(key, fallback, min, max);
  if (range.size() != 2 || range[0] > range[1]) {
    throw base::UsageError(section.Path(key) + " must be a range [low, high]", section.Where(key));
  }
  return {range[0], range[1]};
}

DecodeChoice ReadDecodeChoice(const base::Config& section) {
  return {section.GetChoice("dct", "accurate", {"accurate", "fast"}) == "fast", section.GetBool("reduced", false)};
}

// Every key is read whatever the crop, so that an override of `crop` alone is fine. Pictures of another size come to the input's size as in
// validation without a margin: shorter side resized, middle cropped.
Framing TrainFraming(const base::Config& section, const InputShape& shape) {
  const int side = shape.height;
  const std::string crop = section.GetChoice("crop", "random_resized", {"random_resized", "padded", "none"});
  const Interpolation interpolation = ReadInterpolation(section);
  const auto [min_scale, max_scale] = ReadRange(section, "scale", {0.08, 1}, 1e-4, 1);
  const auto [min_ratio, max_ratio] = ReadRange(section, "ratio", {3.0 / 4, 4.0 / 3}, 0.01, 100);
  const RandomResizedCrop random_resized{side, min_scale, max_scale, min_ratio, max_ratio, interpolation};
  const PaddedRandomCrop padded{side, static_cast<int>(section.GetInt("padding", 4, 0, kMaxInputSide))};
  const DecodeChoice decode = ReadDecodeChoice(section.Section("decode"));
  const ValidationResize fit{side, 1, interpolation};
  if (crop == "random_resized") return FrameRandomResized(random_resized, shape.channels, decode);
  if (crop == "padded") return FramePadded(fit, padded, shape.channels);
  return FrameCentred(fit, shape.channels);
}

Pipeline TrainPipeline(const base::Config& section, const InputShape& shape, const Normaliser& normaliser) {
  std::vector<Pipeline::Step> steps;
  const double flip = section.GetDouble("flip", 0.5, 0, 1);
  if (flip > 0) {
    steps.push_back([flip](Image& image, base::Random& random) {
      if (random.Bernoulli(flip)) FlipHorizontally(image);
    });
  }
  if (auto augmentation = ReadAugmentation(section, shape.channels)) steps.push_back(std::move(*augmentation));
  return Pipeline(shape, normaliser, TrainFraming(section, shape), std::move(steps), ReadFinish(section, shape.channels));
}

std::string ShortNumber(double value) {
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  return text.back() == '.' ? text + "0" : text;
}

// The edges of the largest picture, the longer one first.
SceneScale ReadScale(const base::Config& section) {
  const std::vector<int64_t> edges = section.GetInts("scale", {2048, 512}, 1, 2 * kMaxInputSide);
  if (edges.size() != 2 || edges[0] < edges[1]) {
    throw base::UsageError(section.Path("scale") + " must be two edges [long, short]", section.Where("scale"));
  }
  return {static_cast<int>(edges[0]), static_cast<int>(edges[1])};
}

InputOptions ReadSceneOptions(const base::Config& section) {
  SceneAugmentation augmentation;
  augmentation.side = static_cast<int>(section.GetInt("image_size", 1, kMaxInputSide));
  const InputShape shape{static_cast<int>(section.GetInt("channels", 3, 3, 3)), augmentation.side, augmentation.side};
  const Normaliser normaliser = ReadNormaliser(section, shape.channels);
  const base::Config train = section.Section("train");
  augmentation.scale = ReadScale(train);
  std::tie(augmentation.min_ratio, augmentation.max_ratio) = ReadRange(train, "ratio", {0.5, 2}, 0.01, 100);
  augmentation.cat_max_ratio = train.GetDouble("cat_max_ratio", augmentation.cat_max_ratio, 0.01, 1);
  augmentation.flip = train.GetDouble("flip", augmentation.flip, 0, 1);
  if (!train.GetBool("photometric", true)) augmentation.photometric.probability = 0;
  const SceneInput whole{ReadScale(section.Section("validate")), normaliser};
  return {PrepareTrainingScenes(augmentation, normaliser),
          PrepareWholeScenes(whole),
          shape,
          /*one_shape=*/false,
          LabelKind::kPixels,
          "within " + std::to_string(whole.scale.long_edge) + " x " + std::to_string(whole.scale.short_edge) + " px, bilinear",
          static_cast<int>(section.GetInt("workers", 2, 0, 1024)),
          static_cast<int>(section.GetInt("queue_batches", 4, 1, 1024)),
          std::make_shared<const SceneInput>(whole)};
}

const char* InputFor(LabelKind labels) {
  switch (labels) {
    case LabelKind::kPixels:
      return "scenes";
    case LabelKind::kVideo:
      return "clips";
    case LabelKind::kBoxes:
      return "boxes";
    default:
      return "pictures";
  }
}

// Where classes have ids, both parts must list the same, or a class index would not mean the same in both.
void CheckSameIds(const Dataset& train, const Dataset& validation, const base::Config& section) {
  const std::vector<int64_t> ids[] = {train.class_ids(), validation.class_ids()};
  std::vector<int64_t> difference;
  std::ranges::set_symmetric_difference(ids[0], ids[1], std::back_inserter(difference));
  if (!difference.empty()) {
    throw base::UsageError("training and validation list different classes: id " + std::to_string(difference.front()) +
                               " is only in one of them (" + std::to_string(difference.size()) + " such in all)",
                           section.Where(), "give both files the same categories");
  }
  for (size_t i = 0; i < ids[0].size(); ++i) {
    const std::string &one = train.class_names()[i], &other = validation.class_names()[i];
    if (one == other) continue;
    throw base::UsageError("class " + std::to_string(ids[0][i]) + " is '" + one + "' in training and '" + other + "' in validation",
                           section.Where(), "give both files the same categories");
  }
}

}  // namespace

InputOptions ReadInputOptions(const base::Config& section) {
  const std::string input = section.GetChoice("input", "pictures", {"pictures", "scenes", "clips", "boxes"});
  if (input == "scenes") return ReadSceneOptions(section);
  if (input == "clips" || input == "boxes") {
    const Normaliser normaliser = ReadNormaliser(section, static_cast<int>(section.GetInt("channels", 3, 3, 3)));
    return input == "clips" ? ReadClipOptions(section, normaliser) : ReadBoxOptions(section, normaliser);
  }
  InputShape shape;
  shape.channels = static_cast<int>(section.GetInt("channels", 3, 1, 3));
  if (shape.channels == 2) throw base::UsageError(section.Path("channels") + " must be 1 or 3", section.Where("channels"));
  const int side = static_cast<int>(section.GetInt("image_size", 1, kMaxInputSide));
  shape.height = shape.width = side;
  const Normaliser normaliser = ReadNormaliser(section, shape.channels);

  const base::Config validate = section.Section("validate");
  const ValidationResize resize{side, validate.GetDouble("crop_pct", 0.875, 0.25, 2), ReadInterpolation(validate)};
  const std::string protocol =
      std::to_string(side) + " px, crop_pct " + ShortNumber(resize.crop_pct) + ", " + InterpolationName(resize.interpolation);
  InputOptions options{TrainPipeline(section.Section("train"), shape, normaliser),
                       Pipeline(shape, normaliser, FrameCentred(resize, shape.channels), {}, {}),
                       shape,
                       /*one_shape=*/true,
                       LabelKind::kWhole,
                       protocol,
                       static_cast<int>(section.GetInt("workers", 2, 0, 1024)),
                       static_cast<int>(section.GetInt("queue_batches", 4, 1, 1024)),
                       /*scenes=*/nullptr,
                       static_cast<int>(section.Section("train").GetInt("repeats", 1, 1, 100))};
  options.upright = ReadsUpright(section);
  return options;
}

Datasets OpenDatasets(const base::Config& section, bool with_train) {
  Datasets data{ReadInputOptions(section), nullptr, nullptr};
  const auto& entry = DatasetRegistry::Get().Find(section.GetString("name"), section.Where("name"));
  if (with_train) data.train = entry.factory(section, Split::kTrain);
  if (section.IsNull("holdout")) {
    data.validation = entry.factory(section, Split::kValidation);
  } else {
    const base::Config holdout = section.Section("holdout");
    const int64_t per_class = holdout.GetInt("per_class", 1, 1'000'000);
    const bool known = holdout.GetChoice("score", "held_out", {"held_out", "kept"}) == "kept";
    if (data.train) data.train = HoldOut(std::move(data.train), per_class, HoldoutPart::kKept);
    data.validation = HoldOut(entry.factory(section, Split::kTrain), per_class, known ? HoldoutPart::kLastKept : HoldoutPart::kHeldOut);
    data.protocol += std::string(", ") + (known ? "training samples" : "samples held out from training");
  }
  if (const LabelKind labels = data.validation->labels(); labels != data.labels) {
    throw base::UsageError(section.GetString("name") + " has a label for each " + LabelledThing(labels), section.Where("name"),
                           std::string("set data.input to ") + InputFor(labels));
  }
  if (data.train) CheckSameIds(*data.train, *data.validation, section);
  return data;
}

}  // namespace deepmad::data
