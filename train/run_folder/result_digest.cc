#include "train/run_folder/result_digest.h"

#include "base/config/config.h"
#include "train/state/checkpoint.h"

namespace deepmad::train {

std::string WithoutPlaces(const std::string& config_yaml) {
  base::Config config = base::Config::FromText(config_yaml, "configuration");
  for (const char* key : {"data.root", "data.workers", "data.queue_batches", "data.cache_bytes"})
    config.Override(std::string(key) + "=null");
  return config.Resolved();
}

std::string ResultDigest(const std::string& resolved_config, const std::string& network_yaml) {
  return Digest(WithoutPlaces(resolved_config) + network_yaml);
}

}  // namespace deepmad::train
