#include "cli/weights_choice.h"

#include <filesystem>

#include "base/error.h"
#include "cli/run_folder.h"

namespace deepmad::cli {

void WeightsChoice::Declare(CLI::App& app) {
  app.add_option(
      "--weights", given_,
      "safetensors, a file of torch.save, or the index of shards (their folder); a run folder's " + own_ + ".safetensors where absent");
  app.add_flag("--ema", ema_, "the averaged weights: of the run folder, or state_dict_ema of the file");
}

models::WeightsPlace WeightsChoice::Find(const std::string& source) const {
  if (given_.empty() && !IsRunFolder(source)) throw base::UsageError("no --weights given", source, "a file needs --weights FILE beside it");
  const std::string own = own_ + (ema_ ? "_ema" : "") + ".safetensors";
  const std::string file = given_.empty() ? (std::filesystem::path(source) / own).string() : given_;
  if (!std::filesystem::exists(file)) {
    throw base::UsageError("no such weights file", file,
                           given_.empty() && ema_ ? "leave out --ema: the run averaged no weights" : "give --weights FILE");
  }
  return {file, ema_ && !given_.empty() ? models::WeightSet::kAveraged : models::WeightSet::kTrained};
}

}  // namespace deepmad::cli
