// What `deepmad pack` wrote. Keys: root (its folder), cache, exif_orientation.
#include <algorithm>
#include <atomic>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_map.h"
#include "base/json.h"
#include "data/dataset/dataset.h"
#include "data/dataset/exif_key.h"
#include "data/dataset/image_cache.h"
#include "data/pack/format.h"

namespace deepmad::data {
namespace {

constexpr size_t kMaxManifestBytes = size_t{1} << 26;

struct Shard {
  std::shared_ptr<const base::FileMap> map;
  PackShard index;
  std::string path;
  int64_t first;  // number of its first sample in the set
};

class Pack : public Dataset {
 public:
  Pack(const std::string& root, const base::Json& manifest, const std::string& split, bool upright) : upright_(upright) {
    manifest.at("classes").get_to(class_names_);
    for (const base::Json& entry : manifest.at("splits").at(split).at("shards")) {
      const std::string path = root + "/" + entry.at("file").get<std::string>();
      auto map = base::FileMap::Open(path);
      PackShard index(map->bytes(), path);
      if (index.index_checksum() != entry.at("index_crc32").get<uint32_t>()) {
        throw base::FailedError("a shard of another pack", path, "pack the data set again");
      }
      const int64_t first = size_;
      size_ += index.size();
      CheckLabels(index, path);
      shards_.push_back({std::move(map), std::move(index), path, first});
    }
    if (size_ == 0) throw base::FailedError("no samples", root + "/" + kPackManifest);
    checked_ = std::vector<std::atomic<bool>>(static_cast<size_t>(size_));
  }

  int64_t size() const override { return size_; }
  int64_t label(int64_t index) const override { return Find(index).second.label; }
  std::string source(int64_t index) const override {
    const auto [shard, sample] = Find(index);
    return Name(*shard, sample);
  }
  const std::vector<std::string>& class_names() const override { return class_names_; }

  Sample Get(int64_t index) const override {
    const auto [shard, sample] = Find(index);
    std::string name = Name(*shard, sample);
    if (!checked_[static_cast<size_t>(index)]) {  // once in a process: pages do not change under it
      if (PackChecksum(sample.content) != sample.checksum) {
        throw base::FailedError("damaged shard: the content has another checksum", name, "pack the data set again");
      }
      checked_[static_cast<size_t>(index)] = true;
    }
    if (sample.channels == 0) return {TurnedIf(upright_, Picture::Encoded(sample.content, shard->map, name)), sample.label, name};
    ImageView view;
    view.pixels = reinterpret_cast<const uint8_t*>(sample.content.data());
    view.height = sample.size.height;
    view.width = sample.size.width;
    view.channels = sample.channels;
    view.stride = view.row_bytes();
    return {Picture(view, shard->map), sample.label, std::move(name)};
  }

 private:
  static std::string Name(const Shard& shard, const PackedSample& sample) { return shard.path + "#" + std::string(sample.name); }

  void CheckLabels(const PackShard& shard, const std::string& path) const {
    for (int64_t i = 0; i < shard.size(); ++i) {
      if (shard.sample(i).label < static_cast<int64_t>(class_names_.size())) continue;
      throw base::FailedError("sample " + std::to_string(i) + " has a label without a class", path, "pack the data set again");
    }
  }

  std::pair<const Shard*, PackedSample> Find(int64_t index) const {
    const auto behind =
        std::upper_bound(shards_.begin(), shards_.end(), index, [](int64_t i, const Shard& shard) { return i < shard.first; });
    const Shard& shard = *(behind - 1);
    return {&shard, shard.index.sample(index - shard.first)};
  }

  bool upright_;
  std::vector<Shard> shards_;
  int64_t size_ = 0;
  std::vector<std::string> class_names_;
  mutable std::vector<std::atomic<bool>> checked_;
};

base::Json ReadManifest(const std::string& root) {
  const std::string path = root + "/" + kPackManifest;
  if (!std::filesystem::exists(path)) {
    throw base::UsageError("no " + std::string(kPackManifest) + ": not a finished pack", root,
                           "write one with: deepmad pack RUN.yaml --out DIR");
  }
  base::Json manifest = base::Json::parse(base::ReadFile(path, kMaxManifestBytes));
  if (const int version = manifest.at("version").get<int>(); version != kPackVersion) {
    throw base::FailedError("a pack of version " + std::to_string(version) + ", this program reads version " + std::to_string(kPackVersion),
                            path, "pack the data set again");
  }
  return manifest;
}

std::unique_ptr<Dataset> MakePack(const base::Config& section, Split split) {
  constexpr int64_t kCacheBytes = int64_t{1} << 30;  // of decoded pictures, for each split
  const std::string root = section.GetPath("root");
  const bool cache = section.GetChoice("cache", "auto", {"auto", "none"}) == "auto";
  const bool upright = ReadsUpright(section);
  std::unique_ptr<Dataset> dataset;
  try {
    dataset = std::make_unique<Pack>(root, ReadManifest(root), split == Split::kTrain ? "train" : "val", upright);
  } catch (const base::Json::exception& e) {
    throw base::FailedError(std::string("damaged manifest: ") + e.what(), root + "/" + kPackManifest, "pack the data set again");
  }
  if (!cache) return dataset;
  return CacheIfSmall(std::move(dataset), kCacheBytes);
}

DEEPMAD_REGISTER(DatasetRegistry, "pack", "the shards that `deepmad pack` wrote: fewer files, and faster where it stored pixels", MakePack);

}  // namespace
}  // namespace deepmad::data
