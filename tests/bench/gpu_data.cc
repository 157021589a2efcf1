// Makes the data of scripts/gpu_check.sh where the check runs, so that nobody has to carry them: the small sets of tests/gpu/runs and a
// folder of JPEG files.
//
//   gpu_data FOLDER PICTURES      FOLDER/coco, ade20k, kinetics (clips as folders of frames), pictures (ten classes)
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <string>

#include "data/image/image_io.h"
#include "tests/data/miniatures.h"

namespace deepmad::data {
namespace {

namespace fs = std::filesystem;

void Write(const std::string& file, const std::string& content) {
  fs::create_directories(fs::path(file).parent_path());
  std::ofstream(file, std::ios::binary) << content;
}

void Keep(const std::function<std::string(const TemporaryFolder&)>& make, const std::string& folder) {
  const TemporaryFolder made;
  make(made);
  fs::copy(made.path(), folder, fs::copy_options::recursive);
}

// A smooth picture with noise, so that the file has the size of a photograph's.
Image Photograph(int number, int height, int width) {
  Image image = SmoothPicture(height, width, 3);
  const Image noise = NoisePicture(height, width, 3, static_cast<uint64_t>(number));
  for (size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<uint8_t>(image.pixels[i] / 2 + noise.pixels[i] / 8 + 6 * (number % 10));
  return image;
}

void MakeClips(const std::string& folder) {
  for (const std::string split : {"train", "val"}) {
    std::string list;
    for (int clip = 0; clip < 4; ++clip) {
      const std::string name = (clip % 2 == 0 ? "run/" : "sit/") + std::to_string(clip);
      for (int frame = 1; frame <= 9; ++frame)
        Write(folder + "/" + split + "/" + name + "/img_0000" + std::to_string(frame) + ".jpg",
              EncodeJpeg(Photograph(10 * clip + frame, 40, 52)));
      list += name + " " + std::to_string(clip % 2) + "\n";
    }
    Write(folder + "/" + split + "_list_videos.txt", list);
  }
}

void MakePictures(const std::string& folder, int count) {
  for (const auto& [split, pictures] : {std::pair{"train", count}, std::pair{"val", count / 10 + 10}}) {
    for (int i = 0; i < pictures; ++i) {
      const std::string file = folder + "/" + split + "/class" + std::to_string(i % 10) + "/" + std::to_string(i) + ".jpg";
      Write(file, EncodeJpeg(Photograph(i, 256, 256 + i % 64)));
    }
  }
}

int Main(int argc, char** argv) {
  if (argc != 3) throw std::invalid_argument("gpu_data FOLDER PICTURES");
  const std::string folder = argv[1];
  fs::create_directories(folder);
  Keep(MakeCocoMiniature, folder + "/coco");
  Keep(MakeAde20kMiniature, folder + "/ade20k");
  MakeClips(folder + "/kinetics");
  MakePictures(folder + "/pictures", std::stoi(argv[2]));
  return 0;
}

}  // namespace
}  // namespace deepmad::data

int main(int argc, char** argv) {
  try {
    return deepmad::data::Main(argc, argv);
  } catch (const std::exception& error) {
    std::cerr << "gpu_data: " << error.what() << '\n';
    return 1;
  }
}
