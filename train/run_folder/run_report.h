// Draws the curves and the report page of a run from its epochs.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "train/run_folder/error_analysis_page.h"

namespace deepmad::train {

struct EpochRecord {
  int64_t step = 0, epoch = 0, samples = 0;  // totals after the epoch; epoch counts from 1
  double lr = 0, train_loss = 0;
  std::vector<std::pair<std::string, double>> metrics;  // empty: not validated
  double train_seconds = 0, validate_seconds = 0, images_per_second = 0;
};

base::Json ToJson(const EpochRecord& record);  // a line of log.jsonl
EpochRecord EpochRecordFromJson(const base::Json& json);

// Returns the value of a metric, or NaN if the epoch has none.
double MetricOf(const EpochRecord& record, const std::string& name);

// Draws three panels: losses (of training, and metrics that start with "loss"), the first of `metrics` with its averaged-weights twin
// ("_ema"), and the learning rate. Returns the bytes of a PNG.
std::string DrawRunCurves(const std::vector<EpochRecord>& epochs, const std::vector<std::string>& metrics);

// Returns the report page as HTML. `summary` is the run's summary.json, or empty while the run is in progress.
std::string DrawRunPage(const std::string& title, const std::vector<EpochRecord>& epochs, const std::vector<std::string>& metrics,
                        const base::Json& summary, const std::string& structure_svg, const std::string& curves_png,
                        const FindingsPage& findings);

}  // namespace deepmad::train
