// Writes the inputs that the fuzzers start from: every form that the readers know, as small as it can be.
//
//   fuzz_seeds FOLDER CONFIGS
#include <cstdio>
#include <filesystem>
#include <opencv2/imgcodecs.hpp>
#include <string>

#include "base/atomic_file.h"
#include "data/image/image_io.h"
#include "data/pack/format.h"
#include "tests/data/jpeg_writer.h"
#include "tests/data/pictures.h"
#include "tests/data/png_writer.h"
#include "tests/data/video/made_video.h"
#include "tests/fuzz/checkpoint_seeds.h"

namespace deepmad {
namespace {

namespace fs = std::filesystem;

class Corpus {
 public:
  Corpus(const std::string& root, const std::string& name) : folder_(root + "/" + name) {
    fs::remove_all(folder_);
    base::CreateFolder(folder_);
  }
  void Add(const std::string& bytes) { base::WriteFileAtomically(folder_ + "/" + std::to_string(count_++), bytes); }

 private:
  std::string folder_;
  int count_ = 0;
};

void AddConfigurations(const std::string& configs, const std::string& kind, Corpus& corpus) {
  for (const auto& entry : fs::directory_iterator(configs + "/" + kind)) {
    if (entry.is_regular_file()) corpus.Add(base::ReadFile(entry.path().string()));
  }
}

void WriteConfigs(const std::string& root, const std::string& configs) {
  Corpus config(root, "config"), network(root, "network"), problem(root, "problem");
  AddConfigurations(configs, "run", config);
  AddConfigurations(configs, "arch", network);
  AddConfigurations(configs, "design", problem);
  for (const char* text : {"a: 1\nb: [1, 2.5, -3e4]\n", "a: {b: {c: null}}\nname: \"x\\ty\"\n", "a: &x [1]\nb: *x\n",
                           "a: |\n  two\n  lines\n", "- 1\n", "? a\n: b\n", "a: 'it''s'\n# comment\n", "version: 1e6\nname: !!str 3\n"}) {
    config.Add(text);
    config.Add(text + std::string("\0b.0.c=[x, {y: 1}]", 18));
  }
  const std::string head = "head: {type: classifier, classes: 10}\n";
  network.Add("version: 1\nblocks: [{type: conv, out_channels: 8}]\n" + head);
  network.Add(
      "version: 1\ninput: {channels: 1, height: 9, width: 7}\nblocks:\n  - {type: conv, stride: 2, out_channels: 8, activation: silu}\n"
      "  - {type: basic, depth: 2, bottleneck_channels: 8, out_channels: 8}\n"
      "  - {type: bottleneck, depth: 2, kernel: 5, stride: 2, bottleneck_channels: 8, out_channels: 16}\n" +
      head);
  network.Add(
      "version: 1\ninput: {channels: 3, height: 9, width: 7}\nblocks:\n"
      "  - {type: convnext, depth: 2, kernel: 7, stride: 2, bottleneck_channels: 32, out_channels: 8, layer_scale: false}\n"
      "  - {type: transformer, depth: 2, kernel: 3, bottleneck_channels: 16, out_channels: 8, activation: gelu, layer_scale: true}\n" +
      head);
  problem.Add(
      "version: 1\nstages:\n  - {type: bottleneck, stride: 2, kernel: [3, 5], depth: [1, 3], out_channels: [8, 64]}\nbudgets: {flops: "
      "1e6}\n" +
      head);
}

void WriteIdx(const std::string& root) {
  Corpus corpus(root, "idx");
  const auto add = [&](char dimensions, const std::string& content) { corpus.Add(static_cast<char>(dimensions - 1) + content); };
  const std::string pictures = data::IdxFile({2, 3, 2}, "abcdefghijkl"), labels = data::IdxFile({5}, "abcde");
  add(3, pictures);
  add(1, labels);
  add(2, data::IdxFile({2, 0}, ""));
  for (const std::string& content : {pictures, labels}) {  // gzip: deflate between a header and checksum, size
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
    std::string compressed(100, '\0'), from = content;
    stream.next_in = reinterpret_cast<Bytef*>(from.data());
    stream.avail_in = static_cast<uInt>(from.size());
    stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
    stream.avail_out = static_cast<uInt>(compressed.size());
    deflate(&stream, Z_FINISH);
    compressed.resize(stream.total_out);
    deflateEnd(&stream);
    add(content == labels ? 1 : 3, compressed);
  }
}

void WriteJpegs(const std::string& root) {
  Corpus corpus(root, "jpeg");
  const auto pixels = [](int components) { return data::NoisePicture(9, 9, components).pixels; };
  for (const bool progressive : {false, true}) {
    for (const J_COLOR_SPACE stored : {JCS_YCbCr, JCS_RGB}) {
      data::JpegForm form{JCS_RGB, stored, progressive, false};
      corpus.Add(data::WriteJpeg(9, 9, 3, pixels(3), form));
    }
    corpus.Add(data::WriteJpeg(9, 9, 1, pixels(1), {JCS_GRAYSCALE, JCS_GRAYSCALE, progressive, false}));
    for (const J_COLOR_SPACE stored : {JCS_CMYK, JCS_YCCK}) {
      corpus.Add(data::WriteJpeg(9, 9, 4, pixels(4), {JCS_CMYK, stored, progressive, true}));
    }
  }
  const data::Image smooth = data::SmoothPicture(40, 33, 3);
  corpus.Add(data::WriteJpeg(40, 33, 3, smooth.pixels, {}));
}

void WritePngs(const std::string& root) {
  Corpus corpus(root, "png");
  for (const int channels : {1, 3}) corpus.Add(data::EncodePng(data::NoisePicture(5, 7, channels)));
  const std::string palette(48, '\x55');
  for (const char colour : {0, 2, 3, 4, 6}) {
    for (const char bits : {1, 2, 4, 8, 16}) {
      const bool allowed = colour == 0 || bits == 8 || (colour == 3 ? bits < 8 : bits == 16);
      if (!allowed) continue;
      const int samples = colour == 2 ? 3 : colour == 4 ? 2 : colour == 6 ? 4 : 1;
      const size_t row = 1 + static_cast<size_t>(3 * samples * bits + 7) / 8;
      for (const bool interlaced : {false, true}) {
        const data::PngForm form{bits, colour, interlaced, colour == 3 ? palette : "", colour == 3 ? "\x10" : ""};
        corpus.Add(data::PngByHand(3, 3, form, std::string(3 * row + 12, '\0')));
      }
    }
  }
}

void WriteCoco(const std::string& root) {
  Corpus annotations(root, "coco_annotations"), results(root, "coco_results");
  annotations.Add(R"({"images":[],"annotations":[],"categories":[]})");
  annotations.Add(R"({"info": {"year": 2017}, "images": [{"file_name": "b.jpg", "height": 426, "width": 640, "id": 9}, {"id": 0}],
 "annotations": [{"segmentation": [[1, 2.5]], "area": 5.1, "iscrowd": 0, "image_id": 9, "bbox": [34.8, -2, 7e1, 1.0], "category_id": 18, "id": 22},
 {"segmentation": {"counts": [1, 2], "size": [2, 3]}, "iscrowd": 1, "image_id": 0, "bbox": [0, 0, 2, 1], "category_id": 2, "id": 0}],
 "categories": [{"supercategory": "animal", "id": 18, "name": "d\u006fg"}, {"id": 2}]})");
  annotations.Add(
      R"({"images": [{"file_name": "c.jpg", "height": 40, "width": 60, "id": 1}, {"file_name": "d.jpg", "height": 60, "width": 40, "id": 2}],
 "annotations": [{"id": 1, "image_id": 1, "category_id": 3, "bbox": [-5, 2, 30, 20], "area": 400, "iscrowd": 0},
 {"id": 2, "image_id": 1, "category_id": 3, "bbox": [1, 1, 0.5, 9], "area": 4}, {"id": 3, "image_id": 2, "category_id": 3, "bbox": [70, 1, 5, 9], "area": 4},
 {"id": 4, "image_id": 2, "category_id": 3, "bbox": [0, 0, 40, 60], "area": 0}], "categories": [{"id": 3, "name": "cat"}]})");
  results.Add("[]");
  results.Add(R"([{"image_id": 9, "category_id": 18, "bbox": [1.5, -2, 3, 4], "score": 0.25, "segmentation": []},
{"score": 1, "bbox": [0, 0, 1, 1], "category_id": 2, "image_id": 0}])");
}

void WritePacks(const std::string& root) {
  Corpus corpus(root, "pack");
  for (const int samples : {0, 1, 3}) {
    data::PackShardWriter writer;
    std::string bytes = writer.Begin();
    for (int i = 0; i < samples; ++i) {
      const std::string content = i == 1 ? std::string(2 * 3 * 3, 'p') : "JPEG" + std::string(i, 'x'), name = "a/" + std::to_string(i);
      data::PackedSample sample;
      sample.content = content;
      sample.name = name;
      sample.label = i;
      sample.size = {2, 3};
      sample.channels = i == 1 ? 3 : 0;
      bytes += content;
      bytes += writer.Add(sample);
    }
    corpus.Add(bytes + writer.End());
  }
}

void WriteVideos(const std::string& root) {
  Corpus corpus(root, "video");
  const std::string path = root + "/seed_video";
  for (const auto& [container, encoder] :
       {std::pair{"mp4", "libx264"}, std::pair{"mp4", "mpeg4"}, std::pair{"avi", "mpeg4"}, std::pair{"avi", "mjpeg"},
        std::pair{"matroska", "libx264"}, std::pair{"webm", "libvpx"}, std::pair{"mpegts", "mpeg2video"}}) {
    data::WriteVideo({.container = container, .encoder = encoder, .frames = 4, .height = 16, .width = 16, .group = 3, .b_frames = 0}, path);
    corpus.Add(base::ReadFile(path));
  }
  fs::remove(path);
}

void WriteSafetensors(const std::string& root) {
  Corpus corpus(root, "safetensors_header");
  corpus.Add(std::string("\0\0{}", 4));
  corpus.Add(std::string("\x04\0", 2) + R"({"t": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})");
  corpus.Add(std::string("\x20\0", 2) +
             R"({"__metadata__": {"format": "pt"}, "b": {"dtype": "F32", "shape": [2, 3], "data_offsets": [8, 32]},
    "a": {"dtype": "I64", "shape": [], "data_offsets": [0, 8]}})");
  corpus.Add(
      std::string("\x03\0", 2) +
      R"({"x\u00e9": {"dtype":"BOOL","shape":[3,1,1],"data_offsets":[0,3]},"y":{"dtype":"F16","shape":[0,5],"data_offsets":[3,3]}})");
}

void WriteCheckpoints(const std::string& root) {
  for (const auto& [name, seeds] : {std::pair{"zip", fuzz::ZipSeeds()}, std::pair{"pickle", fuzz::PickleSeeds()},
                                    std::pair{"safetensors", fuzz::SafetensorsSeeds()}, std::pair{"weights", fuzz::WeightsSeeds()}}) {
    Corpus corpus(root, name);
    for (const std::string& seed : seeds) corpus.Add(seed);
  }
}

}  // namespace
}  // namespace deepmad

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: fuzz_seeds FOLDER CONFIGS\n");
    return 2;
  }
  const std::string root = argv[1];
  deepmad::WriteConfigs(root, argv[2]);
  deepmad::WriteIdx(root);
  deepmad::WriteJpegs(root);
  deepmad::WritePngs(root);
  deepmad::WritePacks(root);
  deepmad::WriteCoco(root);
  deepmad::WriteVideos(root);
  deepmad::WriteSafetensors(root);
  deepmad::WriteCheckpoints(root);
}
