#include "data/inputs/clips_config.h"

#include <fmt/format.h>

#include "base/error.h"

namespace deepmad::data {
namespace {

constexpr int64_t kLongestSide = 4096;

int ReadSide(const base::Config& section) { return static_cast<int>(section.GetInt("image_size", 1, kLongestSide)); }

ClipSampling ReadSampling(const base::Config& section) {
  const base::Config clip = section.Section("clip");
  ClipSampling sampling;
  const bool dense = clip.GetChoice("sampling", "sparse", {"sparse", "dense"}) == "dense";
  sampling.segments = static_cast<int>(clip.GetInt("segments", 3, 1, 1000));
  DenseSampling of_clip;
  of_clip.frames = static_cast<int>(clip.GetInt("frames", 8, 1, 1000));
  of_clip.step = static_cast<int>(clip.GetInt("step", 8, 1, 1000));
  of_clip.target_fps = clip.GetOptionalDouble("target_fps", 0.1, 1000).value_or(0);
  if (dense) sampling.dense = of_clip;
  return sampling;
}

TrainingClips ReadTrainingClips(const base::Config& section) {
  const base::Config train = section.Section("train");
  TrainingClips clips;
  clips.sampling = ReadSampling(section);
  clips.side = ReadSide(section);
  const std::string crop =
      train.GetChoice("crop", clips.sampling.dense ? "square" : "multi_scale", {"multi_scale", "square", "random_resized"});
  clips.crop = crop == "multi_scale" ? TrainingClips::CropKind::kMultiScale
               : crop == "square"    ? TrainingClips::CropKind::kSquare
                                     : TrainingClips::CropKind::kRandomResized;
  const std::vector<double> fallback = clips.sampling.dense ? std::vector<double>{256, 320} : std::vector<double>{256, 256};
  const std::vector<int64_t> sides =
      train.GetInts("short_side", {static_cast<int64_t>(fallback[0]), static_cast<int64_t>(fallback[1])}, 1, kLongestSide);
  if (sides.empty() || sides.size() > 2 || sides.front() > sides.back()) {
    throw base::UsageError(train.Path("short_side") + " must be a side or a range [low, high]", train.Where("short_side"));
  }
  clips.min_short_side = static_cast<int>(sides.front());
  clips.max_short_side = static_cast<int>(sides.back());
  if (clips.crop == TrainingClips::CropKind::kSquare && clips.min_short_side < clips.side) {
    throw base::UsageError(fmt::format("a crop of {} px of frames whose short side is {}", clips.side, clips.min_short_side),
                           train.Where("short_side"), "set data.train.short_side to at least data.image_size");
  }
  clips.flip = train.GetDouble("flip", clips.flip, 0, 1);
  return clips;
}

// "8 x 8 frames, 10 x 3 views (clips x crops) of 256 px, short side 256, mean of probabilities"
std::string ProtocolText(const std::string& name, const TestClips& clips) {
  const bool dense = clips.sampling.dense.has_value();
  const std::string what =
      dense ? fmt::format("clips of {} x {} frames", clips.sampling.dense->frames, clips.sampling.dense->step) : "single frames";
  return fmt::format("{}: {} x {} views ({} x crops) of {}, {} px, short side {}, mean of {}", name,
                     dense ? clips.clips : clips.sampling.segments, clips.crops(), dense ? "clips" : "frames", what, clips.result_side(),
                     clips.short_side, dense ? "probabilities" : "logits");
}

std::string ProtocolName(const base::Config& section) {
  return section.Section("validate").GetChoice("protocol", "val", {"val", "tsn-25x10", "tsn-25x3", "3d-10x3"});
}

}  // namespace

TestClips ReadTestClips(const base::Config& section) {
  const base::Config validate = section.Section("validate");
  const std::string protocol = ProtocolName(section);
  TestClips clips;
  clips.sampling = ReadSampling(section);
  if (protocol != "val" && clips.sampling.dense.has_value() != (protocol == "3d-10x3")) {
    throw base::UsageError(fmt::format("protocol {} is none of {} sampling", protocol, clips.sampling.dense ? "dense" : "sparse"),
                           validate.Where("protocol"), "choose another data.clip.sampling or data.validate.protocol");
  }
  if (protocol == "tsn-25x10" || protocol == "tsn-25x3") clips.sampling.segments = 25;
  if (protocol == "3d-10x3") clips.clips = 10;
  clips.crop = protocol == "val"         ? TestClips::CropKind::kCentre
               : protocol == "tsn-25x10" ? TestClips::CropKind::kTen
                                         : TestClips::CropKind::kThree;
  clips.side = ReadSide(section);
  clips.short_side = static_cast<int>(validate.GetInt("short_side", 256, 1, kLongestSide));
  if (clips.crop != TestClips::CropKind::kThree && clips.short_side < clips.side) {
    throw base::UsageError(fmt::format("a crop of {} px of frames whose short side is {}", clips.side, clips.short_side),
                           validate.Where("short_side"), "set data.validate.short_side to at least data.image_size");
  }
  return clips;
}

InputOptions ReadClipOptions(const base::Config& section, const Normaliser& normaliser) {
  const TrainingClips train = ReadTrainingClips(section);
  const TestClips test = ReadTestClips(section);
  InputOptions options{PrepareTrainingClips(train, normaliser),
                       PrepareTestClips(test, normaliser),
                       {normaliser.channels(), train.side, train.side},
                       /*one_shape=*/test.views() == (train.sampling.dense ? 1 : train.sampling.segments),
                       LabelKind::kVideo,
                       ProtocolText(ProtocolName(section), test),
                       static_cast<int>(section.GetInt("workers", 2, 0, 1024)),
                       static_cast<int>(section.GetInt("queue_batches", 4, 1, 1024))};
  options.frames = train.sampling.frames();
  return options;
}

}  // namespace deepmad::data
