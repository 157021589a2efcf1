// The closed form of what training keeps against what the allocator says.
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include "mad/cost/network_cost.h"
#include "models/device/tensor_memory.h"
#include "tests/models/networks.h"

namespace deepmad::models {
namespace {

// Bytes that the graph of one forward pass holds, over the closed form's.
double KeptOverCounted(const mad::NetworkSpec& spec) {
  constexpr int64_t kImages = 8;
  const auto network = InitializedNetwork(spec);
  network->SetMemoryFormat(at::MemoryFormat::ChannelsLast);
  const at::Tensor images = at::zeros(BatchShape(spec, kImages)).contiguous(at::MemoryFormat::ChannelsLast);
  double counted = 0;
  for (const mad::BlockTotals<double>& block : mad::CountBlocks(spec)) counted += 4 * kImages * block.activations;
  const TensorMemory memory;
  const at::Tensor logits = network->Forward(images);
  return static_cast<double>(memory.current_bytes()) / counted;
}

// Beside the maps there are the statistics of layer norms and of softmax, a few numbers a position.
TEST(ActivationMemory, TheClosedFormIsWhatBlocksWithLayerNormsKeep) {
  for (const char* type : {"convnext", "transformer"}) {
    mad::NetworkSpec spec = LayerNormStructure();
    spec.blocks = {Block("conv", 1, 3, 2, 32), Block(type, 2, 5, 2, 64, 256), Block(type, 3, 3, 2, 128, 384)};
    EXPECT_NEAR(KeptOverCounted(spec), 1, 0.05) << type;
    spec.blocks[1].layer_scale = spec.blocks[2].layer_scale = std::string(type) == "transformer";
    EXPECT_NEAR(KeptOverCounted(spec), 1, 0.05) << type;
  }
}

TEST(ActivationMemory, TheClosedFormIsWhatPublishedStructuresKeep) {
  for (const char* name : {"resnet18", "mobilenetv2", "deepmad-r18", "deepmad-29m-224"}) {
    mad::NetworkSpec spec = PublishedStructure(name);
    spec.input.height = spec.input.width = 64;
    EXPECT_NEAR(KeptOverCounted(spec), 1, 0.05) << name;
  }
}

}  // namespace
}  // namespace deepmad::models
