#include "mad/cost/profiling_networks.h"

#include <gtest/gtest.h>

#include <set>

#include "mad/cost/network_cost.h"
#include "mad/latency/fused_layers.h"

namespace deepmad::mad {
namespace {

base::Random Stream(uint64_t number) { return base::Random(1, base::RandomPurpose::kSearch, 3, number); }

TEST(ProbeNetwork, IsAValidNetworkOfTheTypeAndSmallAtAnyResolution) {
  for (const std::string& type : ProbeTypes()) {
    for (const int resolution : {16, 24, 32, 100, 224, 640}) {
      for (uint64_t number = 0; number < 5; ++number) {
        const NetworkSpec network = ProbeNetwork(type, resolution, Stream(number));
        EXPECT_EQ(network.blocks.back().type, type);
        EXPECT_LE(PlaceBlocks(network).back().out_size.h, 7);
        EXPECT_LT(Cost(network).macs, 3e9 * std::max(1.0, resolution * resolution / (224.0 * 224))) << NetworkToYaml(network);
        EXPECT_EQ(network, ProbeNetwork(type, resolution, Stream(number)));
      }
    }
  }
}

TEST(ProbeNetwork, CoversEveryKernelStrideAndMapSizeOfItsType) {
  std::set<std::string> depthwise, dense;
  for (uint64_t number = 0; number < 60; ++number) {
    for (const char* type : {"dw_bottleneck", "bottleneck"}) {
      for (const LayerWork<double>& work : NetworkWork(ProbeNetwork(type, 224, Stream(number)))) {
        const WorkShape& shape = work.shape;
        const std::string at = WorkKind(shape, 2) + " " + std::to_string(shape.stride.h) + " " + std::to_string(shape.map.h);
        if (shape.op == FusedOp::kDepthwise) depthwise.insert(at);
        if (shape.op == FusedOp::kConv && !shape.adds_shortcut && std::string(type) == "bottleneck") dense.insert(at);
      }
    }
  }
  for (const char* kernel : {"3x3", "5x5", "7x7"}) {
    for (const char* place : {"1 112", "1 56", "1 28", "1 14", "1 7", "2 56", "2 28", "2 14", "2 7"}) {
      EXPECT_TRUE(depthwise.contains(std::string("depthwise ") + kernel + " " + place)) << kernel << " " << place;
    }
  }
  for (const char* kind : {"conv 1x1 1 56", "conv 1x1 1 7", "conv 3x3 2 112", "conv 3x3 1 28", "conv 5x5 2 14", "conv 5x5 1 7"}) {
    EXPECT_TRUE(dense.contains(kind)) << kind;
  }
}

}  // namespace
}  // namespace deepmad::mad
