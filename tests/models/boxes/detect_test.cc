#include "models/boxes/detect.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::models {
namespace {

// Maps of one level in which nothing is found yet.
struct Maps {
  Maps(int stride_in, int rows_in, int columns_in, int64_t classes)
      : stride(stride_in),
        rows(rows_in),
        columns(columns_in),
        logits(classes * rows_in * columns_in, -20),
        quality(rows_in * columns_in, 20),
        distances(4 * rows_in * columns_in, 8) {}
  HeadLevel Level() const { return {stride, rows, columns, logits.data(), quality.data(), distances.data()}; }

  int stride, rows, columns;
  std::vector<float> logits, quality, distances;
};

TEST(Detect, GivesTheBoxOfACellInPixelsOfTheOriginal) {
  Maps maps(8, 4, 6, 2);
  const size_t cell = 1 * 6 + 2;
  maps.logits[24 + cell] = 2;  // class 1
  for (const auto& [half_cell, shift] : {std::pair{true, 4.0f}, std::pair{false, 0.0f}}) {
    DetectOptions options;
    options.half_cell = half_cell;
    const std::vector<Detection> found = Detect({maps.Level()}, 2, {32, 48, 2, 0.5}, options);
    ASSERT_EQ(found.size(), 1u);
    EXPECT_EQ(found[0].label, 1);
    EXPECT_NEAR(found[0].score, 0.880797, 1e-5);
    EXPECT_EQ(found[0].box, (std::array<float, 4>{(8 + shift) * 2, shift / 2, (24 + shift) * 2, (16 + shift) / 2}));
  }
}

TEST(Detect, BoxesEndWhereThePictureDoes) {
  Maps maps(8, 4, 6, 1);
  maps.logits[23] = 2;  // the last cell, at (44, 28)
  const std::vector<Detection> found = Detect({maps.Level()}, 1, {30, 45, 1, 1}, {});
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].box, (std::array<float, 4>{36, 20, 45, 30}));
}

TEST(Detect, TheThresholdIsOnTheClassAloneOrOnTheJointScore) {
  Maps maps(8, 1, 1, 1);
  maps.logits[0] = 0;      // 0.5
  maps.quality[0] = -3.5;  // 0.03
  DetectOptions options;
  EXPECT_EQ(Detect({maps.Level()}, 1, {8, 8, 1, 1}, options).size(), 1u);
  options.threshold_joint = true;
  EXPECT_TRUE(Detect({maps.Level()}, 1, {8, 8, 1, 1}, options).empty());
}

TEST(Detect, OfALevelOnlyTheBestCellsAreLookedAt) {
  Maps maps(8, 1, 8, 1);
  for (int i = 0; i < 8; ++i) maps.logits[i] = static_cast<float>(i % 4), maps.distances[i] = maps.distances[16 + i] = 1;
  DetectOptions options;
  options.cells_a_level = 3;
  const std::vector<Detection> found = Detect({maps.Level()}, 1, {8, 64, 1, 1}, options);
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(std::tuple(found[0].box[0], found[1].box[0], found[2].box[0]), std::tuple(27.f, 59.f, 19.f)) << "of equal ones the first";
}

TEST(Detect, NothingIsFoundWhereNothingIs) {
  const Maps maps(8, 3, 3, 4);
  EXPECT_TRUE(Detect({maps.Level()}, 4, {24, 24, 1, 1}, {}).empty());
  EXPECT_TRUE(Detect({}, 4, {24, 24, 1, 1}, {}).empty());
}

TEST(DetectPeer, EqualsTheDefinitionWrittenOutInPython) {
  if (PeersPython().empty()) GTEST_SKIP() << "needs the Python peers: run scripts/setup.sh --peers";
  const TemporaryFolder folder;
  const std::string command = PeersPython() + " " + SourceFolder() + "/tests/models/boxes/detect_peer.py " + folder.File("cases.json");
  ASSERT_EQ(std::system(command.c_str()), 0);
  const nlohmann::json cases = nlohmann::json::parse(base::ReadFile(folder.File("cases.json")));
  ASSERT_EQ(cases.size(), 24u);
  size_t all = 0, candidates = 0;
  for (const auto& c : cases) {
    std::vector<std::vector<float>> memory;
    std::vector<HeadLevel> levels;
    for (const auto& level : c.at("levels")) {
      for (const char* map : {"classes", "quality", "distances"}) memory.push_back(level.at(map));
    }
    for (size_t l = 0; l < c.at("levels").size(); ++l) {
      const auto& level = c.at("levels")[l];
      levels.push_back({level.at("stride"), level.at("rows"), level.at("columns"), memory[3 * l].data(), memory[3 * l + 1].data(),
                        memory[3 * l + 2].data()});
    }
    DetectOptions options;
    options.half_cell = c.at("half_cell");
    options.threshold_joint = c.at("threshold_joint");
    options.cells_a_level = c.at("cells_a_level");
    options.overlap = c.at("overlap");
    const PictureFrame frame{c.at("height"), c.at("width"), c.at("scale_y"), c.at("scale_x")};
    const std::vector<Detection> found = Detect(levels, c.at("classes"), frame, options);
    const std::vector<std::vector<double>> wanted = c.at("detections");
    ASSERT_EQ(found.size(), wanted.size());
    for (size_t i = 0; i < found.size(); ++i) {
      for (size_t side = 0; side < 4; ++side) EXPECT_NEAR(found[i].box[side], wanted[i][side], 1e-6 * std::max(1.0, wanted[i][side]));
      EXPECT_NEAR(found[i].score, wanted[i][4], 1e-6);
      EXPECT_EQ(found[i].label, wanted[i][5]);
    }
    all += found.size();
    candidates += c.at("candidates").get<size_t>();
  }
  EXPECT_GT(all, 500u);
  EXPECT_GT(candidates, all + all / 2) << "suppression has something to do";
}

}  // namespace
}  // namespace deepmad::models
