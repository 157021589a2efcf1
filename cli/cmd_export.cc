// deepmad export RUN_DIR or NETWORK.yaml --weights W --safetensors F
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/atomic_file.h"
#include "base/build_info.h"
#include "base/progress.h"
#include "cli/command.h"
#include "cli/model_card.h"
#include "cli/network_source.h"
#include "cli/run_folder.h"
#include "cli/weights_choice.h"
#include "models/network.h"
#include "models/weights/safetensors.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;

base::Json ReadJson(const std::string& path) {
  base::Json document = base::Json::parse(base::ReadFile(path), nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) throw base::FailedError("not a JSON document", path);
  return document;
}

std::string NameOf(const std::string& path) { return fs::path(path).filename().string(); }

class ExportCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    weights_.Declare(app);
    app.add_option("--safetensors", safetensors_, "write the weights, under the names of the published networks, into this file");
  }
  std::string Example() const override { return "deepmad export runs/quickstart --safetensors quickstart.safetensors"; }

  void Run() override {
    const Split split = SplitArguments(1, 1, "run folder or network file");
    if (!split.overrides.empty())
      throw base::UsageError(fmt::format("unexpected argument '{}'", split.overrides[0]), "", "try " + Example());
    const std::string& source = split.files[0];
    const std::vector<std::string> targets = Targets();
    if (targets.empty()) throw base::UsageError("nothing to write", source, "give --safetensors FILE");
    ModelCard card = Describe(source);
    const models::WeightsPlace place = weights_.Find(source);
    card.weights = place.file;
    if (common.dry_run) return Report(card, targets, "would write");

    const std::shared_ptr<models::Network> network = models::BuildNetwork(card.network);
    const models::WeightsFile weights = models::OpenWeights(place);
    models::LoadWeights(*network, weights, models::HeadPolicy::kStrict, place.file);
    network->eval();
    if (!safetensors_.empty()) card.files.push_back(WriteWeights(*network, weights.metadata));
    WriteCards(card);
    Report(card, targets, "wrote");
  }

 private:
  std::vector<std::string> Targets() const {
    std::vector<std::string> targets;
    if (!safetensors_.empty()) targets.push_back(safetensors_);
    return targets;
  }

  // The network and what the run folder tells of it.
  static ModelCard Describe(const std::string& source) {
    ModelCard card;
    const bool folder = IsRunFolder(source);
    const auto inside = [&](const char* name) { return (fs::path(source) / name).string(); };
    const NetworkSource network = FromNetworkFile(folder ? RunNetworkFile(source) : source);
    card.network = network.network;
    card.report = network.report;
    if (!folder) return card;
    if (fs::exists(inside("report.json"))) card.report = ReadJson(inside("report.json"));
    if (fs::exists(inside("summary.json"))) card.summary = ReadJson(inside("summary.json"));
    const base::Config config = base::Config::FromFile(RunConfigFile(source));
    const base::Config data = config.Section("data");
    if (data.Has("mean") && data.Has("std")) {
      const auto list = [&](const char* key) { return base::JsonLine(data.GetDoubles(key, {}, -1e9, 1e9)); };
      card.pixels = fmt::format("mean {}, std {} on [0, 1]", list("mean"), list("std"));
    }
    return card;
  }

  ExportedFile WriteWeights(const models::Network& network, const std::map<std::string, std::string>& before) const {
    std::map<std::string, std::string> metadata = {
        {"format", "pt"}, {"network", mad::NetworkToYaml(network.spec())}, {"version", base::Version()}};
    if (const auto classes = before.find("classes"); classes != before.end()) metadata.insert(*classes);
    const models::NamedTensors tensors = network.StateDict();
    models::WriteSafetensors(safetensors_, tensors, metadata);
    int64_t parameters = 0;
    for (const at::Tensor& parameter : network.parameters()) parameters += parameter.numel();
    const std::string name = NameOf(safetensors_);
    return {safetensors_,
            fmt::format("weights, safetensors: {} tensors, {} parameters, float32", tensors.size(),
                        base::FormatCount(static_cast<double>(parameters))),
            fmt::format("from safetensors.torch import load_file\n\n"
                        "state = load_file(\"{}\")  # the names of the published networks' state_dict\n"
                        "model.load_state_dict(state, strict=True)\n",
                        name),
            fmt::format("#include \"models/network.h\"\n#include \"models/weights/load.h\"\n\n"
                        "auto network = deepmad::models::BuildNetwork(deepmad::mad::LoadNetwork(\"network.yaml\"));\n"
                        "deepmad::models::LoadWeights(*network, {{\"{}\"}}, deepmad::models::HeadPolicy::kStrict);\n"
                        "network->eval();\n",
                        name)};
  }

  // NAME.md beside NAME.safetensors and whatever else has this name.
  static void WriteCards(const ModelCard& card) {
    std::map<std::string, std::vector<ExportedFile>> by_card;
    for (const ExportedFile& file : card.files) by_card[fs::path(file.path).replace_extension(".md").string()].push_back(file);
    for (const auto& [path, files] : by_card) {
      ModelCard one = card;
      one.files = files;
      base::WriteFileAtomically(path, ModelCardText(one));
    }
  }

  void Report(const ModelCard& card, const std::vector<std::string>& targets, const std::string& verb) const {
    std::string text = fmt::format("{} with {}\n", card.network.name, card.weights);
    for (const std::string& target : targets) text += fmt::format("  {} {}\n", verb, target);
    Print({{"network", card.network.name}, {"weights", card.weights}, {"files", targets}}, text);
  }

  WeightsChoice weights_{"best"};
  std::string safetensors_;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "export", "a network's weights for other programs, with a page that describes it",
                 [] { return std::make_unique<ExportCommand>(); });

}  // namespace deepmad::cli
