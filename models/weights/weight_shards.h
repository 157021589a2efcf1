// Weights in several files, as Hugging Face's programs save large networks: shards, and an index that says which tensor is in which.
#pragma once

#include <map>
#include <optional>
#include <string>

namespace deepmad::models {

struct WeightShards {
  std::string index;                           // the file, for messages
  std::map<std::string, std::string> file_of;  // by the tensor's name
};

// The file of weights that `path` stands for: itself, or in a folder its only index of shards (NAME.index.json) or its only file of
// weights. UsageError listing what is in a folder where neither is the case.
std::string FileOfWeights(const std::string& path);

// The shards that the index `path` lists; nullopt where the file's name does not end in .json. FailedError naming it for what is no index,
// and for shards outside its folder.
std::optional<WeightShards> ReadWeightShards(const std::string& path);

}  // namespace deepmad::models
