#include "data/inputs/boxes_preparation.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "data/batching/batch_prefetcher.h"
#include "data/inputs/open_datasets.h"
#include "tests/data/miniatures.h"
#include "tests/places.h"

namespace deepmad::data {
namespace {

// The 8-bit values themselves.
const Normaliser& Plain() {
  static const Normaliser normaliser({0, 0, 0}, std::vector<double>(3, 1.0 / 255));
  return normaliser;
}

Sample PictureOf(const Image& image, std::vector<LabelledBox> boxes) {
  Sample sample;
  sample.picture = Picture(image);
  sample.boxes = std::make_shared<const PictureBoxes>(PictureBoxes{42, {image.height, image.width}, std::move(boxes)});
  return sample;
}

base::Random Stream(uint64_t index) { return {1, base::RandomPurpose::kAugment, 0, index}; }

std::array<float, 4> Corners(const LabelledBox& box) { return {box.left, box.top, box.right, box.bottom}; }

TEST(BoxPreparation, ResizesAsTheGoldenExamples) {
  std::ifstream file(GoldenFolder() + "/assignment.json");
  const auto rows = nlohmann::json::parse(file).at("resize_w_h_long_short_newW_newH").get<std::vector<std::array<int, 6>>>();
  ASSERT_GE(rows.size(), 5u);
  for (const auto& [w, h, long_edge, short_edge, new_w, new_h] : rows) {
    const Preparation prepare = PrepareWholeBoxes({long_edge, short_edge}, Plain());
    const Sample sample = PictureOf(Image(h, w, 3), {{0, 0, static_cast<float>(w), static_cast<float>(h), 7}});
    const PreparedSample prepared = prepare(sample, Stream(0));
    EXPECT_EQ(std::tuple(prepared.boxes.width, prepared.boxes.height), std::tuple(new_w, new_h)) << w << "x" << h;
    EXPECT_EQ(prepared.shape.image, (InputShape{3, new_h, new_w}));
    EXPECT_EQ(prepared.boxes.scale_x, static_cast<double>(new_w) / w);
    EXPECT_EQ(prepared.boxes.scale_y, static_cast<double>(new_h) / h);
    EXPECT_EQ(Corners(prepared.boxes.boxes.at(0)), (std::array<float, 4>{0, 0, 1.0F * new_w, 1.0F * new_h}));
    EXPECT_EQ(prepared.boxes.boxes[0].label, 7);
    EXPECT_EQ(prepared.boxes.image_id, 42);
  }
}

TEST(BoxPreparation, EachAxisOfABoxHasItsOwnFactorAndIsClipped) {
  const Size original{333, 500}, resized{480, 721};
  const LabelledBox box = BoxInInput({100, 50, 510, 200, 3}, original, resized, false);
  EXPECT_FLOAT_EQ(box.left, 100 * 721.0F / 500);
  EXPECT_FLOAT_EQ(box.top, 50 * 480.0F / 333);
  EXPECT_EQ(box.right, 721) << "ends on the edge";
  EXPECT_FLOAT_EQ(box.bottom, 200 * 480.0F / 333);
  const LabelledBox mirrored = BoxInInput({100, 50, 510, 200, 3}, original, resized, true);
  EXPECT_EQ(Corners(mirrored), (std::array<float, 4>{0, box.top, 721 - box.left, box.bottom}));
  const PreparedSample prepared =
      PrepareWholeBoxes({600, 480}, Plain())(PictureOf(Image(333, 500, 3), {{-20, 5, -1, 9}, {5, 5, 9, 9}}), Stream(0));
  EXPECT_EQ(prepared.boxes.boxes.size(), 1u) << "nothing is left of the first";
}

TEST(BoxPreparation, BoxesFollowTheObjectThroughResizeAndFlip) {
  Image image(40, 60, 3);
  for (int y = 10; y < 20; ++y) std::fill(image.row(y) + 3 * 6, image.row(y) + 3 * 36, uint8_t{200});  // 6..36 x 10..20
  const Sample sample = PictureOf(image, {{6, 10, 36, 20, 1}});
  TrainingBoxes training{.long_edge = 200, .short_edges = {40, 80, 120}, .between = false, .flip = 0.5};
  const Preparation prepare = PrepareTrainingBoxes(training, Plain());
  std::set<std::pair<int, bool>> kinds;
  for (uint64_t i = 0; i < 40; ++i) {
    const PreparedSample prepared = prepare(sample, Stream(i));
    const InputBoxes& boxes = prepared.boxes;
    const LabelledBox& box = boxes.boxes.at(0);
    std::vector<float> planes(static_cast<size_t>(prepared.shape.image.values()));
    prepared.write(MemoryLayout::kContiguous, {planes.data(), nullptr, nullptr, {boxes.height, boxes.width}});
    for (int y = 0; y < boxes.height; ++y) {
      for (int x = 0; x < boxes.width; ++x) {
        const float value = planes[static_cast<size_t>(y) * boxes.width + x];
        const float near = 2;  // pixels that an edge is smeared over
        const bool inside = x > box.left + near && x + 1 < box.right - near && y > box.top + near && y + 1 < box.bottom - near;
        const bool outside = x + 1 < box.left - near || x > box.right + near || y + 1 < box.top - near || y > box.bottom + near;
        if (inside || outside) {
          ASSERT_NEAR(value, inside ? 200 : 0, 1e-3) << x << ", " << y;
        }
      }
    }
    kinds.emplace(std::min(boxes.height, boxes.width), box.left * 60 > 20 * boxes.width);
  }
  EXPECT_EQ(kinds.size(), 6u) << "three sizes, plain and mirrored";
}

TEST(BoxPreparation, TheShortEdgeIsDrawnFromAllIntegersOfARange) {
  const Preparation prepare = PrepareTrainingBoxes({.long_edge = 500, .short_edges = {30, 34}, .between = true, .flip = 0}, Plain());
  const Sample sample = PictureOf(Image(32, 64, 1), {});
  std::set<int> sides;
  for (uint64_t i = 0; i < 100; ++i) sides.insert(prepare(sample, Stream(i)).boxes.height);
  EXPECT_EQ(sides, (std::set<int>{30, 31, 32, 33, 34}));
}

// The batches of an epoch of the miniature, as vectors.
struct Drained {
  std::vector<std::vector<float>> images;
  std::vector<std::array<int64_t, 3>> shapes;  // N, height, width
  std::vector<std::vector<InputBoxes>> boxes;
};

Drained Drain(const Datasets& data, StreamOptions options, bool train) {
  options.sampler.shuffle = options.sampler.drop_last = train;
  options.sampler.seed = 9;
  BatchStream stream(train ? *data.train : *data.validation, train ? data.train_pipeline : data.validation_pipeline, options,
                     PlainBatchAllocator());
  stream.StartEpoch(1);
  Drained drained;
  for (HostBatch batch; stream.Next(&batch);) {
    EXPECT_EQ(batch.labels, nullptr);
    EXPECT_EQ(batch.label_maps, nullptr);
    EXPECT_EQ(static_cast<int64_t>(batch.boxes.size()), batch.size);
    drained.images.emplace_back(batch.images, batch.images + batch.size * batch.shape.values());
    drained.shapes.push_back({batch.size, batch.shape.image.height, batch.shape.image.width});
    drained.boxes.push_back(batch.boxes);
  }
  return drained;
}

class BoxBatches : public testing::Test {
 protected:
  Datasets Open(
      const std::string& more = "train: {short_edge: [40, 75], draw: range, long_edge: 90}\nvalidate: {short_edge: 60, long_edge: 70}") {
    return OpenDatasets(
        base::Config::FromText("name: coco\ninput: boxes\nmean: [0, 0, 0]\nstd: [1, 1, 1]\n" + MakeCocoMiniature(folder_) + more));
  }
  TemporaryFolder folder_;
};

TEST_F(BoxBatches, HaveRoomForTheLargestPictureInMultiplesOf32) {
  const Datasets data = Open();
  EXPECT_EQ(data.labels, LabelKind::kBoxes);
  EXPECT_EQ(data.shape, (InputShape{3, 75, 90}));
  StreamOptions options;
  options.sampler.batch_size = 3;
  options.workers = 0;
  const Drained drained = Drain(data, options, true);
  ASSERT_EQ(drained.images.size(), 3u) << "3 pictures stand, 6 lie: a batch and two";
  for (size_t b = 0; b < drained.images.size(); ++b) {
    const auto [n, height, width] = drained.shapes[b];
    int64_t most_high = 0, most_wide = 0;
    for (int64_t i = 0; i < n; ++i) {
      const InputBoxes& boxes = drained.boxes[b][static_cast<size_t>(i)];
      EXPECT_EQ(boxes.width >= boxes.height, drained.boxes[b][0].width >= drained.boxes[b][0].height) << "one group";
      most_high = std::max<int64_t>(most_high, boxes.height);
      most_wide = std::max<int64_t>(most_wide, boxes.width);
      const float* plane = drained.images[b].data() + i * 3 * height * width;
      for (int64_t y = 0; y < height; ++y) {
        for (int64_t x = 0; x < width; ++x) {
          const bool inside = y < boxes.height && x < boxes.width;
          ASSERT_EQ(plane[y * width + x] != 0, inside) << "picture " << i << " at " << x << ", " << y;
        }
      }
    }
    EXPECT_EQ(std::tuple(height, width), std::tuple((most_high + 31) / 32 * 32, (most_wide + 31) / 32 * 32));
  }
}

TEST_F(BoxBatches, AreTheSameForAnyNumberOfWorkersAndInBothLayouts) {
  const Datasets data = Open();
  StreamOptions options;
  options.sampler.batch_size = 2;
  options.workers = 0;
  const Drained expected = Drain(data, options, true);
  options.workers = 3;
  const Drained drained = Drain(data, options, true);
  EXPECT_EQ(drained.images, expected.images);
  EXPECT_EQ(drained.shapes, expected.shapes);
  options.layout = MemoryLayout::kChannelsLast;
  const Drained pixels = Drain(data, options, true);
  for (size_t b = 0; b < expected.images.size(); ++b) {
    const auto [n, height, width] = expected.shapes[b];
    for (int64_t i = 0; i < n * height * width; ++i) {
      const int64_t picture = i / (height * width), at = i % (height * width);
      for (int64_t c = 0; c < 3; ++c) ASSERT_EQ(pixels.images[b][3 * i + c], expected.images[b][(picture * 3 + c) * height * width + at]);
    }
    for (size_t i = 0; i < expected.boxes[b].size(); ++i) {
      const InputBoxes &one = expected.boxes[b][i], &other = drained.boxes[b][i];
      EXPECT_EQ(one.image_id, other.image_id);
      ASSERT_EQ(one.boxes.size(), other.boxes.size());
      for (size_t k = 0; k < one.boxes.size(); ++k) EXPECT_EQ(Corners(one.boxes[k]), Corners(other.boxes[k]));
    }
  }
}

TEST_F(BoxBatches, ValidationKeepsEachPictureWithItsIdAndScale) {
  const Datasets data = Open();
  EXPECT_FALSE(data.one_shape);
  StreamOptions options;
  const Drained drained = Drain(data, options, false);
  ASSERT_EQ(drained.boxes.size(), 6u);
  for (int64_t i = 0; i < 6; ++i) {
    const InputBoxes& boxes = drained.boxes[static_cast<size_t>(i)].at(0);
    EXPECT_EQ(boxes.image_id, 500 + i);
    EXPECT_EQ(std::tuple(boxes.height, boxes.width), i % 3 == 0 ? std::tuple(70, 53) : std::tuple(53, 70));
    EXPECT_EQ(boxes.scale_x, (i % 3 == 0 ? 53.0 / 48 : 70.0 / 64));
  }
  EXPECT_TRUE(drained.boxes[5][0].boxes.empty());
}

TEST_F(BoxBatches, WrongKeysAreNamed) {
  const auto failure = [&](const std::string& text) {
    try {
      ReadInputOptions(base::Config::FromText("input: boxes\n" + text));
    } catch (const base::Error& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  ExpectContains(failure("train: {short_edge: [480, 640, 960], draw: range}"), "train.short_edge must be a range [low, high]");
  ExpectContains(failure("train: {short_edge: [960, 480], draw: range}"), "train.short_edge must be a range [low, high]");
  ExpectContains(failure("train: {short_edge: []}"), "train.short_edge must be one edge or more");
  ExpectContains(failure("train: {draw: other}"), "draw");
  ExpectContains(failure("validate: {long_edge: 0}"), "long_edge");
  ExpectContains(failure("channels: 1"), "channels");
  EXPECT_EQ(failure("train: {short_edge: 640}"), "no error");
  EXPECT_EQ(ReadInputOptions(base::Config::FromText("input: boxes")).protocol, "short edge 800, long edge at most 1333 px, bilinear");
}

}  // namespace
}  // namespace deepmad::data
