// What a trained network sees in videos.
#pragma once

#include <string>
#include <vector>

#include "base/config/config.h"
#include "mad/network/network_spec.h"
#include "models/weights/weights_file.h"
#include "train/run/run_options.h"
#include "train/tasks/top_classes.h"

namespace deepmad::train {

struct VideoPrediction {
  std::string file;
  std::string sheet;            // the PNG of the frames that was written; empty: none
  std::vector<ClassScore> top;  // best first, at most five
};

// Whether predicting with this run or network means videos: its data are clips, or its blocks are 3-D.
bool TakesVideos(const base::Config& config, const mad::NetworkSpec& spec);

// Classifies video files and folders of frames by the protocol of validation: over all its views, averaged as it says. Into the folder
// `out`, where it is not empty, goes a contact sheet of each under its own name with .png: every frame that was looked at, a row a clip,
// with its number and time, and the classes. `config` is the root of a run's configuration; without a `data` section a clip is taken
// from the middle, of every 8th frame, cropped at the input size of `spec`. UsageError for a network that gives no classes or two videos of
// one name; FailedError naming a video that cannot be read, or weights of another network. Error(kStopped) between videos after a signal.
std::vector<VideoPrediction> PredictVideos(const base::Config& config, const mad::NetworkSpec& spec, const models::WeightsPlace& weights,
                                           const std::vector<std::string>& files, const std::string& out, const RunOptions& options);

}  // namespace deepmad::train
