#include "data/inputs/open_datasets.h"

#include <gtest/gtest.h>

#include <set>

#include "data/transforms/resize.h"
#include "tests/data/miniatures.h"

namespace deepmad::data {
namespace {

InputOptions Read(const std::string& text) {
  const base::Config section = base::Config::FromText(text, "run.yaml");
  InputOptions input = ReadInputOptions(section);
  section.CheckAllRead();
  return input;
}

std::string UsageErrorOf(const std::string& text) {
  return ErrorOf(base::ErrorKind::kUsage, [&] { Read(text); });
}

std::vector<float> Output(const Preparation& prepare, const Image& image, uint64_t index = 0) {
  const Sample sample{image, 3, "x", nullptr};
  const PreparedSample prepared = prepare(sample, base::Random(0, base::RandomPurpose::kAugment, 0, index));
  std::vector<float> out(prepared.shape.image.values());
  int64_t label = 0;
  prepared.write(MemoryLayout::kChannelsLast, {out.data(), &label, nullptr});
  EXPECT_EQ(label, 3);
  return out;
}

// mean 0 and std 1/255: the 8-bit values themselves.
constexpr const char* kPlain = ", mean: [0, 0, 0], std: [0.00392156862745098, 0.00392156862745098, 0.00392156862745098]";

std::vector<float> Values(const Image& image) { return std::vector<float>(image.pixels.begin(), image.pixels.end()); }

void ExpectNear(const std::vector<float>& a, const std::vector<float>& b) {
  ASSERT_EQ(a.size(), b.size());
  for (size_t i = 0; i < a.size(); ++i) ASSERT_NEAR(a[i], b[i], 1e-3);
}

TEST(InputOptions, DefaultsAreThePublishedProtocol) {
  const InputOptions input = Read("{image_size: 24}");
  EXPECT_EQ(input.protocol, "24 px, crop_pct 0.875, bicubic");
  EXPECT_EQ(std::tuple(input.shape.channels, input.shape.height, input.shape.width), std::tuple(3, 24, 24));
  Image white(30, 30, 3);
  std::fill(white.pixels.begin(), white.pixels.end(), uint8_t{255});
  const std::vector<float> out = Output(input.validation_pipeline, white);
  EXPECT_NEAR(out[0], (1 - 0.485) / 0.229, 1e-5);
  EXPECT_NEAR(out[1], (1 - 0.456) / 0.224, 1e-5);
  EXPECT_NEAR(out[2], (1 - 0.406) / 0.225, 1e-5);
}

TEST(InputOptions, StatesTheProtocolItWasGiven) {
  EXPECT_EQ(Read("{image_size: 28, validate: {crop_pct: 1.0, interpolation: bilinear}}").protocol, "28 px, crop_pct 1.0, bilinear");
}

TEST(InputOptions, ValidationResizesAndCropsTheMiddle) {
  const Image image = NoisePicture(50, 64, 3);
  const InputOptions input = Read(std::string("{image_size: 20, validate: {crop_pct: 0.8, interpolation: bilinear}") + kPlain + "}");
  ExpectNear(Output(input.validation_pipeline, image), Values(ValidationResize{20, 0.8, Interpolation::kBilinear}(image)));
}

TEST(InputOptions, TrainingCropsAtRandomAndMirrors) {
  const Image image = NoisePicture(50, 64, 3);
  for (const char* crop : {"random_resized", "padded"}) {
    const Preparation pipeline = Read(std::string("{image_size: 20, train: {crop: ") + crop + "}}").train_pipeline;
    EXPECT_EQ(Output(pipeline, image, 1), Output(pipeline, image, 1));
    EXPECT_NE(Output(pipeline, image, 1), Output(pipeline, image, 2));
  }
}

TEST(InputOptions, NoCropAndNoFlipIsDeterministic) {
  const Image image = NoisePicture(20, 26, 3);
  const InputOptions input = Read(std::string("{image_size: 20, train: {crop: none, flip: 0}") + kPlain + "}");
  ExpectNear(Output(input.train_pipeline, image), Values(ValidationResize{20, 1, Interpolation::kBicubic}(image)));
}

TEST(InputOptions, PaddedCropOfASmallPictureDoesNotResample) {
  const Image image = NoisePicture(20, 20, 3);
  const InputOptions input = Read(std::string("{image_size: 20, train: {crop: padded, padding: 0, flip: 0}") + kPlain + "}");
  ExpectNear(Output(input.train_pipeline, image), Values(image));
}

TEST(InputOptions, ConvertsToTheChannelsOfTheNetwork) {
  const InputOptions grey = Read("{image_size: 8, channels: 1, mean: 0, std: 1}");
  EXPECT_EQ(Output(grey.train_pipeline, NoisePicture(9, 9, 3)).size(), 64u);
  EXPECT_EQ(Output(grey.validation_pipeline, NoisePicture(9, 9, 3)).size(), 64u);
  const InputOptions colour = Read("{image_size: 8, mean: [0, 0, 0], std: [1, 1, 1]}");
  const std::vector<float> out = Output(colour.validation_pipeline, NoisePicture(9, 9, 1));
  EXPECT_EQ(out.size(), 192u);
  EXPECT_EQ(out[0], out[1]);
  EXPECT_EQ(out[0], out[2]);
}

TEST(InputOptions, NamesTheKeyThatIsWrong) {
  ExpectContains(UsageErrorOf("{}"), "image_size");
  ExpectContains(UsageErrorOf("{image_size: 0}"), "image_size");
  ExpectContains(UsageErrorOf("{image_size: 8, channels: 2}"), "channels must be 1 or 3");
  ExpectContains(UsageErrorOf("{image_size: 8, mean: [0.5]}"), "mean has 1 values for 3 channels");
  ExpectContains(UsageErrorOf("{image_size: 8, std: [1, 1, 0]}"), "std");
  ExpectContains(UsageErrorOf("{image_size: 8, train: {scale: [1, 0.5]}}"), "train.scale must be a range");
  ExpectContains(UsageErrorOf("{image_size: 8, train: {ratio: [1]}}"), "train.ratio must be a range");
  ExpectContains(UsageErrorOf("{image_size: 8, train: {crop: randm}}"), "randm");
  ExpectContains(UsageErrorOf("{image_size: 8, validate: {interpolation: nearest}}"), "nearest");
  ExpectContains(UsageErrorOf("{image_size: 8, train: {flipp: 1}}"), "flipp");
}

TEST(OpenDatasets, OpensBothSplitsOfTheNamedDataset) {
  const TemporaryFolder folder;
  const base::Config section = base::Config::FromText("name: image_folder\nimage_size: 16\n" + MakeImageFolderMiniature(folder));
  const Datasets data = OpenDatasets(section);
  section.CheckAllRead();
  EXPECT_EQ(data.train->size(), 12);
  EXPECT_EQ(data.validation->size(), 6);
  EXPECT_EQ(data.class_names().size(), 3u);
  EXPECT_EQ(data.shape.height, 16);
  EXPECT_EQ(OpenDatasets(section, false).train, nullptr);
}

TEST(OpenDatasets, NamesAnUnknownDatasetAndTheNearestKnownOne) {
  const base::Config section = base::Config::FromText("{name: fashion_mnst, image_size: 28}");
  const std::string message = ErrorOf(base::ErrorKind::kUsage, [&] { OpenDatasets(section); });
  ExpectContains(message, "unknown dataset 'fashion_mnst'");
  ExpectContains(message, "'fashion_mnist'");
}

TEST(InputOptions, EveryAugmentationChangesPicturesFromSampleToSample) {
  const Image image = NoisePicture(30, 30, 3);
  const std::string common = "{image_size: 20, train: {crop: none, flip: 0, ";
  for (const char* keys :
       {"augment: {name: color_jitter, strength: 0.9}", "augment: {name: autoaugment}", "augment: {name: autoaugment, variant: zen480}",
        "augment: {name: randaugment, ops: 4, probability: 1}", "lighting: 0.5", "erasing: {probability: 1}",
        "erasing: {probability: 1, aspect: linear, fill: color}", "erasing: {probability: 1, area: [0.1, 0.2], fill: pixels}"}) {
    const InputOptions input = Read(common + keys + "}}");
    std::set<std::vector<float>> seen;
    for (uint64_t i = 0; i < 40; ++i) seen.insert(Output(input.train_pipeline, image, i));
    EXPECT_GE(seen.size(), 8u) << keys;
    EXPECT_EQ(Output(input.train_pipeline, image, 3), Output(input.train_pipeline, image, 3)) << keys;
  }
}

TEST(InputOptions, ReadsRepeatedAugmentation) {
  EXPECT_EQ(Read("{image_size: 20}").repeats, 1);
  EXPECT_EQ(Read("{image_size: 20, train: {repeats: 3}}").repeats, 3);
}

TEST(InputOptions, RefusesPoliciesForGreyPicturesAndWrongValues) {
  ExpectContains(UsageErrorOf("{image_size: 20, channels: 1, train: {augment: {name: autoaugment}}}"),
                 "augment.name needs pictures of three channels");
  ExpectContains(UsageErrorOf("{image_size: 20, channels: 1, train: {lighting: 0.1}}"), "lighting needs pictures of three channels");
  ExpectContains(UsageErrorOf("{image_size: 20, train: {augment: {name: autoaugmnt}}}"), "autoaugment");
  ExpectContains(UsageErrorOf("{image_size: 20, train: {erasing: {area: [0.5, 0.1]}}}"), "erasing.area must be a range");
}

}  // namespace
}  // namespace deepmad::data
