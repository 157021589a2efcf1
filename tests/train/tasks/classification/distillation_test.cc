#include "train/tasks/classification/distillation.h"

#include <ATen/ops/conv2d.h>
#include <ATen/ops/linspace.h>
#include <ATen/ops/mse_loss.h>
#include <gtest/gtest.h>

#include "base/error.h"
#include "models/network/init.h"
#include "models/weights/safetensors.h"
#include "tests/temporary_folder.h"
#include "tests/train/tiny_network.h"
#include "train/tasks/classification/classification_losses.h"

namespace deepmad::train {
namespace {

// A teacher of other widths in a folder, and a student.
class DistillationTest : public testing::Test {
 protected:
  DistillationTest() : student_(models::BuildNetwork(TinyNetwork())) {
    mad::NetworkSpec spec = TinyNetwork();
    spec.name = "teacher";
    spec.blocks[0].out_channels = 12;
    spec.blocks[1].out_channels = 20;
    teacher_ = models::BuildNetwork(spec);
    models::Initialize(*teacher_, {}, 5);
    models::Initialize(*student_, {}, 6);
    folder_.Write("teacher.yaml", mad::NetworkToYaml(spec));
    models::WriteSafetensors(folder_.File("teacher.safetensors"), teacher_->StateDict(), {});
    images_ = at::linspace(-2, 2, 4 * 3 * 16 * 16).mul(70).sin().reshape({4, 3, 16, 16});
  }

  Distillation Make(const std::string& more = "", int64_t classes = 4) const {
    return Distillation(base::Config::FromText("{network: " + folder_.File("teacher.yaml") +
                                               ", weights: " + folder_.File("teacher.safetensors") + more + "}"),
                        classes);
  }
  TaskContext Context() const { return {*student_, at::kCPU, true, 1}; }

  TemporaryFolder folder_;
  std::shared_ptr<models::Network> teacher_, student_;
  at::Tensor images_;
};

TEST_F(DistillationTest, AddsTheTeachersCrossEntropyAndTheSquaresOfEachStage) {
  Distillation distillation = Make(", logit_weight: 0.5, feature_weight: 2");
  distillation.Start(Context());
  const models::NamedTensors projections = distillation.Parameters();
  ASSERT_EQ(projections.size(), 2U);
  EXPECT_EQ(projections[1].second.sizes(), (std::vector<int64_t>{20, 16, 1, 1}));
  const models::Network::LogitsAndFeatures student = student_->ForwardWithFeatures(images_);
  teacher_->eval();
  const models::Network::LogitsAndFeatures teacher = teacher_->ForwardWithFeatures(images_);
  double expected = 0.5 * DistillationCrossEntropy(student.logits, teacher.logits).item<double>();
  for (size_t i = 0; i < 2; ++i) {
    expected += 2 * at::mse_loss(at::conv2d(student.features[i], projections[i].second), teacher.features[i]).item<double>();
  }
  const at::Tensor loss = distillation.Loss(student, images_);
  EXPECT_NEAR(loss.item<double>(), expected, 1e-4 * expected);
  loss.backward();
  for (const auto& [name, tensor] : projections) EXPECT_GT(tensor.grad().abs().sum().item<double>(), 0) << name;
  EXPECT_GT(student_->parameters()[0].grad().abs().sum().item<double>(), 0);
}

TEST_F(DistillationTest, WithoutFeaturesThereIsNothingToLearnBeside) {
  Distillation distillation = Make(", feature_weight: 0");
  distillation.Start(Context());
  EXPECT_TRUE(distillation.Parameters().empty());
}

TEST_F(DistillationTest, RefusesATeacherOfOtherClassesOrWeightsOfAnotherNetwork) {
  EXPECT_THROW(Make("", 5), base::Error);
  models::WriteSafetensors(folder_.File("teacher.safetensors"), student_->StateDict(), {});
  Distillation distillation = Make();
  EXPECT_THROW(distillation.Start(Context()), base::Error);
}

}  // namespace
}  // namespace deepmad::train
