#include "data/inputs/scenes_preparation.h"

#include <gtest/gtest.h>

#include "data/batching/batch_prefetcher.h"
#include "data/image/label_map.h"
#include "data/inputs/open_datasets.h"
#include "tests/data/miniatures.h"

namespace deepmad::data {
namespace {

// The 8-bit values themselves, all above 0.
const Normaliser& Plain() {
  static const Normaliser normaliser({0, 0, 0}, std::vector<double>(3, 1.0 / 255));
  return normaliser;
}

Sample Scene(int height, int width) {
  Sample sample;
  Image picture(height, width, 3), map(height, width, 1);
  for (size_t i = 0; i < map.pixels.size(); ++i) {
    map.pixels[i] = static_cast<uint8_t>(i % 5);
    for (size_t c = 0; c < 3; ++c) picture.pixels[3 * i + c] = static_cast<uint8_t>(1 + 40 * (i % 5) + c);
  }
  sample.picture = Picture(picture);
  sample.label_map = std::make_shared<const Image>(map);
  return sample;
}

struct Written {
  SampleShape shape;
  std::vector<float> image;
  std::vector<uint8_t> labels;
};

Written Write(const Preparation& prepare, const Sample& sample, MemoryLayout layout, uint64_t index = 0) {
  const PreparedSample prepared = prepare(sample, base::Random(1, base::RandomPurpose::kAugment, 0, index));
  Written written{prepared.shape, std::vector<float>(prepared.shape.image.values(), -1), std::vector<uint8_t>(prepared.shape.labels(), 99)};
  prepared.write(layout, {written.image.data(), nullptr, written.labels.data()});
  return written;
}

// No resize, no flip, no distortion.
SceneAugmentation Still(int side, int short_edge) {
  SceneAugmentation augmentation;
  augmentation.side = side;
  augmentation.scale = {.long_edge = 1000, .short_edge = short_edge};
  augmentation.min_ratio = augmentation.max_ratio = 1;
  augmentation.flip = 0;
  augmentation.photometric.probability = 0;
  return augmentation;
}

TEST(ScenePreparation, PadsOnTheRightAndBelow) {
  const Sample scene = Scene(4, 6);
  const Image picture = scene.picture.Decode();
  const Preparation prepare = PrepareTrainingScenes(Still(7, 4), Plain());
  const Written planes = Write(prepare, scene, MemoryLayout::kContiguous), pixels = Write(prepare, scene, MemoryLayout::kChannelsLast);
  EXPECT_EQ(planes.shape.image, (InputShape{3, 7, 7}));
  for (int y = 0; y < 7; ++y) {
    for (int x = 0; x < 7; ++x) {
      const bool inside = y < 4 && x < 6;
      EXPECT_EQ(planes.labels[y * 7 + x], inside ? scene.label_map->row(y)[x] : kNoLabel);
      for (int c = 0; c < 3; ++c) {
        const float expected = inside ? picture.row(y)[3 * x + c] : 0;
        ASSERT_NEAR(planes.image[(c * 7 + y) * 7 + x], expected, 1e-4);
        ASSERT_NEAR(pixels.image[(y * 7 + x) * 3 + c], expected, 1e-4);
      }
    }
  }
}

TEST(ScenePreparation, CropsLargeScenesToTheSide) {
  const Written written = Write(PrepareTrainingScenes(Still(5, 20), Plain()), Scene(20, 30), MemoryLayout::kContiguous);
  EXPECT_EQ(written.labels.size(), 25);
  for (size_t i = 0; i < 25; ++i) EXPECT_NEAR(written.image[i], 1 + 40 * written.labels[i], 1e-4) << "picture and labels agree";
}

TEST(ScenePreparation, ResizesThePictureAloneForValidation) {
  const Sample scene = Scene(10, 20);
  const Written written = Write(PrepareWholeScenes({{.long_edge = 100, .short_edge = 15}, Plain()}), scene, MemoryLayout::kContiguous);
  EXPECT_EQ(written.shape.image, (InputShape{3, 15, 30}));
  EXPECT_EQ(written.labels, scene.label_map->pixels);
}

TEST(ScenePreparation, TakesAGreyPictureWithoutLabelsForPrediction) {
  Sample scene;
  scene.picture = Picture(SmoothPicture(8, 9, 1));
  const Written written = Write(PrepareWholeScenes({{.long_edge = 9, .short_edge = 8}, Plain()}), scene, MemoryLayout::kContiguous);
  EXPECT_EQ(written.shape.image.channels, 3);
  EXPECT_EQ(written.labels, std::vector<uint8_t>(72, kNoLabel));
}

TEST(ScenePreparation, GivesTheSameBatchesForAnyNumberOfWorkers) {
  const TemporaryFolder folder;
  const base::Config section =
      base::Config::FromText("name: ade20k\ninput: scenes\nimage_size: 16\ntrain: {scale: [64, 24]}\n" + MakeAde20kMiniature(folder));
  const Datasets data = OpenDatasets(section);
  section.CheckAllRead();
  std::vector<std::vector<float>> images;
  std::vector<std::vector<uint8_t>> maps;
  for (const int workers : {0, 3}) {
    StreamOptions options;
    options.sampler = {.batch_size = 2, .seed = 4, .shuffle = true, .drop_last = true};
    options.workers = workers;
    BatchStream stream(*data.train, data.train_pipeline, options, PlainBatchAllocator());
    stream.StartEpoch(1);
    std::vector<float> values;
    std::vector<uint8_t> labels;
    for (HostBatch batch; stream.Next(&batch);) {
      EXPECT_EQ(batch.labels, nullptr);
      values.insert(values.end(), batch.images, batch.images + batch.size * 3 * 16 * 16);
      labels.insert(labels.end(), batch.label_maps, batch.label_maps + batch.size * 16 * 16);
    }
    images.push_back(std::move(values));
    maps.push_back(std::move(labels));
  }
  EXPECT_EQ(images[0].size(), 2u * 2 * 3 * 16 * 16);
  EXPECT_EQ(images[0], images[1]);
  EXPECT_EQ(maps[0], maps[1]);
}

TEST(ScenePreparation, RefusesBatchesOfSeveralShapes) {
  const TemporaryFolder folder;
  const Datasets data = OpenDatasets(base::Config::FromText("name: ade20k\ninput: scenes\nimage_size: 16\n" + MakeAde20kMiniature(folder)));
  EXPECT_FALSE(data.one_shape);
  StreamOptions options;
  options.sampler.batch_size = 3;
  options.workers = 0;
  BatchStream stream(*data.validation, data.validation_pipeline, options, PlainBatchAllocator());
  stream.StartEpoch(0);
  HostBatch batch;
  EXPECT_THROW(stream.Next(&batch), std::logic_error);
}

TEST(ScenePreparation, NamesTheKeyThatIsWrong) {
  const auto failure = [](const std::string& text) {
    return ErrorOf(base::ErrorKind::kUsage,
                   [&] { ReadInputOptions(base::Config::FromText("{input: scenes, image_size: 8, " + text + "}")); });
  };
  ExpectContains(failure("validate: {scale: [512, 2048]}"), "scale must be two edges [long, short]");
  ExpectContains(failure("train: {ratio: [2, 1]}"), "ratio must be a range");
  ExpectContains(failure("channels: 1"), "channels");
}

}  // namespace
}  // namespace deepmad::data
