// Which cells should find which boxes: FCOS and ATSS.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <set>

#include "base/atomic_file.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"
#include "train/targets/atss.h"
#include "train/targets/fcos.h"

namespace deepmad::train {
namespace {

using Json = nlohmann::json;
using Cell = std::array<int, 4>;  // level P3.., row, column, box

const std::vector<int> kStrides = {8, 16, 32, 64, 128};

std::vector<TargetBox> Boxes(const Json& rows) {
  std::vector<TargetBox> boxes;
  for (const auto& row : rows) boxes.push_back({row[0], row[1], row[2], row[3], 0});
  return boxes;
}

std::set<Cell> Positives(const std::vector<GridLevel>& levels, const std::vector<int32_t>& boxes) {
  std::set<Cell> cells;
  size_t cell = 0;
  for (size_t l = 0; l < levels.size(); ++l) {
    for (int row = 0; row < levels[l].rows; ++row) {
      for (int column = 0; column < levels[l].columns; ++column, ++cell) {
        if (boxes[cell] >= 0) cells.insert({static_cast<int>(l) + 3, row, column, boxes[cell]});
      }
    }
  }
  EXPECT_EQ(cell, boxes.size());
  return cells;
}

// The worked case of the definition: five boxes in a picture of 256 x 320.
TEST(Assignment, EqualsTheWorkedCase) {
  const Json golden = Json::parse(base::ReadFile(GoldenFolder() + "/assignment.json"));
  const int height = golden.at("image_hw")[0], width = golden.at("image_hw")[1];
  const std::vector<GridLevel> levels = PyramidGrid(height, width, kStrides);
  const std::vector<TargetBox> boxes = Boxes(golden.at("gt_xyxy"));
  const auto cells = [](const Json& rows) { return rows.get<std::set<Cell>>(); };
  EXPECT_EQ(Positives(levels, AssignAtss(levels, boxes, height, width)), cells(golden.at("atss")));
  EXPECT_EQ(Positives(levels, AssignFcos(levels, boxes, {true, true}).boxes), cells(golden.at("fcos").at("centre_sampling")));
  EXPECT_EQ(Positives(levels, AssignFcos(levels, boxes, {false, false}).boxes), cells(golden.at("fcos").at("plain")));
}

TEST(Assignment, GridsHaveTheSizesOfThePyramid) {
  const std::vector<GridLevel> levels = PyramidGrid(800, 1088, kStrides);
  const std::array<std::pair<int, int>, 5> sizes = {{{100, 136}, {50, 68}, {25, 34}, {13, 17}, {7, 9}}};
  for (size_t l = 0; l < 5; ++l) EXPECT_EQ(std::pair(levels[l].rows, levels[l].columns), sizes[l]);
  EXPECT_EQ(CellCount(levels), 13600 + 3400 + 850 + 221 + 63);
}

TEST(Assignment, WithoutBoxesAllIsBackground) {
  const std::vector<GridLevel> levels = PyramidGrid(64, 96, kStrides);
  for (const int32_t box : AssignFcos(levels, {}, {}).boxes) EXPECT_EQ(box, kBackground);
  for (const int32_t box : AssignAtss(levels, {}, 64, 96)) EXPECT_EQ(box, kBackground);
}

TEST(Assignment, AtssLeavesThePaddingOfTheBatchWithoutLoss) {
  const std::vector<GridLevel> levels = PyramidGrid(128, 128, kStrides);
  const std::vector<int32_t> assigned = AssignAtss(levels, {{10, 10, 60, 25, 0}}, 32, 64);
  size_t cell = 0;
  for (const GridLevel& level : levels) {
    for (int row = 0; row < level.rows; ++row) {
      for (int column = 0; column < level.columns; ++column, ++cell) {
        const bool valid = row < (32 + level.stride - 1) / level.stride && column < (64 + level.stride - 1) / level.stride;
        EXPECT_EQ(assigned[cell] != kNoLoss, valid) << level.stride << " " << row << " " << column;
      }
    }
  }
}

TEST(Assignment, OfTwoEqualBoxesTheFirstIsTaken) {
  const std::vector<GridLevel> levels = PyramidGrid(128, 128, kStrides);
  const TargetBox box{20, 20, 70, 70, 0};
  for (const int32_t taken : AssignFcos(levels, {box, box}, {}).boxes) EXPECT_LT(taken, 1);
  for (const int32_t taken : AssignAtss(levels, {box, box}, 128, 128)) EXPECT_LT(taken, 1);
}

TEST(Assignment, CentrenessIsOneInTheMiddleAndFallsToTheSides) {
  const std::vector<GridLevel> levels = {{8, 8, 8}};
  const FcosTargets targets = AssignFcos(levels, {{4, 4, 52, 52, 0}}, {false, false});
  EXPECT_EQ(targets.centreness[3 * 8 + 3], 1);                            // the point (28, 28)
  EXPECT_NEAR(targets.centreness[3 * 8 + 1], std::sqrt(8.0 / 40), 1e-6);  // (12, 28)
  EXPECT_EQ(targets.boxes[0], kBackground) << "(4, 4) lies on the corner, not inside";
  EXPECT_EQ(targets.distances[4 * (3 * 8 + 1)], 8);
  EXPECT_EQ(targets.distances[4 * (3 * 8 + 1) + 2], 40);
}

TEST(AssignmentPeer, EqualsTheDefinitionsWrittenOutInPython) {
  if (PeersPython().empty()) GTEST_SKIP() << "needs the Python peers: run scripts/setup.sh --peers";
  const TemporaryFolder folder;
  const std::string command =
      PeersPython() + " " + SourceFolder() + "/tests/train/targets/targets_peer.py 200 1 " + folder.File("scenes.json");
  ASSERT_EQ(std::system(command.c_str()), 0);
  const Json document = Json::parse(base::ReadFile(folder.File("scenes.json")));
  int64_t atss_positives = 0, fcos_positives = 0;
  for (const Json& scene : document.at("scenes")) {
    const std::vector<GridLevel> levels = PyramidGrid(scene.at("batch")[0], scene.at("batch")[1], kStrides);
    const std::vector<TargetBox> boxes = Boxes(scene.at("boxes"));
    const std::vector<int32_t> atss = AssignAtss(levels, boxes, scene.at("height"), scene.at("width"));
    EXPECT_EQ(atss, scene.at("atss").get<std::vector<int32_t>>()) << scene.at("boxes");
    for (const int32_t box : atss) atss_positives += box >= 0;
    for (const Json& wanted : scene.at("fcos")) {
      const bool centre = wanted.at("centre");
      const FcosTargets targets = AssignFcos(levels, boxes, {centre, centre});
      EXPECT_EQ(targets.boxes, wanted.at("boxes").get<std::vector<int32_t>>()) << scene.at("boxes");
      const std::vector<double> distances = wanted.at("distances"), centreness = wanted.at("centreness");
      ASSERT_EQ(targets.distances.size(), distances.size());
      for (size_t i = 0; i < distances.size(); ++i) ASSERT_NEAR(targets.distances[i], distances[i], 1e-6 * std::max(1.0, distances[i]));
      for (size_t i = 0; i < centreness.size(); ++i) ASSERT_NEAR(targets.centreness[i], centreness[i], 1e-6);
      for (const int32_t box : targets.boxes) fcos_positives += box >= 0;
    }
  }
  EXPECT_GT(atss_positives, 1000);
  EXPECT_GT(fcos_positives, 1000);
}

}  // namespace
}  // namespace deepmad::train
