// deepmad evaluate kinetics --labels LIST --scores S.json [--names FILE]
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>

#include "base/error.h"
#include "cli/evaluation.h"
#include "data/annotations/class_names.h"
#include "data/annotations/video_list.h"
#include "data/annotations/video_score_file.h"
#include "train/metrics/mean_class_accuracy.h"
#include "train/metrics/top_k.h"

namespace deepmad::cli {
namespace {

// Labels by the path in the list.
struct Truths {
  std::map<std::string, int64_t> label;
  int64_t most = -1;
};

Truths ReadTruths(const std::string& path) {
  const data::VideoList list = data::ReadVideoList(path);
  if (list.from_csv) throw base::UsageError("a list of class names", path, "give the list of 'relative/path label'");
  Truths truths;
  for (const data::ListedVideo& video : list.videos) {
    truths.label[video.path] = video.label;
    truths.most = std::max(truths.most, video.label);
  }
  return truths;
}

class Scored {
 public:
  Scored(Truths truths, std::string labels, std::string scores)
      : truths_(std::move(truths)), labels_(std::move(labels)), path_(std::move(scores)) {}

  void Read() {
    data::ReadVideoScores(path_, [this](const std::string& video, const std::vector<float>& scores) { Add(video, scores); });
    if (truths_.label.empty()) return;
    throw base::FailedError(
        fmt::format("{} videos of the list have no scores, the first is '{}'", truths_.label.size(), truths_.label.begin()->first), path_,
        "score every video of " + labels_);
  }
  const train::TopKCounts& counts() const { return counts_; }
  const train::ClassAccuracyCounts& classes() const { return *classes_; }

 private:
  void Add(const std::string& video, const std::vector<float>& scores) {
    const auto truth = truths_.label.find(video);
    if (truth == truths_.label.end()) {
      throw base::FailedError(fmt::format("'{}' is not in the list {}, or has scores twice", video, labels_), path_);
    }
    const auto classes = static_cast<int64_t>(scores.size());
    if (truths_.most >= classes)
      throw base::FailedError(fmt::format("label {} of {} scores (labels start at 0)", truths_.most, classes), labels_);
    if (!classes_) classes_.emplace(classes);
    counts_.Add(scores.data(), &truth->second, 1, classes);
    classes_->Add(truth->second, std::max_element(scores.begin(), scores.end()) - scores.begin());
    truths_.label.erase(truth);
  }

  Truths truths_;  // of the videos still to come
  const std::string labels_, path_;
  train::TopKCounts counts_;
  std::optional<train::ClassAccuracyCounts> classes_;
};

class EvaluateKinetics : public Evaluation {
 public:
  void Declare(CLI::App& app) override {
    app.add_option("--labels", labels_, "list of the videos, a line 'relative/path label' each, labels from 0 on")->required();
    app.add_option("--scores", scores_, "JSON: {\"relative/path\": [score of each class, ...], ...}, the mean over the views of a video")
        ->required();
    app.add_option("--names", names_, "file of the classes' names, one a line");
  }
  std::string Example() const override { return "--labels val_list_videos.txt --scores scores.json --names classes.txt"; }

  EvaluationReport Run(const CommonOptions&) override {
    Scored scored(ReadTruths(labels_), labels_, scores_);
    scored.Read();
    std::vector<std::string> names;
    if (!names_.empty()) names = data::ReadClassNames(names_);
    const train::TopKCounts& counts = scored.counts();
    base::Json document = {{"version", 1},
                           {"top1", counts.top1()},
                           {"top5", counts.top5()},
                           {"mean_class_accuracy", scored.classes().mean()},
                           {"videos", counts.samples()},
                           {"classes", base::Json::array()}};
    std::string text = fmt::format("top-1 {:.2f}   top-5 {:.2f}   mean class accuracy {:.2f}   percent, {} videos\n\n", 100 * counts.top1(),
                                   100 * counts.top5(), 100 * scored.classes().mean(), counts.samples());
    text += fmt::format("{:>5} {:<28} {:>7} {:>10} {:>9}\n", "class", "", "videos", "predicted", "accuracy");
    const auto& classes = scored.classes().classes();
    for (size_t i = 0; i < classes.size(); ++i) {
      const auto& one = classes[i];
      if (one.samples == 0 && one.predicted == 0) continue;  // scored nowhere
      const std::string name = i < names.size() ? names[i] : fmt::format("class {}", i);
      document["classes"].push_back(
          {{"class", i}, {"name", name}, {"videos", one.samples}, {"predicted", one.predicted}, {"right", one.right}});
      const std::string accuracy =
          one.samples == 0 ? "-" : fmt::format("{:.2f}", 100.0 * static_cast<double>(one.right) / static_cast<double>(one.samples));
      text += fmt::format("{:>5} {:<28} {:>7} {:>10} {:>9}\n", i, name, one.samples, one.predicted, accuracy);
    }
    return {std::move(document), std::move(text)};
  }

 private:
  std::string labels_, scores_, names_;
};

DEEPMAD_REGISTER(EvaluationRegistry, "kinetics", "scores of videos: top-1, top-5, mean class accuracy, and a line a class",
                 [] { return std::make_unique<EvaluateKinetics>(); });

}  // namespace
}  // namespace deepmad::cli
