// deepmad profile --out TABLE.json
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>

#include "base/atomic_file.h"
#include "base/log.h"
#include "cli/command.h"
#include "train/measure/latency_profiler.h"

namespace deepmad::cli {
namespace {

std::string FitTable(const base::Json& document) {
  std::string text = fmt::format("{}\n{:<10} {:<9} {:>6} {:>9} {:>7} {:>13} {:>10}\n", document.at("device").get<std::string>(), "work",
                                 "precision", "batch", "networks", "layers", "median error", "p90");
  for (const base::Json& fit : document.at("fits")) {
    text +=
        fmt::format("{:<10} {:<9} {:>6} {:>9} {:>7} {:>12.1f}% {:>9.1f}%\n", fit.at("work").get<std::string>(),
                    fit.at("precision").get<std::string>(), fit.at("batch").get<int64_t>(), fit.at("networks").get<int64_t>(),
                    fit.at("layers").get<int64_t>(), 100 * fit.at("median_error").get<double>(), 100 * fit.at("p90_error").get<double>());
  }
  return text + "errors of the model fitted to the table, at whole passes and steps of the networks it was measured on\n";
}

class ProfileCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    app.add_option("--out", out_, "file for the table");
    app.add_option("--work", work_, "inference, training or both")
        ->check(CLI::IsMember({"all", "inference", "training"}))
        ->capture_default_str();
    app.add_option("--batch", profile_.batches, "images a pass: 1,8")->delimiter(',')->check(CLI::Range(1, 65536))->capture_default_str();
    app.add_option("--training-batch", profile_.training_batches, "images a training step: 8,32")
        ->delimiter(',')
        ->check(CLI::Range(1, 65536))
        ->capture_default_str();
    app.add_option("--precision", profile_.precisions, "float32, bfloat16 or both")
        ->delimiter(',')
        ->check(CLI::IsMember({"float32", "bfloat16"}))
        ->capture_default_str();
    app.add_option("--resolution", profile_.resolutions, "pixels a side of the networks' inputs: 224,288")
        ->delimiter(',')
        ->check(CLI::Range(16, 4096))
        ->capture_default_str();
    app.add_option("--seconds", profile_.seconds, "to measure for in all")->check(CLI::Range(0.0, 36000.0))->capture_default_str();
  }
  std::string Example() const override { return "deepmad profile --out table.json --threads 1"; }

  void Run() override {
    if (!arguments.empty()) throw base::UsageError(fmt::format("unexpected argument '{}'", arguments[0]), "", "try " + Example());
    profile_.inference = work_ != "training";
    profile_.training = work_ != "inference";
    if (common.seed) profile_.seed = *common.seed;
    if (common.dry_run) {
      Print({{"work", work_}, {"precisions", profile_.precisions}, {"batches", profile_.batches}, {"seconds", profile_.seconds}},
            fmt::format("would measure {} work in {} at batch {} for about {} s\n", work_, fmt::join(profile_.precisions, ", "),
                        fmt::join(profile_.batches, ", "), profile_.seconds));
      return;
    }
    CheckOut();
    train::RunOptions options;
    options.device = common.device;
    options.threads = common.threads;
    const train::Profile profile = train::MeasureProfile(profile_, options);
    base::WriteFileAtomically(out_, mad::LatencyTableText(profile.table));
    const base::Json document = {
        {"table", out_}, {"device", profile.table.device}, {"threads", profile.table.threads}, {"fits", profile.fits}};
    Print(document, FitTable(document));
    base::LogInfo("written to " + out_);
  }

 private:
  // Before minutes of work.
  void CheckOut() const {
    namespace fs = std::filesystem;
    if (out_.empty()) throw base::UsageError("no --out file given", "", "try " + Example());
    const fs::path folder = fs::absolute(out_).parent_path();
    if (!fs::is_directory(folder)) throw base::UsageError("no such folder", folder.string(), "create it, or give another --out");
    if (fs::is_directory(out_)) throw base::UsageError("--out is a folder", out_, "name a file in it, for example " + out_ + "/table.json");
  }

  std::string out_;
  std::string work_ = "all";
  train::ProfileOptions profile_;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "profile", "measure this device's layers into a latency table, for budgets and predictions",
                 [] { return std::make_unique<ProfileCommand>(); });

}  // namespace deepmad::cli
