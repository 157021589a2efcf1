#include "train/predict/trained_network.h"

#include <filesystem>
#include <set>

#include "base/error.h"
#include "models/weights/load.h"
#include "train/run/runtime_setup.h"
#include "train/run/weight_classes.h"

namespace deepmad::train {

namespace fs = std::filesystem;

namespace {

// Of a folder, which may end in a slash, all; of a file, without its suffix.
std::string NameOf(const std::string& path) {
  std::error_code error;
  fs::path place = fs::path(path).lexically_normal();
  if (!place.has_filename()) place = place.parent_path();
  return (fs::is_directory(place, error) ? place.filename() : place.stem()).string();
}

}  // namespace

LoadedNetwork LoadTrained(const mad::NetworkSpec& spec, const models::WeightsPlace& weights, const TrainConfig& config, at::Device device) {
  LoadedNetwork loaded{MakeNetwork(spec, config, device), {}};
  const models::WeightsFile file = models::OpenWeights(weights);
  models::LoadWeights(*loaded.network, file, models::HeadPolicy::kStrict, weights.file);
  loaded.class_names = ClassesOf(file);
  loaded.network->eval();
  return loaded;
}

std::vector<std::string> DrawingFiles(const std::vector<std::string>& files, const std::string& out) {
  std::set<std::string> taken;
  std::vector<std::string> drawings;
  for (const std::string& file : files) {
    drawings.push_back((fs::path(out) / NameOf(file)).string() + ".png");
    if (!taken.insert(drawings.back()).second) throw base::UsageError("two files of one name", file, "predict them into two folders");
  }
  std::error_code error;
  fs::create_directories(out, error);
  if (error) throw base::FailedError("cannot make the folder: " + error.message(), out);
  return drawings;
}

}  // namespace deepmad::train
