#include "data/inputs/boxes_config.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/error.h"
#include "data/inputs/boxes_preparation.h"

namespace deepmad::data {
namespace {

constexpr int64_t kLongestEdge = 8192;

TrainingBoxes ReadTraining(const base::Config& train) {
  TrainingBoxes training;
  training.long_edge = static_cast<int>(train.GetInt("long_edge", training.long_edge, 1, kLongestEdge));
  const std::vector<int64_t> edges = train.GetInts("short_edge", {training.short_edges.front()}, 1, kLongestEdge);
  training.between = train.GetChoice("draw", "choice", {"choice", "range"}) == "range";
  if (edges.empty() || (training.between && (edges.size() != 2 || edges[0] > edges[1]))) {
    throw base::UsageError(train.Path("short_edge") + (training.between ? " must be a range [low, high]" : " must be one edge or more"),
                           train.Where("short_edge"));
  }
  training.short_edges.assign(edges.begin(), edges.end());
  training.flip = train.GetDouble("flip", training.flip, 0, 1);
  return training;
}

}  // namespace

InputOptions ReadBoxOptions(const base::Config& section, const Normaliser& normaliser) {
  const TrainingBoxes training = ReadTraining(section.Section("train"));
  const base::Config validate = section.Section("validate");
  const SceneScale scale{static_cast<int>(validate.GetInt("long_edge", 1333, 1, kLongestEdge)),
                         static_cast<int>(validate.GetInt("short_edge", 800, 1, kLongestEdge))};
  return {PrepareTrainingBoxes(training, normaliser),
          PrepareWholeBoxes(scale, normaliser),
          {normaliser.channels(), *std::ranges::max_element(training.short_edges), training.long_edge},
          /*one_shape=*/false,
          LabelKind::kBoxes,
          fmt::format("short edge {}, long edge at most {} px, bilinear", scale.short_edge, scale.long_edge),
          static_cast<int>(section.GetInt("workers", 2, 0, 1024)),
          static_cast<int>(section.GetInt("queue_batches", 4, 1, 1024))};
}

}  // namespace deepmad::data
