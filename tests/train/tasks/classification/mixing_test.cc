#include "train/tasks/classification/mixing.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "tests/train/golden.h"

namespace deepmad::train {
namespace {

at::Tensor Ramp(at::IntArrayRef shape) { return at::arange(c10::multiply_integers(shape), at::kFloat).reshape(shape); }

base::Random MixStream(int64_t batch) { return base::Random(1, base::RandomPurpose::kMix, 0, static_cast<uint64_t>(batch)); }

TEST(Mixing, CutBoxesAreThePublishedOnes) {
  const nlohmann::json golden = Golden("training.json");
  for (const auto& fact : golden["cutmix"]) {
    const Box box = CutBox(fact["H"], fact["W"], fact["lam"], fact["cy"], fact["cx"]);
    const auto& expected = fact["box_y0y1x0x1"];
    EXPECT_EQ(box, (Box{expected[0], expected[1], expected[2], expected[3]}));
    const double lam = 1 - static_cast<double>(box.area()) / (fact["H"].get<double>() * fact["W"].get<double>());
    EXPECT_DOUBLE_EQ(lam, fact["lam_out"]);
  }
}

TEST(Mixing, MixupBlendsImagesAndTargetsWithThePartner) {
  Mix mix;
  mix.lam = 0.75;
  mix.partner = {2, 0, 1};
  const at::Tensor before = Ramp({3, 2, 2, 2});
  at::Tensor images = before.clone();
  MixImages(mix, PartnerIndex(mix, at::kCPU), images);
  EXPECT_FLOAT_EQ(images[0][1][0][1].item<float>(), 0.75F * 5 + 0.25F * 21);
  EXPECT_FLOAT_EQ(images[2][0][0][0].item<float>(), 0.75F * 16 + 0.25F * 8);
  const at::Tensor targets = MixTargets(mix, PartnerIndex(mix, at::kCPU), Ramp({3, 4}));
  EXPECT_FLOAT_EQ(targets[1][3].item<float>(), 0.75F * 7 + 0.25F * 3);
}

TEST(Mixing, CutMixPastesTheBoxOfThePartner) {
  Mix mix;
  mix.lam = 0.5;
  mix.partner = {1, 0};
  mix.cut = true;
  mix.box = {.top = 1, .bottom = 3, .left = 0, .right = 2};
  const at::Tensor before = Ramp({2, 1, 4, 4});
  at::Tensor images = before.clone();
  MixImages(mix, PartnerIndex(mix, at::kCPU), images);
  for (int64_t y = 0; y < 4; ++y) {
    for (int64_t x = 0; x < 4; ++x) {
      const int64_t from = y >= 1 && y < 3 && x < 2 ? 1 : 0;
      EXPECT_EQ(images[0][0][y][x].item<float>(), before[from][0][y][x].item<float>());
      EXPECT_EQ(images[1][0][y][x].item<float>(), before[1 - from][0][y][x].item<float>());
    }
  }
}

TEST(Mixing, ADrawIsAPureFunctionOfItsStream) {
  MixingOptions options;
  options.mixup = 0.2;
  options.cutmix = 1;
  const Mix first = DrawMix(options, MixStream(3), 0, 8, 16, 16);
  const Mix again = DrawMix(options, MixStream(3), 0, 8, 16, 16);
  EXPECT_EQ(first.lam, again.lam);
  EXPECT_EQ(first.partner, again.partner);
  EXPECT_EQ(first.box, again.box);
  EXPECT_NE(first.lam, DrawMix(options, MixStream(4), 0, 8, 16, 16).lam);
}

TEST(Mixing, PartnersArePermutedOrReversed) {
  MixingOptions options;
  options.mixup = 1;
  Mix mix = DrawMix(options, MixStream(0), 0, 100, 8, 8);
  EXPECT_FALSE(std::is_sorted(mix.partner.begin(), mix.partner.end()));
  std::sort(mix.partner.begin(), mix.partner.end());
  for (int64_t i = 0; i < 100; ++i) EXPECT_EQ(mix.partner[static_cast<size_t>(i)], i);
  options.permute = false;
  EXPECT_EQ(DrawMix(options, MixStream(0), 0, 3, 8, 8).partner, (std::vector<int64_t>{2, 1, 0}));
}

TEST(Mixing, WithBothOnAboutHalfTheBatchesAreCut) {
  MixingOptions options;
  options.mixup = options.cutmix = 1;
  int cut = 0;
  for (int64_t batch = 0; batch < 1000; ++batch) cut += DrawMix(options, MixStream(batch), 0, 2, 8, 8).cut ? 1 : 0;
  EXPECT_NEAR(cut, 500, 80);  // five standard deviations
}

TEST(Mixing, IsOffWithoutOptionsAndFromItsOffEpoch) {
  EXPECT_EQ(DrawMix({}, MixStream(0), 0, 4, 8, 8).lam, 1);
  MixingOptions options;
  options.mixup = 1;
  options.off_epoch = 5;
  EXPECT_NE(DrawMix(options, MixStream(0), 4, 4, 8, 8).lam, 1);
  EXPECT_EQ(DrawMix(options, MixStream(0), 5, 4, 8, 8).lam, 1);
}

TEST(Mixing, ANegativeStrengthIsRefused) { EXPECT_THROW(ReadMixing(base::Config::FromText("{mixup: -1}")), base::Error); }

}  // namespace
}  // namespace deepmad::train
