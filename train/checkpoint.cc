#include "train/checkpoint.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "models/weights/safetensors.h"

namespace deepmad::train {
namespace {

constexpr const char* kVersion = "1";
constexpr const char* kHint = "remove the file, or start again in another folder";
constexpr size_t kKept = 2;

// A running CRC-32 (zlib's); `size` may exceed what one call of zlib takes.
class Crc {
 public:
  void Add(const void* data, size_t size) { value_ = crc32_z(value_, static_cast<const Bytef*>(data), size); }
  void Add(const std::string& text) { Add(text.data(), text.size()); }
  std::string Hex() const { return fmt::format("{:08x}", value_); }

 private:
  uLong value_ = crc32_z(0, nullptr, 0);
};

std::string Checksum(const std::string& state, const NamedTensors& tensors) {
  Crc crc;
  crc.Add(state);
  for (const auto& [name, tensor] : tensors) {
    const at::Tensor data = tensor.detach().cpu().contiguous();
    crc.Add(name);
    crc.Add(data.const_data_ptr(), data.nbytes());
  }
  return crc.Hex();
}

}  // namespace

std::string Digest(const std::string& text) {
  Crc crc;
  crc.Add(text);
  return crc.Hex();
}

std::string Digest(const NamedTensors& tensors) { return Checksum("", tensors); }

void SaveCheckpoint(const std::string& path, const Checkpoint& checkpoint) {
  const std::string state = base::JsonLine(checkpoint.state);
  models::WriteSafetensors(path, checkpoint.tensors,
                           {{"deepmad_checkpoint", kVersion}, {"state", state}, {"checksum", Checksum(state, checkpoint.tensors)}});
  LoadCheckpoint(path);
}

Checkpoint LoadCheckpoint(const std::string& path) {
  models::TensorFile file = models::ReadSafetensors(path);
  const std::string version = file.metadata["deepmad_checkpoint"];
  if (version != kVersion) {
    throw base::FailedError(version.empty() ? "the file is no checkpoint" : "the checkpoint has version " + version + ", known is 1", path,
                            kHint);
  }
  const std::string& state = file.metadata["state"];
  if (Checksum(state, file.tensors) != file.metadata["checksum"]) throw base::FailedError("the checkpoint is damaged", path, kHint);
  return {std::move(file.tensors), base::Json::parse(state)};
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
  base::CreateFolder(folder_);
  SaveCheckpoint((std::filesystem::path(folder_) / fmt::format("step-{:08d}.safetensors", step)).string(), checkpoint);
  const std::vector<std::string> files = Files();
  for (size_t i = 0; i + kKept < files.size(); ++i) {
    std::error_code ignored;  // one file too many does no harm
    std::filesystem::remove(files[i], ignored);
  }
}

std::optional<Checkpoint> CheckpointFolder::LoadNewest() const {
  const std::vector<std::string> files = Files();
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    try {
      return LoadCheckpoint(*file);
    } catch (const base::Error& error) {
      base::LogWarning(std::string(error.what()) + "; taking the checkpoint before it");
    }
  }
  if (files.empty()) return std::nullopt;
  throw base::FailedError("no checkpoint is whole", folder_, "remove the folder to start from the beginning");
}

}  // namespace deepmad::train
