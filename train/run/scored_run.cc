#include "train/run/scored_run.h"

#include "base/error.h"
#include "train/loop/divergence.h"

namespace deepmad::train {
namespace {

base::Json Metrics(const base::Config& config, const mad::NetworkSpec& spec, const RunOptions& options, bool batch_statistics) {
  RunOptions scoring = options;
  scoring.batch_statistics = batch_statistics;
  return ValidateRun(config, spec, {options.out + "/last.safetensors"}, scoring).at("metrics");
}

// What guessing scores.
base::Json Diverged(const base::Error& error, int classes, bool test) {
  const base::Json chance = {{"top1", 1.0 / classes}};
  base::Json record = {{"status", "diverged"}, {"error", error.what()}, {"validation", chance}};
  if (test) record["test"] = chance;
  return record;
}

}  // namespace

base::Json TrainAndScore(const RunConfig& config, const mad::NetworkSpec& spec, const RunOptions& options, bool test) {
  const base::Config run = config({});
  if (run.Section("data").IsNull("holdout")) {
    throw base::UsageError("a study in stages chooses by samples held out from training", run.Section("data").Where("holdout"),
                           "set data.holdout: {per_class: ...}");
  }
  base::Json summary;
  try {
    summary = TrainRun(run, spec, options).summary;
  } catch (const base::Error& error) {
    if (!IsDivergence(error)) throw;
    return Diverged(error, spec.head.classes, test);
  }
  base::Json record = {{"status", "finished"}, {"validation", summary.at("metrics")}};
  record["batch_statistics"] = Metrics(config({}), spec, options, /*batch_statistics=*/true);
  record["train"] = Metrics(config({"data.holdout.score=kept"}), spec, options, /*batch_statistics=*/false);
  if (test) record["test"] = Metrics(config({"data.holdout=null"}), spec, options, /*batch_statistics=*/false);
  for (const char* key : {"samples", "train_seconds", "wall_seconds", "images_per_second", "device"}) record[key] = summary.at(key);
  record["threads"] = options.threads;
  return record;
}

}  // namespace deepmad::train
