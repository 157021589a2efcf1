// How a run looks: curves and the report page, from its epochs.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "train/findings_page.h"

namespace deepmad::train {

struct EpochRecord {
  int64_t step = 0, epoch = 0, samples = 0;  // after it; epoch from 1
  double lr = 0, train_loss = 0;
  std::vector<std::pair<std::string, double>> metrics;  // empty: not validated
  double train_seconds = 0, validate_seconds = 0, images_per_second = 0;
};

base::Json ToJson(const EpochRecord& record);  // a line of log.jsonl
EpochRecord EpochRecordFromJson(const base::Json& json);

// The value of a metric; NaN where the epoch has none.
double MetricOf(const EpochRecord& record, const std::string& name);

// Panels: loss (training, and metrics that start with "loss"), the first of `metrics` with its average ("_ema"), learning rate. Bytes of a
// PNG.
std::string DrawRunCurves(const std::vector<EpochRecord>& epochs, const std::vector<std::string>& metrics);

// HTML. `summary` is that of the run, or empty while it goes on.
std::string DrawRunPage(const std::string& title, const std::vector<EpochRecord>& epochs, const std::vector<std::string>& metrics,
                        const base::Json& summary, const std::string& structure_svg, const std::string& curves_png,
                        const FindingsPage& findings);

}  // namespace deepmad::train
