#include "data/inputs/clips_config.h"

#include <gtest/gtest.h>

#include "tests/data/miniatures.h"

namespace deepmad::data {
namespace {

base::Config Section(const std::string& keys) { return base::Config::FromText("input: clips\nimage_size: 224\n" + keys); }

std::string Refusal(const std::string& keys) {
  return ErrorOf(base::ErrorKind::kUsage, [&] { ReadInputOptions(Section(keys)); });
}

TEST(ClipConfig, SaysClipsAndCropsWithEachProtocol) {
  const auto protocol = [](const std::string& keys) { return ReadInputOptions(Section(keys)).protocol; };
  EXPECT_EQ(protocol("clip: {segments: 8}"), "val: 8 x 1 views (frames x crops) of single frames, 224 px, short side 256, mean of logits");
  EXPECT_EQ(protocol("validate: {protocol: tsn-25x10}"),
            "tsn-25x10: 25 x 10 views (frames x crops) of single frames, 224 px, short side 256, mean of logits");
  EXPECT_EQ(protocol("validate: {protocol: tsn-25x3}"),
            "tsn-25x3: 25 x 3 views (frames x crops) of single frames, 256 px, short side 256, mean of logits");
  EXPECT_EQ(protocol("clip: {sampling: dense}\nvalidate: {protocol: 3d-10x3}"),
            "3d-10x3: 10 x 3 views (clips x crops) of clips of 8 x 8 frames, 256 px, short side 256, mean of probabilities");
  EXPECT_EQ(protocol("clip: {sampling: dense, frames: 13, step: 6}"),
            "val: 1 x 1 views (clips x crops) of clips of 13 x 6 frames, 224 px, short side 256, mean of probabilities");
}

TEST(ClipConfig, PutsSeveralVideosIntoABatchWhereViewsAreThoseOfTraining) {
  EXPECT_TRUE(ReadInputOptions(Section("")).one_shape);
  EXPECT_FALSE(ReadInputOptions(Section("validate: {protocol: tsn-25x3}")).one_shape);
  EXPECT_EQ(ReadInputOptions(Section("clip: {sampling: dense, frames: 16}")).frames, 16);
  EXPECT_EQ(ReadInputOptions(Section("")).frames, 0);
}

TEST(ClipConfig, RefusesWhatDoesNotFit) {
  ExpectContains(Refusal("validate: {protocol: 3d-10x3}"), "protocol 3d-10x3 is none of sparse sampling");
  ExpectContains(Refusal("clip: {sampling: dense}\nvalidate: {protocol: tsn-25x10}"), "protocol tsn-25x10 is none of dense sampling");
  ExpectContains(Refusal("validate: {short_side: 200}"), "a crop of 224 px of frames whose short side is 200");
  ExpectContains(Refusal("clip: {sampling: dense}\ntrain: {short_side: 200}"), "data.train.short_side");
  ExpectContains(Refusal("train: {short_side: [300, 256]}"), "must be a side or a range");
  ExpectContains(Refusal("channels: 1"), "channels");
  ExpectContains(Refusal("clip: {segments: 0}"), "segments");
}

TEST(ClipConfig, AndDataMustBeVideosBoth) {
  const TemporaryFolder folder;
  const auto open = [](const std::string& keys) {
    return ErrorOf(base::ErrorKind::kUsage, [&] { OpenDatasets(base::Config::FromText(keys)); });
  };
  ExpectContains(open("name: kinetics\nimage_size: 64\n" + MakeKineticsMiniature(folder)), "kinetics has a label for each video");
  const TemporaryFolder pictures;
  ExpectContains(open("name: image_folder\ninput: clips\nimage_size: 64\n" + MakeImageFolderMiniature(pictures)),
                 "set data.input to pictures");
}

}  // namespace
}  // namespace deepmad::data
