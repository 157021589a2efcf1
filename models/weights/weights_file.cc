#include "models/weights/weights_file.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/empty_strided.h>
#include <ATen/ops/from_blob.h>

#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/file_map.h"
#include "base/log.h"
#include "models/formats/wrapper_names.h"
#include "models/weights/weight_shards.h"

namespace deepmad::models {
namespace {

at::ScalarType ScalarTypeOf(ElementType type) {
  switch (type) {
    case ElementType::kF64:
      return at::kDouble;
    case ElementType::kF32:
      return at::kFloat;
    case ElementType::kF16:
      return at::kHalf;
    case ElementType::kBF16:
      return at::kBFloat16;
    case ElementType::kI64:
      return at::kLong;
    case ElementType::kI32:
      return at::kInt;
    case ElementType::kI16:
      return at::kShort;
    case ElementType::kI8:
      return at::kChar;
    case ElementType::kU8:
      return at::kByte;
    case ElementType::kBool:
      break;
  }
  return at::kBool;
}

at::Tensor Read(const StoredTensor& stored, const std::shared_ptr<const base::FileMap>& file) {
  const at::TensorOptions options = at::TensorOptions().dtype(ScalarTypeOf(stored.type));
  if (stored.bytes.empty()) return at::empty(stored.shape, options);
  if (reinterpret_cast<uintptr_t>(stored.bytes.data()) % ElementSize(stored.type) != 0) {  // the older form of torch.save aligns nothing
    const at::Tensor tensor = at::empty_strided(stored.shape, stored.strides, options);
    std::memcpy(tensor.mutable_data_ptr(), stored.bytes.data(), stored.bytes.size());
    file->Release(stored.bytes);
    return tensor;
  }
  // Nobody writes to it: the pages are read-only.
  return at::from_blob(
      const_cast<char*>(stored.bytes.data()), stored.shape, stored.strides, [file, bytes = stored.bytes](void*) { file->Release(bytes); },
      options);
}

StoredTensor Rows(StoredTensor tensor, int64_t begin, int64_t end) {
  if (tensor.shape.empty()) return tensor;
  const std::string_view all = tensor.bytes;
  tensor.shape[0] = end - begin;
  PlaceInStorage(tensor, begin * tensor.strides[0], all, "");
  return tensor;
}

WeightsFile OpenOne(const std::string& path, WeightSet set) {
  const std::shared_ptr<const base::FileMap> file = base::FileMap::Open(path);
  StoredWeights stored = ReadStoredWeights(file->bytes(), set, path, [&](std::string_view part) { file->Release(part); });
  WeightsFile result{{}, std::move(stored.metadata)};
  result.entries.reserve(stored.tensors.size());
  for (StoredTensor& tensor : stored.tensors) {
    WeightsEntry entry{tensor.name, ScalarTypeOf(tensor.type), tensor.shape, {}};
    entry.read = [tensor = std::move(tensor), file](int64_t begin, int64_t end) { return Read(Rows(tensor, begin, end), file); };
    result.entries.push_back(std::move(entry));
  }
  return result;
}

WeightsFile OpenShards(const WeightShards& shards, WeightSet set) {
  std::set<std::string> files;
  for (const auto& [name, file] : shards.file_of) files.insert(file);
  WeightsFile all;
  size_t found = 0;
  for (const std::string& file : files) {
    WeightsFile shard = OpenOne(file, set);
    for (WeightsEntry& entry : shard.entries) {
      const auto listed = shards.file_of.find(entry.name);
      if (listed == shards.file_of.end() || listed->second != file) {
        throw base::FailedError("tensor '" + Shown(entry.name) + "' is not there by the index " + shards.index, file,
                                "take index and shards of one version");
      }
      all.entries.push_back(std::move(entry));
      ++found;
    }
    all.metadata.merge(shard.metadata);
  }
  if (found == shards.file_of.size()) return all;
  throw base::FailedError(
      std::to_string(shards.file_of.size() - found) + " of " + std::to_string(shards.file_of.size()) + " tensors are not in their shards",
      shards.index, "take index and shards of one version");
}

void TakeOffWrappers(WeightsFile& file, const std::string& where) {
  std::vector<std::string> names;
  for (const WeightsEntry& entry : file.entries) names.push_back(entry.name);
  std::vector<WeightsEntry> entries;
  for (PlainName& plain : PlainNames(names)) {
    entries.push_back(std::move(file.entries[plain.index]));
    entries.back().name = std::move(plain.name);
  }
  if (const size_t dropped = file.entries.size() - entries.size(); dropped > 0) {
    base::LogInfo(where + ": " + std::to_string(dropped) + " counters of averages or profilers beside the weights are left out");
  }
  file.entries = std::move(entries);
}

}  // namespace

WeightsFile OpenWeights(const WeightsPlace& place) {
  const std::string path = FileOfWeights(place.file);
  const std::optional<WeightShards> shards = ReadWeightShards(path);
  WeightsFile file = shards ? OpenShards(*shards, place.set) : OpenOne(path, place.set);
  TakeOffWrappers(file, path);
  return file;
}

}  // namespace deepmad::models
