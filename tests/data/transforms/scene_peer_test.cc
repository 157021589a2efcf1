// The augmentation of scenes beside OpenCV in Python for the same drawn parameters, on real scenes and on noise.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/json.h"
#include "data/annotations/file_pairs.h"
#include "data/image/image_io.h"
#include "data/image/label_map.h"
#include "data/transforms/scene_augmentation.h"
#include "tests/data/pictures.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

template <typename T>
base::Json OrNull(const std::optional<T>& value) {
  return value ? base::Json(*value) : base::Json();
}

void WriteCase(const TemporaryFolder& folder, const std::string& name, const Image& picture, const Image& labels, const SceneDraw& draw) {
  const PhotometricDraw& p = draw.photometric;
  const base::Json json = {{"resized", {draw.resized.height, draw.resized.width}},
                           {"crop", {draw.crop.top, draw.crop.left, draw.crop.height, draw.crop.width}},
                           {"flip", draw.flip},
                           {"brightness", OrNull(p.brightness)},
                           {"contrast", OrNull(p.contrast)},
                           {"contrast_last", p.contrast_last},
                           {"saturation", OrNull(p.saturation)},
                           {"hue", OrNull(p.hue)}};
  folder.Write(name + ".json", base::JsonLine(json));
  folder.Write(name + "_picture.png", EncodePng(picture));
  folder.Write(name + "_labels.png", EncodePng(labels));
  folder.Write(name + "_picture_out.png", EncodePng(ApplyToPicture(draw, picture)));
  folder.Write(name + "_labels_out.png", EncodePng(ApplyToLabels(draw, labels)));
}

base::Json Compare(const TemporaryFolder& folder) {
  const std::string out = folder.File("outcome");
  const std::string command = PeersPython() + " " + SourceFolder() + "/tests/data/transforms/scene_peer.py " + folder.path() + " > " + out;
  if (std::system(command.c_str()) != 0) return {{"cases", 0}};
  return base::Json::parse(base::ReadFile(out));
}

void ExpectWithinOneLevel(const base::Json& outcome, int cases) {
  ASSERT_EQ(outcome.at("cases"), cases);
  EXPECT_EQ(outcome.at("labels"), 0) << outcome;
  EXPECT_LE(outcome.at("levels"), 1) << outcome;
}

TEST(SceneAugmentationPeer, EqualsOpenCvOnNoise) {
  if (PeersPython().empty()) GTEST_SKIP() << "needs the Python peers: run scripts/setup.sh --peers";
  const TemporaryFolder folder;
  SceneAugmentation augmentation;
  augmentation.side = 90;
  augmentation.scale = {.long_edge = 300, .short_edge = 100};
  for (uint64_t i = 0; i < 60; ++i) {
    base::Random random(17, base::RandomPurpose::kAugment, 0, i);
    const int height = static_cast<int>(random.UniformInt(10, 160)), width = static_cast<int>(random.UniformInt(10, 160));
    const Image labels = NoisePicture(height, width, 1, i);
    WriteCase(folder, "noise" + std::to_string(i), NoisePicture(height, width, 3, i), labels, augmentation.Draw(labels, random));
  }
  ExpectWithinOneLevel(Compare(folder), 60);
}

TEST(SceneAugmentationPeer, EqualsOpenCvOnRealScenes) {
  const char* data = std::getenv("DEEPMAD_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "needs DEEPMAD_TEST_DATA";
  if (PeersPython().empty()) GTEST_SKIP() << "needs the Python peers: run scripts/setup.sh --peers";
  const TemporaryFolder folder;
  const SceneAugmentation augmentation;
  const std::string root = std::string(data) + "/ade20k-mini/";
  int cases = 0;
  for (const FilePair& pair : PairFiles(root + "images/training", root + "annotations/training")) {
    const Image picture = ReadImage(pair.first), labels = ReadLabelMap(pair.second, LabelNumbering::kFromOne);
    for (uint64_t i = 0; i < 3; ++i) {
      base::Random random(23, base::RandomPurpose::kAugment, i, cases);
      WriteCase(folder, "scene" + std::to_string(cases++), picture, labels, augmentation.Draw(labels, random));
    }
  }
  ExpectWithinOneLevel(Compare(folder), cases);
}

}  // namespace
}  // namespace deepmad::data
