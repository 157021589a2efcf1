#include "models/network/live_count.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "base/build_info.h"
#include "mad/cost/network_cost.h"
#include "mad/design/design.h"
#include "models/layers/module_tree.h"
#include "tests/models/networks.h"

namespace deepmad::models {
namespace {

void ExpectClosedFormEqualsLiveCount(const mad::NetworkSpec& spec) {
  const auto network = BuildNetwork(spec);
  const mad::NetworkCost cost = mad::Cost(spec);
  const std::vector<int64_t> shape = BatchShape(spec, 1);
  const LiveCount live = CountNetwork(*network, at::IntArrayRef(shape).slice(1));
  EXPECT_EQ(static_cast<double>(live.macs), cost.macs) << mad::NetworkToYaml(spec);
  EXPECT_EQ(static_cast<double>(live.parameters), cost.params) << mad::NetworkToYaml(spec);
  int64_t head = 0;
  for (const auto& item : network->named_parameters()) {
    if (spec.head.IsClassifier() && item.key().starts_with(spec.head.name + ".")) head += item.value().numel();
  }
  EXPECT_EQ(static_cast<double>(live.parameters - head), cost.params_backbone) << mad::NetworkToYaml(spec);
}

// On a small input whose sides divide by no stride: channels, kernels and depths are those of the structure.
TEST(CountStructures, ClosedFormEqualsTheLiveModuleForEveryConfiguration) {
  for (const auto& file : std::filesystem::directory_iterator(base::ConfigsFolder() + "/arch")) {
    SCOPED_TRACE(file.path().stem().string());
    mad::NetworkSpec spec = PublishedStructure(file.path().stem());
    spec.input.height = 35;
    spec.input.width = 33;
    spec.input.frames = std::min(spec.input.frames, 5);
    ExpectClosedFormEqualsLiveCount(spec);
  }
}

TEST(CountFamilies, ClosedFormEqualsTheLiveModuleForAThousandStructuresOfEachBlockType) {
  const mad::RandomStructureOptions options{
      .quantised = true, .features = true, .max_blocks = 2, .max_depth = 2, .max_channels = 20, .min_side = 5, .max_side = 14};
  for (const std::string& type : mad::BlockRegistry::Get().Names()) {
    std::vector<std::string> types = mad::TypesOfDimension(mad::FindBlockType(type).traits.has_time);
    std::swap(types[0], *std::find(types.begin(), types.end(), type));
    for (uint64_t seed = 0; seed < 1000; ++seed) ExpectClosedFormEqualsLiveCount(mad::RandomStructureOf(types, seed, options));
  }
}

TEST(Count, ClosedFormEqualsTheLiveModuleForDesignsOfResnet18SizeInBothFormulations) {
  for (const char* formulation : {"formulation=paper", "formulation=reference"}) {
    const mad::DesignProblem problem =
        mad::LoadProblem(base::ConfigsFolder() + "/design/r18-224.yaml", {formulation, "solver.time_limit_seconds=600"});
    ExpectClosedFormEqualsLiveCount(mad::Design(problem).network);
  }
}

TEST(Count, CountsWhatRunsAndNothingElse) {
  const at::Tensor image = at::zeros({2, 4, 5, 5});
  EXPECT_EQ(CountMacs([&] { at::conv2d(image, at::zeros({6, 2, 3, 3}), {}, 1, 1, 1, /*groups=*/2); }), 2 * 6 * 5 * 5 * 2 * 9);
  EXPECT_EQ(CountMacs([] { at::linear(at::zeros({3, 7}), at::zeros({5, 7}), at::zeros({5})); }), 3 * 7 * 5);
  EXPECT_EQ(CountMacs([] {
              at::scaled_dot_product_attention(at::zeros({2, 3, 5, 8}), at::zeros({2, 3, 7, 8}), at::zeros({2, 3, 7, 8}));
            }),
            2 * 3 * (5 * 7 * 8 + 5 * 7 * 8));
  EXPECT_EQ(CountMacs([&] { image.relu(); }), 0);
}

TEST(Count, LeavesTheNetworkAsItWas) {
  const auto network = InitializedNetwork(SmallStructure());
  ModuleAt(*network, "block_list.1")->eval();
  const auto flags = [&] {
    std::vector<bool> all;
    for (const auto& module : network->modules()) all.push_back(module->is_training());
    return all;
  };
  const auto before = flags();
  CountNetwork(*network, {3, 33, 27});
  EXPECT_EQ(flags(), before);
  EXPECT_EQ(network->named_buffers()["block_list.0.bn1.num_batches_tracked"].item<int64_t>(), 0);
}

}  // namespace
}  // namespace deepmad::models
