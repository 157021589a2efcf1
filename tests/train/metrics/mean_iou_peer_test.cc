// The metric beside numpy on random maps: ignored pixels, absent classes, classes that are only predicted, odd sizes.
#include <gtest/gtest.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"
#include "train/metrics/mean_iou.h"

namespace deepmad::train {
namespace {

TEST(MeanIouPeer, EqualsNumpyOnRandomMaps) {
  if (PeersPython().empty()) GTEST_SKIP() << "needs the Python peers: run scripts/setup.sh --peers";
  const TemporaryFolder folder;
  const std::string file = folder.File("cases.json");
  const std::string command = PeersPython() + " " + SourceFolder() + "/tests/train/metrics/mean_iou_peer.py random 300 11 " + file;
  ASSERT_EQ(std::system(command.c_str()), 0);
  const nlohmann::json cases = nlohmann::json::parse(base::ReadFile(file));
  ASSERT_EQ(cases.size(), 300);
  int ignoring = 0, absent = 0, predicted_only = 0;
  for (const nlohmann::json& one : cases) {
    const auto labels = one.at("labels").get<std::vector<uint8_t>>();
    const auto predictions = one.at("predictions").get<std::vector<uint8_t>>();
    SegmentationCounts counts(one.at("classes").get<int64_t>());
    counts.Add(labels.data(), predictions.data(), labels.size());
    std::vector<ClassPixels> expected;
    for (const auto& row : one.at("counts")) expected.push_back({row[0], row[1], row[2]});
    EXPECT_EQ(counts.classes(), expected);
    EXPECT_EQ(counts.mean_iou(), one.at("mIoU").get<double>());
    EXPECT_EQ(counts.mean_accuracy(), one.at("mAcc").get<double>());
    EXPECT_EQ(counts.pixel_accuracy(), one.at("aAcc").get<double>());
    ignoring += counts.pixels() < static_cast<int64_t>(labels.size());
    for (const ClassPixels& c : expected) {
      absent += c.either() == 0;
      predicted_only += c.labelled == 0 && c.predicted > 0;
    }
  }
  EXPECT_GT(ignoring, 50);
  EXPECT_GT(absent, 100);
  EXPECT_GT(predicted_only, 100);
}

}  // namespace
}  // namespace deepmad::train
