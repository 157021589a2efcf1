// Everything that an exact resume needs, in one safetensors file that is whole or refused.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/atomic_file.h"
#include "base/json.h"
#include "train/named_tensors.h"

namespace deepmad::train {

struct Checkpoint {
  NamedTensors tensors;  // "model.*", "ema.*", "optimizer.*"
  base::Json state;      // counters, seeds, best values, digest of the configuration
};

// Writes the file (models/weights/safetensors.h: with a checksum over state and tensors), then opens it again and verifies it. FailedError.
void SaveCheckpoint(const std::string& path, const Checkpoint& checkpoint);
// FailedError naming the file for one that is absent, damaged, of another version, or no checkpoint.
Checkpoint LoadCheckpoint(const std::string& path);

// step-00001234.safetensors, ...: the last two are kept.
class CheckpointFolder {
 public:
  struct Newest {
    std::string path;
    Checkpoint checkpoint;
  };

  explicit CheckpointFolder(std::string folder) : folder_(std::move(folder)) {}  // need not exist yet, the one above it must on saving

  void Save(int64_t step, const Checkpoint& checkpoint) const;
  // The newest one that verifies; a broken one is named in a warning and the one before it is taken. nullopt: none is there. FailedError
  // when there are some and all are broken.
  std::optional<Newest> LoadNewest() const;
  // Removes what a killed writer left half written.
  void RemovePartialFiles() const { base::RemovePartialFiles(folder_); }
  bool empty() const { return Files().empty(); }

 private:
  std::vector<std::string> Files() const;  // paths, oldest first

  std::string folder_;
};

// CRC-32 of text, or of the names and contents of tensors, as 8 hex digits.
std::string Digest(const std::string& text);
std::string Digest(const NamedTensors& tensors);

}  // namespace deepmad::train
