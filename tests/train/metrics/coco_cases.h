// Sets of objects and detections with their numbers, as tests/train/metrics/coco_peer.py writes them.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/atomic_file.h"
#include "train/metrics/coco_ap.h"

namespace deepmad::train {

struct CocoCase {
  std::string name;
  CocoTruths truths;
  std::vector<CocoDetection> detections;
  std::array<double, 12> stats{};
  std::vector<std::array<double, 12>> classes;  // by ascending category
};

inline CocoBox CocoBoxOf(const nlohmann::json& row) { return {row[2], row[3], row[4], row[5]}; }

inline std::vector<CocoCase> ReadCocoCases(const std::string& path) {
  std::vector<CocoCase> cases;
  const nlohmann::json document = nlohmann::json::parse(base::ReadFile(path));
  for (const auto& one : document.at("cases")) {
    CocoCase c;
    c.name = one.at("name");
    c.truths.images = one.at("images").get<std::vector<int64_t>>();
    c.truths.categories = one.at("categories").get<std::vector<int64_t>>();
    for (const auto& t : one.at("truths")) c.truths.boxes.push_back({t[0], t[1], CocoBoxOf(t), t[6], t[7] != 0});
    for (const auto& d : one.at("detections")) c.detections.push_back({d[0], d[1], CocoBoxOf(d), d[6]});
    c.stats = one.at("stats");
    c.classes = one.at("classes").get<std::vector<std::array<double, 12>>>();
    cases.push_back(std::move(c));
  }
  return cases;
}

inline void ExpectCaseHolds(const CocoCase& c, int threads) {
  SCOPED_TRACE(c.name);
  const CocoScores scores = ScoreCocoBoxes(c.truths, c.detections, threads);
  for (size_t s = 0; s < 12; ++s) EXPECT_NEAR(scores.stats[s], c.stats[s], 1e-9) << kCocoStatNames[s];
  ASSERT_EQ(scores.classes.size(), c.classes.size());
  for (size_t k = 0; k < c.classes.size(); ++k) {
    for (size_t s = 0; s < 12; ++s) {
      EXPECT_NEAR(scores.classes[k].stats[s], c.classes[k][s], 1e-9) << kCocoStatNames[s] << " of " << scores.classes[k].category;
    }
  }
}

}  // namespace deepmad::train
