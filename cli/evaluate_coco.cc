// deepmad evaluate coco --annotations A.json --results R.json [--out DIR]
#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/log.h"
#include "cli/evaluation.h"
#include "data/annotations/coco_annotations.h"
#include "data/annotations/coco_results.h"
#include "train/metrics/coco_ap.h"
#include "train/metrics/coco_table.h"
#include "train/numerics/stopwatch.h"
#include "train/report/curves.h"
#include "train/tasks/detection/coco_ground_truth.h"

namespace deepmad::cli {
namespace {

std::vector<train::CocoDetection> Detections(const std::vector<data::CocoResult>& results, const data::CocoAnnotations& file,
                                             const std::string& path) {
  std::vector<train::CocoDetection> detections;
  detections.reserve(results.size());
  for (size_t i = 0; i < results.size(); ++i) {
    const data::CocoResult& result = results[i];
    if (file.ImageIndex(result.image_id) < 0) {
      throw base::FailedError(fmt::format("result {} (image {}): its image is not among those of the annotations", i, result.image_id),
                              path, "give the annotations of the split that was detected on");
    }
    detections.push_back({result.image_id, result.category_id, result.box, result.score});
  }
  return detections;
}

// Programs that number classes from 0 write their index for the id.
const char* MovedHint(const std::vector<train::CocoDetection>& detections, const data::CocoAnnotations& file) {
  for (const int64_t step : {1, -1}) {
    const bool all =
        std::ranges::all_of(detections, [&](const train::CocoDetection& one) { return file.CategoryIndex(one.category + step) >= 0; });
    if (all) return step == 1 ? "; their category ids look one too small" : "; their category ids look one too large";
  }
  return "";
}

train::CurveSeries PrecisionCurve(const std::string& name, const std::array<double, train::kCocoRecallPoints>& precision) {
  train::CurveSeries series;
  double sum = 0;
  for (size_t r = 0; r < precision.size(); ++r) {
    series.x.push_back(static_cast<double>(r) / static_cast<double>(precision.size() - 1));
    series.y.push_back(std::max(precision[r], 0.0));
    sum += precision[r];
  }
  series.name = fmt::format("{}: {}", name, train::CocoPercent(sum / static_cast<double>(precision.size())));
  return series;
}

// Mean over classes at three thresholds, and the mean over all ten; the legend says the area below.
std::string PrecisionRecallPng(const train::CocoScores& scores) {
  train::CurvePanel panel{
      .title = "Precision over recall, mean over classes", .x_label = "recall", .series = {}, .percent = true, .legend_values = false};
  for (const size_t t : {0, 5, 8}) {
    panel.series.push_back(PrecisionCurve(fmt::format("IoU {:.2f}", train::CocoIouThresholds()[t]), scores.precision[t]));
  }
  std::array<double, train::kCocoRecallPoints> mean{};
  for (const auto& row : scores.precision) {
    for (size_t r = 0; r < row.size(); ++r) mean[r] += row[r] / train::kCocoThresholds;
  }
  panel.series.push_back(PrecisionCurve("IoU 0.50:0.95", mean));
  return train::CurvesPng({panel});
}

class EvaluateCoco : public Evaluation {
 public:
  void Declare(CLI::App& app) override {
    app.add_option("--annotations", annotations_, "annotation file in COCO's format")->required();
    app.add_option("--results", results_, "detections: a list of image_id, category_id, bbox, score")->required();
    app.add_option("--out", out_, "folder for evaluation.json and the curves, precision_recall.png");
  }
  std::string Example() const override { return "--annotations instances_val2017.json --results boxes.json --out scores"; }

  EvaluationReport Run(const CommonOptions& common) override {
    const data::CocoAnnotations file = data::ReadCocoAnnotations(annotations_);
    const std::vector<train::CocoDetection> detections = Detections(data::ReadCocoResults(results_), file, results_);
    const int threads = common.threads > 0 ? common.threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    const train::CocoTruths truths = train::TruthsOf(file);
    train::Stopwatch stopwatch;
    const train::CocoScores scores = train::ScoreCocoBoxes(truths, detections, threads);
    const double score_seconds = stopwatch.Lap();
    if (scores.other_detections > 0) {
      base::LogWarning(fmt::format("{} results are of categories that the annotations do not list; they are left out{}",
                                   scores.other_detections, MovedHint(detections, file)));
    }
    base::Json document = {{"version", 1}};
    document.update(train::CocoScoresJson(scores, train::CategoryNames(file)));
    document.update({{"images", file.images.size()},
                     {"annotations", file.annotations.size()},
                     {"detections", detections.size()},
                     {"other_detections", scores.other_detections},
                     {"score_seconds", score_seconds}});
    std::string text = train::CocoScoresText(document);
    if (!out_.empty() && !common.dry_run) {
      base::CreateFolder(out_);
      base::WriteFileAtomically(out_ + "/evaluation.json", base::JsonText(document));
      base::WriteFileAtomically(out_ + "/precision_recall.png", PrecisionRecallPng(scores));
    }
    return {std::move(document), std::move(text)};
  }

 private:
  std::string annotations_, results_, out_;
};

DEEPMAD_REGISTER(EvaluationRegistry, "coco", "boxes by COCO's metric: the twelve numbers, and a line a class",
                 [] { return std::make_unique<EvaluateCoco>(); });

}  // namespace
}  // namespace deepmad::cli
