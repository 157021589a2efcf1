#include "tests/fakecuda/task_run.h"

#include "tests/cli/detection_run.h"
#include "tests/cli/scene_run.h"
#include "tests/cli/small_run.h"
#include "tests/cli/video_run.h"
#include "tests/fakecuda/gpu_run.h"

namespace deepmad::fakecuda {
namespace {

template <typename Run>
auto WordsOf(const std::shared_ptr<Run>& run) {
  return [run](const std::string& out, const std::vector<std::string>& overrides) { return run->Words(out, overrides); };
}

}  // namespace

TaskRun::TaskRun(const std::string& task, int updates) : updates_(updates) {
  const std::string number = std::to_string(updates);
  overrides_ = {"train.checkpoint_every_steps=0", "train.log_every_steps=1000"};
  const auto add = [this](const std::vector<std::string>& more) { overrides_.insert(overrides_.end(), more.begin(), more.end()); };
  if (task == "classification") {
    const auto run = std::make_shared<cli::SmallRun>();
    words_ = WordsOf(run);
    run_ = run;
    add({"train.epochs=1", "train.batch_size=16", "data.samples=" + std::to_string(16 * updates), "data.validation_samples=32"});
    return;
  }
  add({"train.steps=" + number, "validate.every_steps=" + number});
  if (task == "detection") {
    const auto run = std::make_shared<cli::DetectionRun>();
    words_ = WordsOf(run);
    pictures_ = run->DataFile("val2017");
    run_ = run;
  } else if (task == "segmentation") {
    const auto run = std::make_shared<cli::SceneRun>();
    words_ = WordsOf(run);
    pictures_ = run->DataFile("images/validation");
    run_ = run;
  } else {
    const auto run = std::make_shared<cli::VideoRun>(task == "frames" ? cli::VideoNetwork::kTsn : cli::VideoNetwork::kClips);
    words_ = WordsOf(run);
    pictures_ = run->DataFile("val/run");
    run_ = run;
    add({"train.epochs=null"});
  }
}

std::vector<std::string> TaskRun::Words(const std::string& out, const std::vector<std::string>& overrides) const {
  std::vector<std::string> all = overrides_;
  all.insert(all.end(), overrides.begin(), overrides.end());
  return OnGpu(words_(out, all));
}

}  // namespace deepmad::fakecuda
