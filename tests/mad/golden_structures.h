// The published structures with the numbers of tests/golden/design_golden.json, and their units and layers counted one by one.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <vector>

#include "base/build_info.h"
#include "base/json.h"
#include "mad/cost/network_cost.h"
#include "tests/places.h"

namespace deepmad::mad {

inline base::Json GoldenFile() {
  std::ifstream file(GoldenFolder() + "/design_golden.json");
  return base::Json::parse(file);
}

inline base::Json Goldens() { return GoldenFile().at("designs"); }

inline NetworkSpec GoldenStructure(const base::Json& golden) {
  return LoadNetwork(base::ConfigsFolder() + "/arch/" + golden.at("name").get<std::string>() + ".yaml");
}

inline bool Has(const base::Json& golden, const char* key) { return golden.contains(key) && !golden.at(key).is_null(); }

inline void ExpectRelative(double actual, const base::Json& expected, const std::string& what) {
  EXPECT_NEAR(actual, expected.get<double>(), 1e-9 * std::abs(expected.get<double>())) << what;
}

inline NetworkSpec WithoutBits(NetworkSpec network) {
  for (BlockSpec& block : network.blocks) block.activation_bits = block.weight_bits = {};
  network.head.bits = 0;
  return network;
}

struct PlacedUnit {
  PlacedBlock block;
  Unit<double> unit;
  MapSizes in_maps;
};

// `network` must outlive the result.
inline std::vector<PlacedUnit> PlacedUnits(const NetworkSpec& network) {
  std::vector<PlacedUnit> placed;
  MapSizes maps = InputSizes(network.input);
  for (const PlacedBlock& block : PlaceBlocks(network)) {
    for (const Unit<double>& unit : BlockUnits(block)) {
      placed.push_back({block, unit, maps});
      CountUnit(unit, maps);
    }
  }
  return placed;
}

inline UnitCount<double> CountOf(PlacedUnit placed) { return CountUnit(placed.unit, placed.in_maps); }

// Sums over single layers, apart by kind.
struct LayerSums {
  double conv_macs = 0, conv_weights = 0, norm_params = 0;
  double se_macs = 0, se_weights = 0, se_norm_params = 0;
};

inline LayerSums SumLayers(const NetworkSpec& network) {
  LayerSums sums;
  for (const PlacedUnit& placed : PlacedUnits(network)) {
    WalkUnit(placed.unit, placed.in_maps, [&](const LayerVisit<double, MapSizes>& visit) {
      UnitCount<double> count;
      CountLayer(visit, count);
      const bool inner = visit.path == Path::kInner;
      if (visit.layer.kind == LayerKind::kConv) {
        (inner ? sums.se_macs : sums.conv_macs) += count.macs;
        (inner ? sums.se_weights : sums.conv_weights) += count.params;
      } else if (visit.layer.kind == LayerKind::kNorm) {
        (inner ? sums.se_norm_params : sums.norm_params) += count.params;
      }
    });
  }
  return sums;
}

}  // namespace deepmad::mad
