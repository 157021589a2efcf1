// Writes a data set as shards.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "data/dataset/dataset.h"

namespace deepmad::data {

struct PackOptions {
  // kFiles: the pictures' own files. kPixels: decoded, which takes several times the room and no decoding later. Both give the batches of
  // the original bit by bit, as long as pictures are decoded whole and exactly (data.train.decode).
  enum class Store { kFiles, kPixels };
  Store store = Store::kFiles;
  // > 0: pictures with a longer shorter side are resized to it (bicubic, antialiased) and, stored as files, become JPEGs of this quality:
  // less room and faster, but other pixels. For training.
  int shorter_side = 0;
  int quality = 95;               // 1..100
  int64_t shard_samples = 16384;  // the last shard has fewer
  int threads = 1;                // each writes a shard of its own
};

// Writes `dataset` to FOLDER/SPLIT-00000.pack, ... and gives its entry for the manifest. Each shard is whole or absent. Throws the first
// error: FailedError of a sample, naming it, or of the disk. `progress` gets the samples done so far, from one thread at a time.
base::Json WritePackSplit(const Dataset& dataset, const std::string& folder, const std::string& split, const PackOptions& options,
                          const std::function<void(int64_t done)>& progress = {});

// Written last, so that its presence means a finished pack. `splits`: entries by name.
void WritePackManifest(const std::string& folder, const std::vector<std::string>& class_names, const base::Json& splits);

}  // namespace deepmad::data
