#include "train/state/checkpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/crc32.h"
#include "base/error.h"
#include "base/log.h"
#include "models/weights/safetensors.h"

namespace deepmad::train {
namespace {

constexpr const char* kVersion = "3";
constexpr size_t kKept = 2;

}  // namespace

std::string Digest(const std::string& text) {
  base::Crc32 crc;
  crc.Add(text);
  return crc.Hex();
}

std::string Digest(const models::NamedTensors& tensors) {
  base::Crc32 crc;
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor data = tensor.detach().cpu().contiguous();
    crc.Add(name);
    crc.Add(data.const_data_ptr(), data.nbytes());
  }
  return crc.Hex();
}

void SaveCheckpoint(const std::string& path, const Checkpoint& checkpoint) {
  models::WriteSafetensors(path, checkpoint.tensors, {{"deepmad_checkpoint", kVersion}, {"state", base::JsonLine(checkpoint.state)}});
  LoadCheckpoint(path);
}

Checkpoint LoadCheckpoint(const std::string& path) {
  models::TensorFile file = models::ReadSafetensors(path);
  const std::string version = file.metadata["deepmad_checkpoint"];
  if (version != kVersion) {
    throw base::FailedError(
        version.empty() ? "the file is no checkpoint" : fmt::format("the checkpoint has version {}, known is {}", version, kVersion), path);
  }
  base::Json state = base::Json::parse(file.metadata["state"], nullptr, /*allow_exceptions=*/false);
  if (!file.metadata.contains(models::kChecksumKey) || !state.is_object()) throw base::FailedError("the checkpoint is damaged", path);
  return {std::move(file.tensors), std::move(state)};
}

std::vector<std::string> CheckpointFolder::Files() const {
  std::vector<std::string> files;
  std::error_code absent;
  for (const auto& entry : std::filesystem::directory_iterator(folder_, absent)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with("step-") && name.ends_with(".safetensors")) files.push_back(entry.path().string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

void CheckpointFolder::Save(int64_t step, const Checkpoint& checkpoint) const {
  // Not the folders above it: where the run folder is gone, a checkpoint alone is of no use.
  std::error_code failed;
  std::filesystem::create_directory(folder_, failed);
  if (failed) throw base::FailedError("cannot create the folder: " + failed.message(), folder_);
  SaveCheckpoint((std::filesystem::path(folder_) / fmt::format("step-{:08d}.safetensors", step)).string(), checkpoint);
  const std::vector<std::string> files = Files();
  for (size_t i = 0; i + kKept < files.size(); ++i) {
    std::error_code ignored;  // one file too many does no harm
    std::filesystem::remove(files[i], ignored);
  }
}

std::optional<CheckpointFolder::Newest> CheckpointFolder::LoadNewest() const {
  const std::vector<std::string> files = Files();
  std::vector<std::string> refused;
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    try {
      Newest newest{*file, LoadCheckpoint(*file)};
      for (const std::string& reason : refused) {
        base::LogWarning(fmt::format("{}; going on from {}", reason, std::filesystem::path(*file).filename().string()));
      }
      return newest;
    } catch (const base::Error& error) {
      refused.push_back(error.what());
    }
  }
  if (files.empty()) return std::nullopt;
  throw base::FailedError(fmt::format("no checkpoint can be used, the newest because: {}", refused[0]), folder_,
                          "remove the folder to train from the beginning");
}

}  // namespace deepmad::train
