// Losses of all tasks and the mixing of a batch.
#include "train/tasks/classification/classification_losses.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <functional>

#include "models/layers/batch_norm.h"
#include "tests/gpu/test_device.h"
#include "train/tasks/classification/mixing.h"
#include "train/tasks/detection/detector_loss.h"
#include "train/tasks/segmentation/pixel_loss.h"
#include "train/tasks/task.h"

namespace deepmad::train {
namespace {

using Place = std::function<at::Tensor(const at::Tensor&)>;
// What a loss computes from its inputs: scalars, whose sum is differentiated.
using Loss = std::function<std::vector<at::Tensor>(const std::vector<at::Tensor>&)>;

at::Tensor Stay(const at::Tensor& values) { return values.clone(); }

// Values of the loss, then the gradients of its inputs.
std::vector<at::Tensor> Differentiated(const Loss& loss, const std::vector<at::Tensor>& inputs, const Place& place) {
  std::vector<at::Tensor> leaves;
  for (const at::Tensor& input : inputs) leaves.push_back(place(input).set_requires_grad(true));
  std::vector<at::Tensor> result = loss(leaves);
  at::Tensor sum = result[0];
  for (size_t i = 1; i < result.size(); ++i) sum = sum + result[i];
  sum.backward();
  for (const at::Tensor& leaf : leaves) result.push_back(leaf.grad());
  return result;
}

// `on_cpu` and `on_device` are the same but for where their targets lie.
void ExpectAsOnTheCpu(const Loss& on_cpu, const Loss& on_device, const std::vector<at::Tensor>& inputs, const std::string& what) {
  const std::vector<at::Tensor> expected = Differentiated(on_cpu, inputs, Stay);
  for (const at::ScalarType type : kComparedTypes) {
    const std::vector<at::Tensor> actual =
        Differentiated(on_device, inputs, [&](const at::Tensor& values) { return OnDevice(values, type); });
    for (size_t i = 0; i < actual.size(); ++i) {
      // Losses of float32 targets add up in the type of the logits.
      ExpectClose(actual[i], expected[i], what + " " + std::to_string(i));
    }
  }
}

TEST(LossesOnDevice, OfWholeLabelsAreThoseOfTheCpu) {
  const at::Tensor logits = ExactValues(1, {16, 10}, 4), teacher = ExactValues(2, {16, 10}, 4);
  const auto with = [](at::Device device, bool binary) -> Loss {
    // Made once, since they are float32 and may be rounded otherwise elsewhere.
    const at::Tensor targets = SoftTargets(at::arange(16, at::kLong).remainder(10), 10, 0.1).to(device);
    return [=](const std::vector<at::Tensor>& inputs) -> std::vector<at::Tensor> {
      return {binary ? SoftTargetBinaryCrossEntropy(inputs[0], targets) : SoftTargetCrossEntropy(inputs[0], targets)};
    };
  };
  for (const bool binary : {false, true}) ExpectAsOnTheCpu(with(at::kCPU, binary), with(TestDevice(), binary), {logits}, "cross entropy");
  const auto distilled = [&](const Place& place) -> Loss {
    return [&teacher, place](const std::vector<at::Tensor>& inputs) -> std::vector<at::Tensor> {
      return {DistillationCrossEntropy(inputs[0], place(teacher).to(inputs[0].scalar_type()))};
    };
  };
  ExpectAsOnTheCpu(distilled(Stay), distilled([](const at::Tensor& values) { return OnDevice(values, at::kDouble); }), {logits},
                   "distillation");
}

TEST(LossesOnDevice, OfPixelsAreThoseOfTheCpu) {
  at::Tensor labels = at::arange(2 * 9 * 13, at::kLong).remainder(7).reshape({2, 9, 13}).to(at::kByte);
  labels.masked_fill_(labels.eq(6), 255);
  for (const PixelMean mean : {PixelMean::kAllPixels, PixelMean::kLabelledPixels}) {
    const auto with = [&](at::Device device) -> Loss {
      return [mean, moved = labels.to(device)](const std::vector<at::Tensor>& inputs) -> std::vector<at::Tensor> {
        return {PixelCrossEntropy(inputs[0], moved, mean)};
      };
    };
    ExpectAsOnTheCpu(with(at::kCPU), with(TestDevice()), {ExactValues(1, {2, 6, 4, 5}, 3)}, "pixels");
  }
}

TEST(LossesOnDevice, OfDetectorsAreThoseOfTheCpu) {
  const std::vector<data::InputBoxes> pictures = {{1, 64, 96, 1, 1, {{4, 4, 40, 60, 0}, {30, 10, 90, 50, 1}}},
                                                  {1, 60, 40, 1, 1, {{0, 0, 31, 31, 2}, {2, 30, 33, 58, 2}}}};
  for (const char* type : {"fcos", "fcos_plain", "gflv2"}) {
    mad::HeadSpec spec;
    spec.type = type;
    spec.classes = 4;
    spec.channels = 32;
    torch::nn::Module root("root");
    models::BatchNorms norms;
    const auto head = models::HeadRegistry::Get().Create(type, spec, {{0, 4, 8}, {1, 4, 16}, {2, 4, 32}}, root, norms);
    const auto detector = NewDetectorLoss(dynamic_cast<const models::DetectionHead&>(*head));
    const bool bins = spec.type == "gflv2";
    std::vector<at::Tensor> maps;  // of each level: classes, quality, distances, bins
    for (const auto& [rows, columns] : {std::pair{8, 12}, {4, 6}, {2, 3}, {1, 2}, {1, 1}}) {
      for (const int64_t channels : {4, 1, 4, 68}) {
        if (channels == 68 && !bins) continue;
        const at::Tensor map = ExactValues(maps.size(), {2, channels, rows, columns}, 2);
        maps.push_back(maps.size() % (bins ? 4 : 3) == 2 ? map.abs() + 0.5 : map);
      }
    }
    const Loss loss = [&](const std::vector<at::Tensor>& inputs) -> std::vector<at::Tensor> {
      std::vector<models::DetectionMaps> levels;
      for (size_t i = 0; i < inputs.size(); i += bins ? 4 : 3)
        levels.push_back({inputs[i], inputs[i + 1], inputs[i + 2], bins ? inputs[i + 3] : at::Tensor()});
      const DetectorLossParts parts = detector->Parts(levels, pictures, nullptr);
      return {parts.classes, parts.boxes, parts.quality};
    };
    ExpectAsOnTheCpu(loss, loss, maps, type);
  }
}

TEST(MixingOnDevice, BlendsAndCutsAsTheDrawSays) {
  MixingOptions options;
  options.mixup = 0.4;
  options.cutmix = 1;
  const auto task =
      TaskRegistry::Get().Create("classification", base::Config::FromText("{mixup: 0.4, cutmix: 1, label_smoothing: 0.1}"), int64_t{5});
  const at::Tensor images = ExactValues(1, {6, 3, 8, 8}, 2), labels = at::arange(6, at::kLong).remainder(5);
  int cut = 0;
  for (uint64_t number = 0; number < 8; ++number) {
    const Mix mix = DrawMix(options, base::Random(3, base::RandomPurpose::kMix, 0, number), 0, 6, 8, 8);
    const at::Tensor partner = at::arange(6, at::kLong);
    for (int64_t i = 0; i < 6; ++i) partner[i] = mix.partner[static_cast<size_t>(i)];
    at::Tensor expected = mix.lam * images + (1 - mix.lam) * images.index_select(0, partner);
    if (mix.cut) {
      ++cut;
      expected = images.clone();
      const auto box = [&](const at::Tensor& from) {
        return from.slice(2, mix.box.top, mix.box.bottom).slice(3, mix.box.left, mix.box.right);
      };
      box(expected).copy_(box(images.index_select(0, partner)));
    }
    const at::Tensor targets = SoftTargets(labels, 5, 0.1).to(at::kDouble);
    data::Batch batch;
    batch.images = OnDevice(images, at::kFloat);
    batch.labels = labels.to(TestDevice());
    const TaskInputs mixed = dynamic_cast<const ReplayableTask&>(*task).Inputs(batch, {3, 0, static_cast<int64_t>(number)});
    ExpectClose(mixed.images, expected, "images");
    ExpectClose(mixed.targets, mix.lam * targets + (1 - mix.lam) * targets.index_select(0, partner), "targets");
  }
  EXPECT_GT(cut, 0);
  EXPECT_LT(cut, 8);
}

}  // namespace
}  // namespace deepmad::train
