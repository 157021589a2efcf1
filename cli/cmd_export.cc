// deepmad export RUN_DIR or NETWORK.yaml --weights W --safetensors F --onnx F --python F
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <map>

#include "base/atomic_file.h"
#include "base/build_info.h"
#include "base/progress.h"
#include "base/text_file.h"
#include "cli/command.h"
#include "cli/model_card.h"
#include "cli/network_source.h"
#include "cli/run_folder.h"
#include "cli/weights_choice.h"
#include "mad/python/network_source.h"
#include "models/export/onnx_network.h"
#include "models/network/network.h"
#include "models/weights/safetensors.h"
#include "train/run/train_config.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;

base::Json ReadJson(const std::string& path) {
  base::Json document = base::Json::parse(base::ReadTextFile(path), nullptr, /*allow_exceptions=*/false);
  if (document.is_discarded()) throw base::FailedError("not a JSON document", path);
  return document;
}

std::string NameOf(const std::string& path) { return fs::path(path).filename().string(); }

class ExportCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    weights_.Declare(app);
    app.add_option("--safetensors", safetensors_, "write the weights, under the names of the published networks, into this file");
    app.add_option("--onnx", onnx_, "write the network with its weights into this file, for onnxruntime and others");
    app.add_option("--python", python_, "write the network as one file of plain PyTorch, which loads the file of --safetensors");
    app.add_flag("--fold-bn", fold_norms_, "in --onnx, batch norms become part of the convolutions before them");
    app.add_flag("--detections", detections_,
                 "in --onnx of a detector, its boxes after suppression in place of its maps; one picture at a time");
  }
  std::string Example() const override {
    return "deepmad export runs/quickstart --safetensors quickstart.safetensors --onnx quickstart.onnx --python quickstart.py";
  }

  void Run() override {
    const Split split = SplitArguments(1, 1, "run folder or network file");
    if (!split.overrides.empty())
      throw base::UsageError(fmt::format("unexpected argument '{}'", split.overrides[0]), "", "try " + Example());
    const std::string& source = split.files[0];
    const std::vector<std::string> targets = Targets();
    if (targets.empty()) throw base::UsageError("nothing to write", source, "give --safetensors FILE, --onnx FILE or --python FILE");
    if (detections_ && onnx_.empty()) throw base::UsageError("--detections without --onnx", "", "only an ONNX file has them");
    if (fold_norms_ && onnx_.empty()) throw base::UsageError("--fold-bn without --onnx", "", "only an ONNX file has folded norms");
    ModelCard card = Describe(source);
    const models::BatchNormSettings norms = IsRunFolder(source)
                                                ? train::ReadTrainConfig(base::Config::FromFile(RunConfigFile(source))).batch_norm
                                                : models::BatchNormSettings();
    if (safetensors_.empty() && onnx_.empty()) return WriteStructure(card, norms, targets);
    const models::WeightsPlace place = weights_.Find(source);
    card.weights = place.file;
    if (common.dry_run) return Report(card, targets, "would write");

    const std::shared_ptr<models::Network> network = models::BuildNetwork(card.network);
    network->batch_norm_settings() = norms;
    const models::WeightsFile weights = models::OpenWeights(place);
    models::LoadWeights(*network, weights, models::HeadPolicy::kStrict, place.file);
    network->eval();
    std::map<std::string, std::string> metadata = {{"network", mad::NetworkToYaml(card.network)}, {"version", base::Version()}};
    if (const auto classes = weights.metadata.find("classes"); classes != weights.metadata.end()) metadata.insert(*classes);
    if (!safetensors_.empty()) card.files.push_back(WriteWeights(*network, metadata));
    if (!onnx_.empty()) card.files.push_back(WriteGraph(*network, metadata));
    if (!python_.empty()) card.files.push_back(WriteSource(card.network, norms));
    WriteCards(card);
    Report(card, targets, "wrote");
  }

 private:
  std::vector<std::string> Targets() const {
    std::vector<std::string> targets;
    for (const auto& [target, ending] : {std::pair(&safetensors_, ".safetensors"), {&onnx_, ".onnx"}, {&python_, ".py"}}) {
      if (target->empty()) continue;
      if (fs::path(*target).extension() != ending) {
        throw base::UsageError(fmt::format("the name does not end in {}", ending), *target,
                               "the page beside it has the same name with .md");
      }
      targets.push_back(*target);
    }
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

  static std::string ParameterCount(const models::Network& network) {
    int64_t parameters = 0;
    for (const at::Tensor& parameter : network.parameters()) parameters += parameter.numel();
    return base::FormatCount(static_cast<double>(parameters));
  }

  ExportedFile WriteWeights(const models::Network& network, std::map<std::string, std::string> metadata) const {
    metadata["format"] = "pt";
    const models::NamedTensors tensors = network.StateDict();
    models::WriteSafetensors(safetensors_, tensors, metadata);
    const std::string name = NameOf(safetensors_);
    return {safetensors_, fmt::format("weights, safetensors: {} tensors, {} parameters, float32", tensors.size(), ParameterCount(network)),
            fmt::format("from safetensors.torch import load_file\n\n"
                        "state = load_file(\"{}\")  # the names of the published networks' state_dict\n"
                        "model.load_state_dict(state, strict=True)\n",
                        name),
            fmt::format("#include \"models/network/network.h\"\n#include \"models/weights/load.h\"\n\n"
                        "auto network = deepmad::models::BuildNetwork(deepmad::mad::LoadNetwork(\"network.yaml\"));\n"
                        "deepmad::models::LoadWeights(*network, {{\"{}\"}}, deepmad::models::HeadPolicy::kStrict);\n"
                        "network->eval();\n",
                        name)};
  }

  ExportedFile WriteGraph(models::Network& network, const std::map<std::string, std::string>& metadata) const {
    models::OnnxModel model = models::OnnxFromNetwork(network, {.fold_norms = fold_norms_, .detections = detections_});
    model.metadata = metadata;
    std::vector<std::string> outputs;
    for (const models::OnnxValue& output : model.outputs) outputs.push_back(output.name);
    models::WriteOnnx(onnx_, std::move(model));
    return {onnx_,
            fmt::format("network and weights, ONNX opset {}: {} parameters, {}; {}", models::kOnnxOpset, ParameterCount(network),
                        fold_norms_ ? "batch norms folded into the convolutions" : "batch norms as they are",
                        detections_ ? "one image, its boxes in pixels of the input" : "any batch size"),
            fmt::format("import onnxruntime\n\n"
                        "session = onnxruntime.InferenceSession(\"{}\")\n"
                        "{}, = session.run(None, {{\"images\": images}})  # images: numpy float32, shape and values as above\n",
                        NameOf(onnx_), fmt::join(outputs, ", ")),
            ""};
  }

  // --python alone: a file that holds no weights needs none.
  void WriteStructure(ModelCard& card, const models::BatchNormSettings& norms, const std::vector<std::string>& targets) const {
    if (weights_.given()) {
      throw base::UsageError("weights are given, but --python writes none", python_,
                             "add --safetensors FILE, or leave out --weights and --ema");
    }
    if (common.dry_run) return Report(card, targets, "would write");
    card.files.push_back(WriteSource(card.network, norms));
    WriteCards(card);
    Report(card, targets, "wrote");
  }

  ExportedFile WriteSource(const mad::NetworkSpec& network, const models::BatchNormSettings& norms) const {
    const mad::PythonOptions options{"deepmad " + std::string(base::Version()), norms.eps, norms.momentum};
    base::WriteFileAtomically(python_, mad::PythonNetwork(network, options));
    return {
        python_, "the network as plain PyTorch, class Network",
        fmt::format("from {} import Network\n\nnetwork = Network()  # load_state_dict(strict=True) takes the tensors of --safetensors\n",
                    fs::path(python_).stem().string()),
        ""};
  }

  // NAME.md beside NAME.safetensors, NAME.onnx and whatever else has this name.
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
    std::string text = card.network.name + (card.weights.empty() ? "" : " with " + card.weights) + "\n";
    for (const std::string& target : targets) text += fmt::format("  {} {}\n", verb, target);
    Print({{"network", card.network.name}, {"weights", card.weights}, {"files", targets}}, text);
  }

  WeightsChoice weights_{"best"};
  std::string safetensors_;
  std::string onnx_;
  std::string python_;
  bool fold_norms_ = false;
  bool detections_ = false;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "export", "a network and its weights for other programs, with a page that describes it",
                 [] { return std::make_unique<ExportCommand>(); });

}  // namespace deepmad::cli
