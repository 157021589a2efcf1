#include "data/pack/writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/file_map.h"
#include "data/image/image_io.h"
#include "data/pack/format.h"
#include "data/transforms/resize.h"

namespace deepmad::data {
namespace {

// What all sources begin with, up to the last '/'.
size_t CommonPrefix(const Dataset& dataset) {
  std::string prefix = dataset.source(0);
  for (int64_t i = 1; i < dataset.size() && !prefix.empty(); ++i) {
    const std::string source = dataset.source(i);
    const auto end = std::mismatch(prefix.begin(), prefix.end(), source.begin(), source.end()).first;
    prefix.erase(end, prefix.end());
  }
  return prefix.rfind('/') + 1;  // 0 where there is none
}

class SplitWriter {
 public:
  SplitWriter(const Dataset& dataset, const std::string& folder, const std::string& split, const PackOptions& options,
              const std::function<void(int64_t)>& progress)
      : dataset_(dataset), folder_(folder), split_(split), options_(options), progress_(progress), prefix_(CommonPrefix(dataset)) {
    shards_.resize((dataset.size() + options.shard_samples - 1) / options.shard_samples);
  }

  // Writes shards until there are none left, or another thread has failed.
  void Work() {
    for (size_t shard; !failed_ && (shard = next_++) < shards_.size();) {
      try {
        Write(shard);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failed_) error_ = std::current_exception();
        failed_ = true;
      }
    }
  }

  base::Json Finish() {
    if (failed_) std::rethrow_exception(error_);
    base::Json entry = {{"samples", dataset_.size()}, {"store", options_.store == PackOptions::Store::kFiles ? "files" : "pixels"}};
    if (options_.shorter_side > 0) entry["shorter_side"] = options_.shorter_side;
    if (options_.shorter_side > 0 && options_.store == PackOptions::Store::kFiles) entry["quality"] = options_.quality;
    entry["shards"] = shards_;
    return entry;
  }

 private:
  void Write(size_t shard) {
    const std::string name = fmt::format("{}-{:05}.pack", split_, shard), path = folder_ + "/" + name;
    const int64_t begin = static_cast<int64_t>(shard) * options_.shard_samples;
    const int64_t end = std::min(dataset_.size(), begin + options_.shard_samples);
    PackShardWriter writer;
    base::WriteFileAtomically(path, [&](const base::AppendBytes& append) {
      const auto put = [&](std::string_view bytes) { append(bytes.data(), bytes.size()); };
      put(writer.Begin());
      for (int64_t i = begin; i < end; ++i) {
        AddSample(i, writer, put);
        const std::lock_guard lock(mutex_);
        if (failed_) throw base::FailedError("given up", path);  // nobody sees it: the first error is told
        if (progress_) progress_(++done_);
      }
      put(writer.End());
    });
    const auto map = base::FileMap::Open(path);
    const PackShard written(map->bytes(), path);  // what was written can be read
    shards_[shard] = {
        {"file", name}, {"samples", written.size()}, {"bytes", map->bytes().size()}, {"index_crc32", written.index_checksum()}};
  }

  template <typename Put>
  void AddSample(int64_t index, PackShardWriter& writer, const Put& put) const {
    const Sample sample = dataset_.Get(index);
    const std::string name = sample.source.substr(prefix_);
    PackedSample packed;
    packed.name = name;
    packed.label = sample.label;
    packed.size = sample.picture.size();
    const bool shrinks = options_.shorter_side > 0 && std::min(packed.size.height, packed.size.width) > options_.shorter_side;
    const bool as_pixels = options_.store == PackOptions::Store::kPixels || sample.picture.encoded().empty();
    if (!shrinks && !as_pixels) {
      packed.content = sample.picture.encoded();
      put(packed.content);
      put(writer.Add(packed));
      return;
    }
    Image image = sample.picture.Decode();
    if (shrinks) {
      packed.size = SizeForShorterSide(packed.size, options_.shorter_side);
      image = Resize(image, packed.size, Interpolation::kBicubic);
    }
    std::string encoded;
    if (as_pixels) {
      packed.channels = image.channels;
      packed.content = {reinterpret_cast<const char*>(image.pixels.data()), image.pixels.size()};
    } else {
      packed.content = encoded = EncodeJpeg(image, options_.quality);
    }
    put(packed.content);
    put(writer.Add(packed));
  }

  const Dataset& dataset_;
  const std::string& folder_;
  const std::string& split_;
  const PackOptions& options_;
  const std::function<void(int64_t)>& progress_;
  const size_t prefix_;
  std::vector<base::Json> shards_;  // each thread writes those of its own shards
  std::atomic<size_t> next_ = 0;
  std::atomic<bool> failed_ = false;
  std::mutex mutex_;  // guards what follows
  int64_t done_ = 0;
  std::exception_ptr error_;
};

}  // namespace

base::Json WritePackSplit(const Dataset& dataset, const std::string& folder, const std::string& split, const PackOptions& options,
                          const std::function<void(int64_t done)>& progress) {
  SplitWriter writer(dataset, folder, split, options, progress);
  std::vector<std::thread> workers;
  for (int i = 0; i < options.threads; ++i) workers.emplace_back([&] { writer.Work(); });
  for (std::thread& worker : workers) worker.join();
  return writer.Finish();
}

void WritePackManifest(const std::string& folder, const std::vector<std::string>& class_names, const base::Json& splits) {
  const base::Json manifest = {{"version", kPackVersion}, {"classes", class_names}, {"splits", splits}};
  std::string text;
  try {
    text = base::JsonText(manifest);
  } catch (const base::Json::type_error&) {
    throw base::FailedError("a class name is not UTF-8", folder, "rename the class folder");
  }
  base::WriteFileAtomically(folder + "/" + kPackManifest, text);
}

}  // namespace deepmad::data
