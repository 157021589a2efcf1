#include "train/run_folder/result_digest.h"

#include <initializer_list>

#include "base/config/config.h"
#include "base/config/config_difference.h"
#include "train/state/checkpoint.h"

namespace deepmad::train {

namespace {

std::string Without(std::initializer_list<const char*> keys, const std::string& config_yaml) {
  base::Config config = base::Config::FromText(config_yaml, "configuration");
  for (const char* key : keys) config.Override(std::string(key) + "=null");
  return config.Resolved();
}

}  // namespace

std::string WithoutPlaces(const std::string& config_yaml) {
  return Without({"data.root", "data.workers", "data.queue_batches", "data.cache_bytes"}, config_yaml);
}

bool GiveSameResult(const std::string& first_config, const std::string& second_config) {
  const auto compared = [](const std::string& config) { return Without({"design.solver", "train.fused_norm"}, WithoutPlaces(config)); };
  return !base::FirstDifference(compared(first_config), compared(second_config));
}

std::string ResultDigest(const std::string& resolved_config, const std::string& network_yaml) {
  return Digest(WithoutPlaces(resolved_config) + network_yaml);
}

}  // namespace deepmad::train
