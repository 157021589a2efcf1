// The input pipeline against timm, torchvision and Pillow, for the same drawn parameters: input_peer.py.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/atomic_file.h"
#include "data/image/image_io.h"
#include "data/transforms/auto_augment.h"
#include "data/transforms/channels.h"
#include "data/transforms/color_jitter.h"
#include "data/transforms/lighting.h"
#include "data/transforms/normalise.h"
#include "data/transforms/rand_augment.h"
#include "data/transforms/resize.h"
#include "tests/data/pictures.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

bool Python(const std::string& action, const TemporaryFolder& folder) {
  return std::system((PeersPython() + " " + SourceFolder() + "/tests/data/inputs/input_peer.py " + action + " " + folder.path()).c_str()) ==
         0;
}

std::string Bytes(const Image& image) { return std::string(image.pixels.begin(), image.pixels.end()); }

nlohmann::json OpJson(const AugmentOp& op) {
  constexpr const char* kSamplings[] = {"nearest", "bilinear", "bicubic"};
  return {{"op", OpName(op.kind)}, {"value", op.value}, {"sampling", kSamplings[static_cast<int>(op.sampling)]}, {"fill", op.fill}};
}

// A photograph where there are some, else a made picture.
Image SomePicture(uint64_t index) {
  if (const char* data = std::getenv("DEEPMAD_TEST_DATA")) {
    std::vector<std::string> files;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(data) + "/imagenet-mini/val")) {
      if (entry.is_regular_file()) files.push_back(entry.path().string());
    }
    std::sort(files.begin(), files.end());
    const Image image = ReadImage(files[index * 37 % files.size()]);
    if (image.channels == 3) return image;
  }
  return SmoothPicture(90 + static_cast<int>(index % 7), 110, 3);
}

// Of single operations nearest sampling may pick the neighbour where Pillow's fixed-point coordinates fall on the other side of a border.
struct Agreement {
  int64_t values = 0;
  int64_t different = 0;
  int largest = 0;
};

Agreement Compare(const std::vector<std::vector<AugmentOp>>& drawn) {
  const TemporaryFolder folder;
  nlohmann::json cases = nlohmann::json::array();
  std::vector<Image> images;
  for (size_t i = 0; i < drawn.size(); ++i) {
    Image image = SomePicture(i);
    folder.Write(std::to_string(i) + ".in", Bytes(image));
    nlohmann::json ops = nlohmann::json::array();
    for (const AugmentOp& op : drawn[i]) ops.push_back(OpJson(op));
    cases.push_back({{"image", std::to_string(i)}, {"height", image.height}, {"width", image.width}, {"ops", ops}});
    for (const AugmentOp& op : drawn[i]) op.Apply(image);
    images.push_back(std::move(image));
  }
  folder.Write("cases.json", cases.dump());
  EXPECT_TRUE(Python("augment", folder));
  Agreement agreement;
  for (size_t i = 0; i < images.size(); ++i) {
    const std::string theirs = base::ReadFile(folder.File(std::to_string(i) + ".out"));
    EXPECT_EQ(theirs.size(), images[i].pixels.size());
    for (size_t k = 0; k < theirs.size(); ++k) {
      const int difference = std::abs(static_cast<uint8_t>(theirs[k]) - images[i].pixels[k]);
      ++agreement.values;
      agreement.different += difference > 0;
      agreement.largest = std::max(agreement.largest, difference);
    }
  }
  return agreement;
}

template <typename Policy>
std::vector<std::vector<AugmentOp>> Drawn(const Policy& policy, uint64_t count) {
  std::vector<std::vector<AugmentOp>> drawn;
  for (uint64_t i = 0; i < count; ++i) {
    base::Random random(2, base::RandomPurpose::kAugment, 0, i);
    drawn.push_back(policy.Draw(random));
  }
  return drawn;
}

class AugmentPeer : public testing::Test {
 protected:
  void SetUp() override {
    if (PeersPython().empty()) GTEST_SKIP() << "no Python peers: run scripts/setup.sh --peers";
  }
};

TEST_F(AugmentPeer, EachOperationIsPillowsForRandomArguments) {
  std::vector<std::vector<AugmentOp>> drawn;
  base::Random random(3, base::RandomPurpose::kAugment);
  for (int kind = 0; kind < static_cast<int>(OpKind::kShearX); ++kind) {
    const auto op = static_cast<OpKind>(kind);
    for (int i = 0; i < 6; ++i) {
      double value = random.Uniform(0.1, 1.9);
      if (op == OpKind::kSolarize) value = random.Uniform(0, 256);
      if (op == OpKind::kSolarizeAdd) value = static_cast<double>(random.UniformInt(0, 110));
      if (op == OpKind::kPosterize) value = static_cast<double>(random.UniformInt(1, 8));
      drawn.push_back({AugmentOp{op, value}});
    }
  }
  const Agreement agreement = Compare(drawn);
  EXPECT_EQ(agreement.different, 0) << "of " << agreement.values << ", by up to " << agreement.largest;
}

TEST_F(AugmentPeer, SmoothGeometricOperationsArePillowsForRandomArguments) {
  std::vector<std::vector<AugmentOp>> drawn;
  base::Random random(4, base::RandomPurpose::kAugment);
  for (const Sampling sampling : {Sampling::kBilinear, Sampling::kBicubic}) {
    for (int kind = static_cast<int>(OpKind::kShearX); kind <= static_cast<int>(OpKind::kRotate); ++kind) {
      for (int i = 0; i < 4; ++i) {
        const bool rotates = static_cast<OpKind>(kind) == OpKind::kRotate;
        drawn.push_back({AugmentOp{static_cast<OpKind>(kind), rotates ? random.Uniform(-30, 30) : random.Uniform(-0.45, 0.45), sampling}});
      }
    }
  }
  const Agreement agreement = Compare(drawn);
  EXPECT_LE(agreement.largest, 1);
  EXPECT_LE(agreement.different, agreement.values / 100000);
}

TEST_F(AugmentPeer, NearestSamplingIsPillowsButForItsRoundedCoordinates) {
  std::vector<std::vector<AugmentOp>> drawn;
  base::Random random(5, base::RandomPurpose::kAugment);
  for (int i = 0; i < 6; ++i) {
    for (int kind = static_cast<int>(OpKind::kShearX); kind <= static_cast<int>(OpKind::kRotate); ++kind) {
      const bool rotates = static_cast<OpKind>(kind) == OpKind::kRotate;
      drawn.push_back(
          {AugmentOp{static_cast<OpKind>(kind), rotates ? random.Uniform(-30, 30) : random.Uniform(-0.45, 0.45), Sampling::kNearest}});
    }
  }
  const Agreement agreement = Compare(drawn);
  EXPECT_LE(agreement.different, agreement.values / 200);
}

TEST_F(AugmentPeer, RandAugmentAndColorJitterArePillowsForTheSameDraws) {
  for (const auto& drawn : {Drawn(RandAugment{2, 7, 0.5, 1}, 60), Drawn(ColorJitter{0.4}, 20)}) {
    const Agreement agreement = Compare(drawn);
    EXPECT_LE(agreement.different, agreement.values / 1000) << "by up to " << agreement.largest;
  }
}

TEST_F(AugmentPeer, AutoAugmentIsPillowsForTheSameDraws) {
  for (const auto variant : {AutoAugment::Variant::kOriginal, AutoAugment::Variant::kZen480}) {
    const Agreement agreement = Compare(Drawn(AutoAugment{variant}, 60));
    EXPECT_LE(agreement.different, agreement.values / (variant == AutoAugment::Variant::kOriginal ? 1000 : 200));
  }
}

TEST_F(AugmentPeer, LightingAndNormalisationAreTorchvisionsBitByBit) {
  const TemporaryFolder folder;
  const Image image = NoisePicture(224, 224, 3);
  base::Random random(1, base::RandomPurpose::kAugment);
  const std::array<float, 3> added = Lighting{0.1}.Draw(random);
  folder.Write("in.raw", Bytes(image));
  folder.Write("added.json", nlohmann::json(added).dump());
  ASSERT_TRUE(Python("finish", folder));
  const std::string theirs = base::ReadFile(folder.File("out.raw"));
  std::vector<float> ours(image.pixels.size());
  Normaliser({0.485, 0.456, 0.406}, {0.229, 0.224, 0.225}).ApplyAdding(added, image, MemoryLayout::kContiguous, ours.data());
  ASSERT_EQ(theirs.size(), ours.size() * sizeof(float));
  EXPECT_EQ(std::memcmp(theirs.data(), ours.data(), theirs.size()), 0);
}

// Pillow runs one pass first or the other, as it finds cheaper; where it takes the rows first its own passes, columns first, are the
// measure.
TEST(ValidationPeer, PixelsAreTimmsOnEveryPhotograph) {
  if (PeersPython().empty()) GTEST_SKIP() << "no Python peers: run scripts/setup.sh --peers";
  const char* data = std::getenv("DEEPMAD_TEST_DATA");
  if (!data) GTEST_SKIP() << "DEEPMAD_TEST_DATA is not set";
  const TemporaryFolder folder;
  struct Protocol {
    int size;
    double crop_pct;
    Interpolation interpolation;
  };
  const Protocol protocols[] = {{224, 0.875, Interpolation::kBicubic}, {224, 0.875, Interpolation::kBilinear},
                                {224, 0.95, Interpolation::kBicubic},  {288, 1.0, Interpolation::kBicubic},
                                {288, 0.875, Interpolation::kBicubic}, {64, 1.0, Interpolation::kBicubic}};
  nlohmann::json cases = nlohmann::json::array();
  std::vector<Image> ours;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(data) + "/imagenet-fullsize/val")) {
    if (!entry.is_regular_file()) continue;
    for (const Protocol& p : protocols) {
      cases.push_back({{"file", entry.path().string()},
                       {"name", std::to_string(ours.size())},
                       {"size", p.size},
                       {"crop_pct", p.crop_pct},
                       {"interpolation", InterpolationName(p.interpolation)}});
      Image image = ReadImage(entry.path().string());
      ConvertChannels(image, 3);
      ours.push_back(ValidationResize{p.size, p.crop_pct, p.interpolation}(image));
    }
  }
  ASSERT_EQ(ours.size(), 240u);
  folder.Write("cases.json", cases.dump());
  ASSERT_TRUE(Python("validate", folder));
  int as_timm = 0;
  for (size_t i = 0; i < ours.size(); ++i) {
    const std::string name = folder.File(std::to_string(i)), pixels = Bytes(ours[i]);
    const std::string columns_first = base::ReadFile(name + ".columns_first"), timm = base::ReadFile(name + ".timm");
    EXPECT_TRUE(pixels == columns_first) << cases[i];
    if (timm == columns_first) {
      EXPECT_TRUE(pixels == timm) << cases[i];
    }
    as_timm += pixels == timm;
  }
  RecordProperty("equal_to_timm", as_timm);
  std::printf("%d of %zu equal timm's; the others are those where Pillow runs its pass over the rows first\n", as_timm, ours.size());
  EXPECT_GE(as_timm, 120);
}

}  // namespace
}  // namespace deepmad::data
