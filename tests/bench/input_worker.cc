// One side of compare_input.py: epochs of the input pipeline, or of bare decoding, on demand. No torch.
//
//   input_worker pipeline DATASET ROOT THREADS    training batches of 64 at 224 px (random resized crop, mirroring, normalisation)
//   input_worker decode ROOT THREADS              libjpeg-turbo alone: every file of ROOT/train whole, from memory into one buffer a thread
//   input_worker pack ROOT OUT files|pixels|N     writes ROOT as a pack; N: resized to that shorter side, as files
//
// Reads lines "go" and answers {"images": n, "seconds": s, "sum": x}: the sum of some values, which says that the same was made.
#include <cstdio>

#include <jpeglib.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <string>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/batching/batch_prefetcher.h"
#include "data/inputs/open_datasets.h"
#include "data/pack/writer.h"

namespace deepmad {
namespace {

using Clock = std::chrono::steady_clock;

void Answer(int64_t images, Clock::time_point start, double sum) {
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::cout << base::JsonLine({{"images", images}, {"seconds", seconds}, {"sum", sum}}) << std::endl;
}

base::Config Section(const std::string& dataset, const std::string& root) {
  return base::Config::FromText("{name: " + dataset + ", root: " + root + ", cache: none, image_size: 224}");
}

std::unique_ptr<data::Dataset> OpenTrain(const std::string& dataset, const std::string& root) {
  return data::DatasetRegistry::Get().Create(dataset, Section(dataset, root), data::Split::kTrain);
}

void ServePipeline(const std::string& name, const std::string& root, int threads) {
  const auto dataset = OpenTrain(name, root);
  const data::Preparation prepare = data::ReadInputOptions(Section(name, root)).train_pipeline;
  data::StreamOptions options;
  options.sampler = {64, 1, true};
  options.workers = threads;
  data::BatchStream stream(*dataset, prepare, options, data::PlainBatchAllocator());
  int64_t epoch = 0;
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = Clock::now();
    int64_t images = 0;
    double sum = 0;
    data::HostBatch batch;
    stream.StartEpoch(epoch++);
    while (stream.Next(&batch)) {
      images += batch.size;
      sum += batch.images[images % 1000];
    }
    Answer(images, start, sum);
  }
}

// Gives the sum of the last row's first value.
int DecodeBare(const std::string& bytes, std::vector<unsigned char>& buffer) {
  jpeg_decompress_struct info;
  jpeg_error_mgr errors;
  info.err = jpeg_std_error(&errors);
  jpeg_create_decompress(&info);
  jpeg_mem_src(&info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&info, TRUE);
  if (info.jpeg_color_space != JCS_GRAYSCALE) info.out_color_space = JCS_RGB;
  jpeg_start_decompress(&info);
  const size_t row_bytes = static_cast<size_t>(info.output_width) * static_cast<size_t>(info.output_components);
  buffer.resize(std::max(buffer.size(), row_bytes * info.output_height));
  while (info.output_scanline < info.output_height) {
    unsigned char* rows[8];
    for (unsigned i = 0; i < 8; ++i) rows[i] = buffer.data() + std::min(info.output_scanline + i, info.output_height - 1) * row_bytes;
    jpeg_read_scanlines(&info, rows, 8);
  }
  jpeg_finish_decompress(&info);
  jpeg_destroy_decompress(&info);
  return buffer[0];
}

void ServeDecode(const std::string& root, int threads) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root + "/train")) {
    if (entry.is_regular_file()) files.push_back(base::ReadFile(entry.path().string()));
  }
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = Clock::now();
    std::atomic<size_t> next = 0;
    std::atomic<int64_t> sum = 0;
    std::vector<std::thread> workers;
    for (int t = 0; t < threads; ++t) {
      workers.emplace_back([&] {
        std::vector<unsigned char> buffer;
        for (size_t i; (i = next++) < files.size();) sum += DecodeBare(files[i], buffer);
      });
    }
    for (std::thread& worker : workers) worker.join();
    Answer(static_cast<int64_t>(files.size()), start, static_cast<double>(sum));
  }
}

void WritePack(const std::string& root, const std::string& out, const std::string& form) {
  base::CreateFolder(out);
  const auto dataset = OpenTrain("image_folder", root);
  data::PackOptions options;
  if (form == "pixels") options.store = data::PackOptions::Store::kPixels;
  if (form != "pixels" && form != "files") options.shorter_side = std::stoi(form);
  data::WritePackManifest(out, dataset->class_names(), {{"train", data::WritePackSplit(*dataset, out, "train", options)}});
}

int Run(const std::vector<std::string>& words) {
  if (words.size() == 4 && words[0] == "pipeline") {
    ServePipeline(words[1], words[2], std::stoi(words[3]));
  } else if (words.size() == 3 && words[0] == "decode") {
    ServeDecode(words[1], std::stoi(words[2]));
  } else if (words.size() == 4 && words[0] == "pack") {
    WritePack(words[1], words[2], words[3]);
  } else {
    std::cerr << "input_worker: see the top of its source\n";
    return 2;
  }
  return 0;
}

}  // namespace
}  // namespace deepmad

int main(int argc, char** argv) {
  try {
    return deepmad::Run({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::cerr << "input_worker: " << error.what() << "\n";
    return 1;
  }
}
