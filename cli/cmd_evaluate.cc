// deepmad evaluate NAME --flags: a results file against the truth, by the metric of its data set.
#include <fmt/format.h>

#include <map>

#include "base/error.h"
#include "cli/evaluation.h"

namespace deepmad::base {
template <>
const char* cli::EvaluationRegistry::kind() {
  return "evaluation";
}
}  // namespace deepmad::base

namespace deepmad::cli {
namespace {

class EvaluateCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    for (const std::string& name : EvaluationRegistry::Get().Names()) {
      const auto& entry = EvaluationRegistry::Get().Find(name);
      std::unique_ptr<Evaluation> evaluation = entry.factory();
      CLI::App* own = app.add_subcommand(name, entry.summary);
      evaluation->Declare(*own);
      own->fallthrough();  // the flags of every command stand behind the name too
      own->footer("Example: deepmad evaluate " + name + " " + evaluation->Example());
      evaluations_[own] = std::move(evaluation);
    }
    app_ = &app;
  }
  std::string Example() const override { return "deepmad evaluate coco --annotations instances_val2017.json --results boxes.json"; }

  void Run() override {
    const Split split = SplitArguments(0, 1, "");
    if (!split.files.empty()) throw base::UnknownName("evaluation", split.files[0], EvaluationRegistry::Get().Names(), "");
    if (!split.overrides.empty()) throw base::UsageError("unexpected argument '" + split.overrides[0] + "'", "", "try " + Example());
    const std::vector<CLI::App*> chosen = app_->get_subcommands();
    if (chosen.size() != 1) throw base::UsageError("name one evaluation", "", "try " + Example());
    const EvaluationReport report = evaluations_.at(chosen[0])->Run(common);
    Print(report.document, report.text);
  }

 private:
  CLI::App* app_ = nullptr;
  std::map<const CLI::App*, std::unique_ptr<Evaluation>> evaluations_;
};

DEEPMAD_REGISTER(CommandRegistry, "evaluate", "scores a results file against the truth; needs no network",
                 [] { return std::make_unique<EvaluateCommand>(); });

}  // namespace
}  // namespace deepmad::cli
