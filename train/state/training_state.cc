#include "train/state/training_state.h"

namespace deepmad::train {
namespace {

base::Json ToJson(const RunningMean& mean) { return {{"sum", mean.sum}, {"count", mean.count}}; }
RunningMean MeanFromJson(const base::Json& json) { return {json.at("sum"), json.at("count")}; }

}  // namespace

base::Json ToJson(const RunState& state) {
  base::Json json = {{"step", state.step},
                     {"epoch", state.epoch},
                     {"batch", state.batch},
                     {"samples", state.samples},
                     {"skipped", state.skipped},
                     {"epoch_loss", ToJson(state.epoch_loss)},
                     {"interval_loss", ToJson(state.interval_loss)},
                     {"train_seconds", state.train_seconds},
                     {"wall_seconds", state.wall_seconds},
                     {"best", base::Json::object()},
                     {"metrics", base::Json::object()}};
  for (const auto& [name, best] : state.best) json["best"][name] = {{"value", best.value}, {"epoch", best.epoch}};
  for (const auto& [name, value] : state.metrics) json["metrics"][name] = value;
  return json;
}

RunState RunStateFromJson(const base::Json& json) {
  RunState state;
  state.step = json.at("step");
  state.epoch = json.at("epoch");
  state.batch = json.at("batch");
  state.samples = json.at("samples");
  state.skipped = json.at("skipped");
  state.epoch_loss = MeanFromJson(json.at("epoch_loss"));
  state.interval_loss = MeanFromJson(json.at("interval_loss"));
  state.train_seconds = json.at("train_seconds");
  state.wall_seconds = json.at("wall_seconds");
  for (const auto& [name, best] : json.at("best").items()) state.best[name] = {best.at("value"), best.at("epoch")};
  for (const auto& [name, value] : json.at("metrics").items()) state.metrics.emplace_back(name, value);
  return state;
}

}  // namespace deepmad::train
