#include "models/weights/weight_shards.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <system_error>
#include <vector>

#include "base/error.h"
#include "base/json.h"
#include "base/text_file.h"
#include "models/formats/stored_tensor.h"

namespace deepmad::models {
namespace {

namespace fs = std::filesystem;

constexpr const char* kIndex = ".index.json";
constexpr size_t kMaxIndexBytes = 100'000'000;

bool IsWeights(const std::string& name) {
  constexpr std::array kSuffixes = {".safetensors", ".pth", ".pt", ".ckpt", ".bin", ".pth.tar"};
  return std::ranges::any_of(kSuffixes, [&](const char* suffix) { return name.ends_with(suffix); });
}

}  // namespace

std::string FileOfWeights(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) return path;
  std::vector<std::string> indices, files;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    if (name.ends_with(kIndex)) indices.push_back(name);
    if (IsWeights(name)) files.push_back(name);
  }
  if (indices.size() == 1) return (fs::path(path) / indices.front()).string();
  if (indices.empty() && files.size() == 1) return (fs::path(path) / files.front()).string();
  std::vector<std::string>& found = indices.empty() ? files : indices;
  std::ranges::sort(found);
  const std::string what =
      found.empty() ? "a folder without weights" : fmt::format("{} files of weights: {}", found.size(), fmt::join(found, ", "));
  throw base::UsageError(what, path, "give a file of weights, or the index of its shards");
}

std::optional<WeightShards> ReadWeightShards(const std::string& path) {
  if (!path.ends_with(".json")) return std::nullopt;
  const base::Json document = base::Json::parse(base::ReadTextFile(path, kMaxIndexBytes), nullptr, /*allow_exceptions=*/false);
  const base::Json* map = document.is_object() && document.contains("weight_map") ? &document.at("weight_map") : nullptr;
  if (map == nullptr || !map->is_object() || map->empty()) {
    throw base::FailedError("not an index of shards: it has no weight_map", path, "give a file of weights, or NAME.index.json");
  }
  WeightShards shards{path, {}};
  const fs::path folder = fs::path(path).parent_path();
  for (const auto& [name, file] : map->items()) {
    const std::string shard = file.is_string() ? file.get<std::string>() : "";
    if (shard.empty() || fs::path(shard).filename() != shard || shard == "." || shard == "..") {
      throw base::FailedError("the shard of '" + Shown(name) + "' is no file beside the index", path, "download the folder anew");
    }
    shards.file_of[name] = (folder / shard).string();
  }
  return shards;
}

}  // namespace deepmad::models
