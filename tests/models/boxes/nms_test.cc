#include "models/boxes/nms.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <numeric>

#include "base/atomic_file.h"
#include "base/random.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::models {
namespace {

constexpr int64_t kAll = 1 << 20;

struct Detections {
  std::vector<float> boxes, scores;
  std::vector<int64_t> classes;

  std::vector<int64_t> Kept(double threshold, int64_t most = kAll) const {
    return SuppressOverlaps(boxes.data(), scores.data(), classes.data(), static_cast<int64_t>(scores.size()), threshold, most);
  }
};

Detections RandomDetections(int64_t count, int64_t classes, uint64_t seed) {
  base::Random random(seed, base::RandomPurpose::kSynthetic);
  Detections d;
  for (int64_t i = 0; i < count; ++i) {
    const double x = random.UniformInt(0, 100), y = random.UniformInt(0, 100);
    for (const double side : {x, y, x + random.UniformInt(0, 40), y + random.UniformInt(0, 40)})
      d.boxes.push_back(static_cast<float>(side));
    d.scores.push_back(static_cast<float>(random.UniformInt(0, 50)) / 50);  // many are equal
    d.classes.push_back(random.UniformInt(0, classes - 1));
  }
  return d;
}

// The definition, pair by pair.
std::vector<int64_t> Definition(const Detections& d, double threshold) {
  std::vector<int64_t> order(d.scores.size()), kept;
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return d.scores[a] > d.scores[b]; });
  const auto overlap = [&](int64_t i, int64_t j) {
    const float *a = d.boxes.data() + 4 * i, *b = d.boxes.data() + 4 * j;
    const float width = std::max(0.0f, std::min(a[2], b[2]) - std::max(a[0], b[0]));
    const float height = std::max(0.0f, std::min(a[3], b[3]) - std::max(a[1], b[1]));
    const float both = width * height;
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both);
  };
  for (const int64_t i : order) {
    if (std::none_of(kept.begin(), kept.end(), [&](int64_t j) { return d.classes[i] == d.classes[j] && overlap(i, j) > threshold; }))
      kept.push_back(i);
  }
  return kept;
}

TEST(Nms, EqualsTheDefinitionWithTiesAndBoxesWithoutArea) {
  for (uint64_t seed = 0; seed < 40; ++seed) {
    const Detections d = RandomDetections(static_cast<int64_t>(10 * seed), 1 + static_cast<int64_t>(seed % 4), seed);
    for (const double threshold : {0.0, 0.3, 0.5, 0.6, 1.0})
      EXPECT_EQ(d.Kept(threshold), Definition(d, threshold)) << seed << " " << threshold;
  }
}

TEST(Nms, AnOverlapOfExactlyTheThresholdIsKept) {
  const Detections half{{0, 0, 10, 10, 0, 0, 10, 5}, {0.9f, 0.8f}, {0, 0}};  // 0.5, exact in float32
  EXPECT_EQ(half.Kept(0.5), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(half.Kept(0.49), (std::vector<int64_t>{0}));
  const Detections three_fifths{{0, 0, 10, 10, 0, 0, 10, 6}, {0.9f, 0.8f}, {0, 0}};  // 0.6 rounds up in float32
  EXPECT_EQ(three_fifths.Kept(0.6), (std::vector<int64_t>{0}));
}

TEST(Nms, ClassesDoNotDisturbEachOther) {
  const Detections d{{0, 0, 10, 10, 0, 0, 10, 10, 0, 0, 10, 10}, {0.5f, 0.7f, 0.6f}, {1, 0, 1}};
  EXPECT_EQ(d.Kept(0.5), (std::vector<int64_t>{1, 2}));
}

TEST(Nms, TheBestOfAllClassesAreGiven) {
  const Detections d = RandomDetections(300, 5, 9);
  std::vector<int64_t> all = d.Kept(0.5);
  ASSERT_GT(all.size(), 20u);
  all.resize(20);
  EXPECT_EQ(d.Kept(0.5, 20), all);
  EXPECT_TRUE(d.Kept(0.5, 0).empty());
  EXPECT_TRUE(Detections().Kept(0.5).empty());
}

TEST(NmsPeer, EqualsTorchvision) {
  if (PeersPython().empty()) GTEST_SKIP() << "needs the Python peers: run scripts/setup.sh --peers";
  const TemporaryFolder folder;
  const std::string command = PeersPython() + " " + SourceFolder() + "/tests/models/boxes/nms_peer.py " + folder.File("cases.json");
  ASSERT_EQ(std::system(command.c_str()), 0);
  const nlohmann::json cases = nlohmann::json::parse(base::ReadFile(folder.File("cases.json")));
  ASSERT_EQ(cases.size(), 20u);
  for (const auto& c : cases) {
    const Detections d{c.at("boxes"), c.at("scores"), c.at("classes")};
    EXPECT_EQ(d.Kept(c.at("threshold")), c.at("kept").get<std::vector<int64_t>>());
  }
}

}  // namespace
}  // namespace deepmad::models
