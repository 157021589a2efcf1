// deepmad predict RUN_DIR or NETWORK.yaml --weights W FILE...
#include <fmt/format.h>

#include <limits>
#include <optional>

#include "cli/command.h"
#include "cli/run_folder.h"
#include "cli/weights_choice.h"
#include "data/dataset/files_to_predict.h"
#include "mad/network/dense_head_type.h"
#include "train/predict/predict_boxes.h"
#include "train/predict/predict_images.h"
#include "train/predict/predict_scenes.h"
#include "train/predict/predict_videos.h"

namespace deepmad::cli {
namespace {

constexpr double kLeastScore = 0.3;  // of the boxes that are shown

class PredictCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    weights_.Declare(app);
    app.add_option("--batch", batch_, "pictures that the network takes at a time")->check(CLI::Range(1, 65536))->capture_default_str();
    app.add_option("--out", out_, "folder for pictures with what was found: classes laid over a scene, boxes, the frames used of a video");
    app.add_option("--least-score", least_score_, fmt::format("of the boxes of a detector: those below are left out ({})", kLeastScore))
        ->check(CLI::Range(0.0, 1.0));
  }
  std::string Example() const override { return "deepmad predict runs/quickstart picture.png"; }

  void Run() override {
    const Split split = SplitArguments(2, std::numeric_limits<size_t>::max(), "run folder (or network file) and picture");
    const std::string& source = split.files[0];
    const auto [network, config] = OpenRunOrNetwork(source, split.overrides);
    const bool videos = train::TakesVideos(config, network);
    const std::vector<std::string> files = data::FilesToPredict({split.files.begin() + 1, split.files.end()}, videos);
    const models::WeightsPlace weights = weights_.Find(source);
    train::RunOptions options;
    options.device = common.device;
    options.threads = common.threads;
    const bool boxes = mad::PredictsBoxes(network.head.type), draws = network.head.IsDense();
    if (!videos && draws == out_.empty()) {
      throw base::UsageError(draws ? "no --out folder given" : "--out with a network that draws nothing", source,
                             draws ? "give one for the pictures with what was found in them" : "leave it out");
    }
    if (least_score_ && !boxes) throw base::UsageError("--least-score with a network that finds no boxes", source, "leave it out");
    if (common.dry_run) {
      Print({{"network", network.name}, {"files", files}}, fmt::format("would predict {} files with {}\n", files.size(), network.name));
      return;
    }
    if (boxes) {
      const auto predictions = train::PredictBoxes(config, network, weights, files, out_, least_score_.value_or(kLeastScore), options);
      PrintBoxes(predictions);
      CheckAll(predictions.size(), files.size());
      return;
    }
    if (draws) {
      const auto predictions = train::PredictScenes(config, network, weights, files, out_, options);
      PrintScenes(predictions);
      CheckAll(predictions.size(), files.size());
      return;
    }
    base::Json document = base::Json::array();
    std::string text;
    if (videos) {
      for (const train::VideoPrediction& prediction : train::PredictVideos(config, network, weights, files, out_, options)) {
        Add(prediction.file, prediction.top, prediction.sheet, document, text);
      }
    } else {
      for (const train::Prediction& prediction : train::Predict(config, network, weights, files, batch_, options)) {
        Add(prediction.file, prediction.top, "", document, text);
      }
    }
    Print(document, text);
    CheckAll(document.size(), files.size());
  }

 private:
  // The others are predicted and printed, but the exit code is that of a failure.
  static void CheckAll(size_t predicted, size_t files) {
    if (predicted == files) return;
    throw base::FailedError(fmt::format("{} of {} files could not be read", files - predicted, files), "", "the lines above name them");
  }

  static void Add(const std::string& file, const std::vector<train::ClassScore>& scores, const std::string& sheet, base::Json& document,
                  std::string& text) {
    base::Json top = base::Json::array();
    text += sheet.empty() ? file + "\n" : fmt::format("{} -> {}\n", file, sheet);
    for (const train::ClassScore& score : scores) {
      top.push_back({{"class", score.class_index}, {"name", score.name}, {"probability", score.probability}});
      text += fmt::format("  {:.4f}  {:>4}  {}\n", score.probability, score.class_index, score.name);
    }
    document.push_back({{"file", file}, {"top", top}});
    if (!sheet.empty()) document.back()["sheet"] = sheet;
  }

  void PrintScenes(const std::vector<train::ScenePrediction>& predictions) const {
    base::Json document = base::Json::array();
    std::string text;
    for (const train::ScenePrediction& prediction : predictions) {
      base::Json classes = base::Json::array();
      text += fmt::format("{} -> {}\n", prediction.file, prediction.overlay);
      for (const train::ClassShare& one : prediction.classes) {
        classes.push_back({{"class", one.class_index + 1}, {"name", one.name}, {"share", one.share}});
        text += fmt::format("  {:6.2f} %  {:>4}  {}\n", 100 * one.share, one.class_index + 1, one.name);
      }
      document.push_back({{"file", prediction.file}, {"overlay", prediction.overlay}, {"classes", classes}});
    }
    Print(document, text);
  }

  void PrintBoxes(const std::vector<train::BoxPrediction>& predictions) const {
    base::Json document = base::Json::array();
    std::string text;
    for (const train::BoxPrediction& prediction : predictions) {
      base::Json objects = base::Json::array();
      text += fmt::format("{} -> {}\n", prediction.file, prediction.drawing);
      for (const train::FoundObject& one : prediction.objects) {
        const auto [left, top, right, bottom] = one.box;
        objects.push_back({{"class", one.class_index}, {"name", one.name}, {"score", one.score}, {"box", one.box}});
        text += fmt::format("  {:.3f}  {:<20} {:8.1f} {:8.1f} {:8.1f} {:8.1f}\n", one.score, one.name, left, top, right, bottom);
      }
      document.push_back({{"file", prediction.file}, {"drawing", prediction.drawing}, {"objects", objects}});
    }
    Print(document, text);
  }

  WeightsChoice weights_{"best"};
  int batch_ = 32;
  std::string out_;
  std::optional<double> least_score_;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "predict", "the five likeliest classes of pictures or videos, the class of each pixel, or boxes",
                 [] { return std::make_unique<PredictCommand>(); });

}  // namespace deepmad::cli
