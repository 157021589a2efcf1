// Checkpoints: everything an exact resume needs, in one safetensors file. A damaged file is rejected.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/atomic_file.h"
#include "base/json.h"
#include "models/layers/named_tensors.h"

namespace deepmad::train {

struct Checkpoint {
  models::NamedTensors tensors;  // "model.*", "ema.*", "optimizer.*"
  base::Json state;              // counters, seeds, best values, digest of the configuration
};

// Writes the file with a checksum over state and tensors (models/weights/safetensors.h), then reads it back and verifies it. Throws
// FailedError if either fails.
void SaveCheckpoint(const std::string& path, const Checkpoint& checkpoint);
// Throws FailedError naming the file if it is absent, damaged, of another version, or not a checkpoint.
Checkpoint LoadCheckpoint(const std::string& path);

// The checkpoints of a run, step-00001234.safetensors and so on. Keeps the newest two.
class CheckpointFolder {
 public:
  struct Newest {
    std::string path;
    Checkpoint checkpoint;
  };

  // The folder need not exist; Save creates it, and its parent must exist by then.
  explicit CheckpointFolder(std::string folder) : folder_(std::move(folder)) {}

  void Save(int64_t step, const Checkpoint& checkpoint) const;
  // Loads the newest checkpoint that verifies. Warns about each damaged one and falls back to the one before it. Returns nullopt if there
  // are no checkpoints; throws FailedError if there are some and all are damaged.
  std::optional<Newest> LoadNewest() const;
  // Removes files that a killed process left partly written.
  void RemovePartialFiles() const { base::RemovePartialFiles(folder_); }
  bool empty() const { return Files().empty(); }

 private:
  std::vector<std::string> Files() const;  // paths, oldest first

  std::string folder_;
};

// CRC-32 of text, or of the names and contents of tensors, as 8 hex digits.
std::string Digest(const std::string& text);
std::string Digest(const models::NamedTensors& tensors);

}  // namespace deepmad::train
