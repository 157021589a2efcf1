// A small set in the form of each registered dataset, so that tests can loop over the registry.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <string>
#include <tuple>

#include "base/atomic_file.h"
#include "base/json.h"
#include "data/image/image_io.h"
#include "data/pack/writer.h"
#include "tests/data/numbered_dataset.h"
#include "tests/data/pictures.h"
#include "tests/data/video/made_video.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {

inline std::string MakeFashionMiniature(const TemporaryFolder& folder) {
  for (const auto& [prefix, count] : {std::pair{"train", 12}, std::pair{"t10k", 7}}) {
    std::string pixels, labels;
    for (int i = 0; i < count; ++i) {
      const Image image = NoisePicture(28, 28, 1, i);
      pixels.append(image.pixels.begin(), image.pixels.end());
      labels.push_back(static_cast<char>(i % 10));
    }
    const uint32_t n = static_cast<uint32_t>(count);
    folder.Write(std::string(prefix) + "-images-idx3-ubyte", IdxFile({n, 28, 28}, pixels));
    folder.Write(std::string(prefix) + "-labels-idx1-ubyte", IdxFile({n}, labels));
  }
  return "root: " + folder.path() + "\n";
}

inline std::string MakeImageFolderMiniature(const TemporaryFolder& folder) {
  for (const auto& [split, count] : {std::pair{"train", 4}, std::pair{"val", 2}}) {
    for (const char* name : {"ant", "bee", "cat"}) {
      for (int i = 0; i < count; ++i) {
        const std::string file = std::string(split) + "/" + name + "/" + std::to_string(i);
        const Image image = SmoothPicture(20 + i, 30 - i, i % 2 == 0 ? 3 : 1);
        if (i < 2) {
          folder.Write(file + ".JPEG", EncodeJpeg(image));
        } else {
          folder.Write(file + ".png", EncodePng(image));
        }
      }
    }
  }
  return "root: " + folder.path() + "\n";
}

inline std::string MakeSyntheticMiniature(const TemporaryFolder&) {
  return "samples: 30\nvalidation_samples: 11\nclasses: 5\nheight: 16\nwidth: 20\n";
}

inline std::string MakePackMiniature(const TemporaryFolder& folder) {
  PackOptions options;
  options.shard_samples = 4;
  base::Json splits;
  for (const auto& [name, count] : {std::pair{"train", 10}, std::pair{"val", 3}}) {
    splits[name] = WritePackSplit(NumberedDataset(count), folder.path(), name, options);
  }
  WritePackManifest(folder.path(), NumberedDataset(1).class_names(), splits);
  return "root: " + folder.path() + "\n";
}

// Classes 1 to 7 in stripes, 0 where there is none.
inline std::string MakeAde20kMiniature(const TemporaryFolder& folder) {
  for (const auto& [split, count] : {std::pair{"training", 5}, std::pair{"validation", 3}}) {
    for (int i = 0; i < count; ++i) {
      Image map(21 + i, 30 - 2 * i, 1);
      for (int y = 0; y < map.height; ++y) std::fill(map.row(y), map.row(y) + map.width, static_cast<uint8_t>((y / 3 + i) % 8));
      folder.Write(std::string("images/") + split + "/" + std::to_string(i) + ".jpg", EncodeJpeg(SmoothPicture(21 + i, 30 - 2 * i, 3)));
      folder.Write(std::string("annotations/") + split + "/" + std::to_string(i) + ".png", EncodePng(map));
    }
  }
  return "root: " + folder.path() + "\nclasses: 7\n";
}

// A file and a folder of frames in each split.
inline std::string MakeKineticsMiniature(const TemporaryFolder& folder) {
  for (const auto& [split, frames] : {std::pair{"train", 6}, std::pair{"val", 4}}) {
    base::CreateFolder(folder.path() + "/" + split + "/run");
    WriteVideo({.encoder = "mpeg4", .frames = frames, .b_frames = 0}, folder.path() + "/" + split + "/run/a.mp4");
    for (int i = 1; i <= frames; ++i) {
      folder.Write(std::string(split) + "/sit/b/img_0000" + std::to_string(i) + ".jpg",
                   EncodeJpeg(SmoothPicture(20, 30, i % 2 == 0 ? 3 : 1)));
    }
    folder.Write(std::string(split) + "_list_videos.txt", "run/a.mp4 0\nsit/b 1\n");
  }
  return "root: " + folder.path() + "\n";
}

// One coloured block or two on grey, of classes 3, 7 and 20, in pictures that lie and that stand. In training one picture has only a box to
// be dropped, and one nothing at all; in validation one has nothing, and one a crowd.
inline std::string MakeCocoMiniature(const TemporaryFolder& folder) {
  constexpr int kIds[] = {3, 7, 20};
  for (const auto& [split, count, first] : {std::tuple{"train2017", 10, 100}, std::tuple{"val2017", 6, 500}}) {
    base::Json images = base::Json::array(), annotations = base::Json::array(), categories = base::Json::array();
    for (const int id : kIds) categories.push_back({{"id", id}, {"name", "class " + std::to_string(id)}});
    const auto add = [&, first = first](int image, int id, std::array<double, 4> box, double area, int crowd) {
      annotations.push_back({{"id", first * 10 + static_cast<int>(annotations.size())},
                             {"image_id", first + image},
                             {"category_id", id},
                             {"bbox", box},
                             {"area", area},
                             {"iscrowd", crowd}});
    };
    for (int i = 0; i < count; ++i) {
      const bool stands = i % 3 == 0;
      Image picture(stands ? 64 : 48, stands ? 48 : 64, 3);
      std::fill(picture.pixels.begin(), picture.pixels.end(), uint8_t{90});
      for (int block = 0; i < count - 2 && block <= i % 2; ++block) {
        const int which = (i + block) % 3, side = 14 + 4 * (i % 3), left = 3 + block * 24, top = 5 + 2 * (i % 4);
        for (int y = top; y < top + side; ++y) {
          for (int x = left; x < left + side; ++x) picture.row(y)[3 * x + which] = 240;
        }
        add(i, kIds[which], {1.0 * left, 1.0 * top, 1.0 * side, 1.0 * side}, side * side, 0);
      }
      const std::string name = std::to_string(first + i) + ".png";
      folder.Write(std::string(split) + "/" + name, EncodePng(picture));
      images.push_back({{"id", first + i}, {"file_name", name}, {"width", picture.width}, {"height", picture.height}});
    }
    if (std::string(split) == "train2017") add(count - 2, 7, {10, 10, 0.5, 20}, 10, 0);
    if (std::string(split) == "val2017") add(count - 2, 20, {0, 0, 30, 30}, 700, 1);
    folder.Write("annotations/instances_" + std::string(split) + ".json",
                 base::Json{{"images", images}, {"annotations", annotations}, {"categories", categories}}.dump());
  }
  return "root: " + folder.path() + "\n";
}

// Two classes; the lists of the first split.
inline std::string MakeUcf101Miniature(const TemporaryFolder& folder) {
  for (const char* name : {"Archery", "Biking"}) {
    base::CreateFolder(folder.path() + "/UCF-101/" + name);
    for (const int group : {1, 2}) {
      WriteVideo({.container = "avi", .encoder = "mpeg4", .frames = 4 + group, .b_frames = 0},
                 folder.path() + "/UCF-101/" + name + "/v_" + name + "_g0" + std::to_string(group) + "_c01.avi");
    }
  }
  folder.Write("ucfTrainTestlist/classInd.txt", "1 Archery\r\n2 Biking\r\n");
  folder.Write("ucfTrainTestlist/trainlist01.txt", "Archery/v_Archery_g02_c01.avi 1\r\nBiking/v_Biking_g02_c01.avi 2\r\n");
  folder.Write("ucfTrainTestlist/testlist01.txt", "Archery/v_Archery_g01_c01.avi\r\nBiking/v_Biking_g01_c01.avi\r\n");
  return "root: " + folder.path() + "\n";
}

// By dataset name: writes the files and gives the keys of the `data` section.
inline const std::map<std::string, std::function<std::string(const TemporaryFolder&)>>& Miniatures() {
  static const std::map<std::string, std::function<std::string(const TemporaryFolder&)>> miniatures = {
      {"ade20k", MakeAde20kMiniature},         {"coco", MakeCocoMiniature},
      {"fashion_mnist", MakeFashionMiniature}, {"image_folder", MakeImageFolderMiniature},
      {"kinetics", MakeKineticsMiniature},     {"pack", MakePackMiniature},
      {"synthetic", MakeSyntheticMiniature},   {"ucf101", MakeUcf101Miniature}};
  return miniatures;
}

}  // namespace deepmad::data
