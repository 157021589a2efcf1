// Builds a network, folds it for inference and classifies noise with both: consumer_network NETWORK.yaml
#include <ATen/ops/allclose.h>
#include <ATen/ops/randn.h>

#include <cstdio>
#include <exception>

#include "mad/cost/network_cost.h"
#include "models/inference/inference_network.h"
#include "models/network/init.h"
#include "models/network/live_count.h"
#include "models/network/network.h"

int main(int argc, char** argv) {
  try {
    if (argc != 2) throw std::runtime_error("give a network file");
    const auto network = deepmad::models::BuildNetwork(deepmad::mad::LoadNetwork(argv[1]));
    deepmad::models::Initialize(*network, {}, /*seed=*/1);
    network->eval();
    const auto& input = network->spec().input;
    const at::Tensor images = at::randn({2, input.channels, input.height, input.width});
    const at::Tensor logits = network->Forward(images);
    const deepmad::models::LiveCount live = deepmad::models::CountNetwork(*network, {input.channels, input.height, input.width});
    if (static_cast<double>(live.macs) != deepmad::mad::Cost(network->spec()).macs) throw std::runtime_error("another cost than designed");
    if (!at::allclose(deepmad::models::InferenceNetwork(*network).Forward(images), logits, 1e-4, 1e-4)) {
      throw std::runtime_error("folding changed the logits");
    }
    std::printf("%ld logits an image, %ld MACs, %ld parameters\n", static_cast<long>(logits.size(1)), static_cast<long>(live.macs),
                static_cast<long>(live.parameters));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "consumer_network: %s\n", error.what());
    return 1;
  }
}
