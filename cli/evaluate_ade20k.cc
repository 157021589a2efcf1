// deepmad evaluate ade20k --labels DIR --predictions DIR [--classes N] [--names FILE]
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "base/log.h"
#include "cli/evaluation.h"
#include "data/annotations/class_names.h"
#include "data/annotations/file_pairs.h"
#include "data/image/label_map.h"
#include "train/metrics/class_table.h"
#include "train/metrics/mean_iou.h"

namespace deepmad::cli {
namespace {

using train::ClassPixels;
using train::ClassTable;
using train::ClassTableText;
using train::SegmentationCounts;

constexpr int64_t kMostClasses = 255;

// Scores pairs of label map and prediction by several threads. The first broken pair in the order of names is the one that is reported.
class PairScorer {
 public:
  PairScorer(const std::vector<data::FilePair>& pairs, data::LabelNumbering numbering, int64_t classes)
      : pairs_(pairs), numbering_(numbering), classes_(classes), counts_(classes) {}

  SegmentationCounts Score(int threads) {
    std::vector<std::thread> workers;
    for (int i = 0; i < threads; ++i) workers.emplace_back([this] { Work(); });
    for (std::thread& worker : workers) worker.join();
    if (error_) std::rethrow_exception(error_);
    return counts_;
  }

 private:
  void Work() {
    SegmentationCounts counts(classes_);
    for (size_t i = next_++; i < pairs_.size(); i = next_++) {
      try {
        Add(pairs_[i], counts);
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (i < first_wrong_) error_ = std::current_exception();
        first_wrong_ = std::min(first_wrong_, i);
        return;  // what is before it in the order is done or in other hands
      }
    }
    const std::lock_guard lock(mutex_);
    counts_.Merge(counts);
  }

  void Add(const data::FilePair& pair, SegmentationCounts& counts) const {
    const data::Image labels = data::ReadLabelMap(pair.first, numbering_);
    const data::Image predictions = data::ReadLabelMap(pair.second, numbering_);
    data::CheckSameSize({predictions.height, predictions.width}, pair.second, {labels.height, labels.width}, pair.first);
    data::CheckClasses(labels, classes_, numbering_, pair.first);
    data::CheckClasses(predictions, classes_, numbering_, pair.second);
    counts.Add(labels.pixels.data(), predictions.pixels.data(), labels.pixels.size());
  }

  const std::vector<data::FilePair>& pairs_;
  const data::LabelNumbering numbering_;
  const int64_t classes_;
  std::atomic<size_t> next_ = 0;
  std::mutex mutex_;  // guards what follows
  SegmentationCounts counts_;
  std::exception_ptr error_;
  size_t first_wrong_ = SIZE_MAX;
};

class EvaluateAde20k : public Evaluation {
 public:
  void Declare(CLI::App& app) override {
    app.add_option("--labels", labels_, "folder of PNG files: 0 is no class, classes from 1 on")->required();
    app.add_option("--predictions", predictions_, "folder of PNG files of the same names and sizes, numbered like the labels")->required();
    app.add_option("--classes", classes_, "how many there are; a larger number in a file is then an error")->check(CLI::Range(1, 255));
    app.add_option("--names", names_, "file of the classes' names: objectInfo150.txt, or one a line");
    app.add_flag("--zero-is-a-class", from_zero_, "numbers start at 0; 255 is no class");
  }
  std::string Example() const override { return "--labels annotations/validation --predictions maps --names objectInfo150.txt"; }

  EvaluationReport Run(const CommonOptions& common) override {
    const std::vector<data::FilePair> pairs = data::PairFiles(labels_, predictions_);
    if (!names_.empty()) class_names_ = data::ReadClassNames(names_);
    const int threads = common.threads > 0 ? common.threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    const auto numbering = from_zero_ ? data::LabelNumbering::kFromZero : data::LabelNumbering::kFromOne;
    const SegmentationCounts counts = PairScorer(pairs, numbering, classes_ > 0 ? classes_ : kMostClasses).Score(threads);
    WarnOfUnpredicted(counts);

    base::Json document = {
        {"version", 1},           {"mIoU", counts.mean_iou()}, {"mAcc", counts.mean_accuracy()}, {"aAcc", counts.pixel_accuracy()},
        {"images", pairs.size()}, {"pixels", counts.pixels()}};
    std::string text = fmt::format("mIoU {:.2f}   mAcc {:.2f}   aAcc {:.2f}   percent, {} images, {} pixels\n\n", 100 * counts.mean_iou(),
                                   100 * counts.mean_accuracy(), 100 * counts.pixel_accuracy(), pairs.size(), counts.pixels());
    document["classes"] = ClassTable(counts, class_names_, from_zero_ ? 0 : 1);
    text += ClassTableText(document.at("classes"));
    return {std::move(document), std::move(text)};
  }

 private:
  static void WarnOfUnpredicted(const SegmentationCounts& counts) {
    int64_t pixels = counts.pixels();
    for (const ClassPixels& one : counts.classes()) pixels -= one.predicted;
    if (pixels > 0) base::LogWarning(fmt::format("{} labelled pixels are predicted to be of no class: that is never right", pixels));
  }

  std::string labels_, predictions_, names_;
  int64_t classes_ = 0;  // 0: whatever the files have
  bool from_zero_ = false;
  std::vector<std::string> class_names_;
};

DEEPMAD_REGISTER(EvaluationRegistry, "ade20k", "maps of classes by mean intersection over union: mIoU, mAcc, aAcc, and a line a class",
                 [] { return std::make_unique<EvaluateAde20k>(); });

}  // namespace
}  // namespace deepmad::cli
