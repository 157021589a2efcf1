// deepmad bench NETWORK.yaml or RUN_DIR
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "cli/command.h"
#include "cli/run_folder.h"
#include "train/measure/benchmark.h"

namespace deepmad::cli {
namespace {

double Number(const base::Json& json, const char* key) { return json.at(key).get<double>(); }
std::string Text(const base::Json& json, const char* key) { return json.at(key).get<std::string>(); }

std::string CaseTable(const base::Json& document) {
  std::string text = fmt::format("{}: {:.4g} MACs, {:.4g} parameters; {}\n\n", Text(document, "network"), Number(document, "macs"),
                                 Number(document, "params"), Text(document, "device"));
  text += fmt::format("{:<10} {:<9} {:>6} {:>7} {:>10} {:>10} {:>10} {:>10} {:>8} {:>11}\n", "work", "precision", "batch", "passes",
                      "median ms", "p10", "p90", "images/s", "GMAC/s", "tensors MB");
  for (const base::Json& row : document.at("cases")) {
    const base::Json& times = row.at("milliseconds");
    const std::string rate = row.contains("gmacs_per_second") ? fmt::format("{:.1f}", Number(row, "gmacs_per_second")) : "";
    text +=
        fmt::format("{:<10} {:<9} {:>6} {:>7} {:>10.3f} {:>10.3f} {:>10.3f} {:>10.1f} {:>8} {:>11.1f}\n", Text(row, "work"),
                    Text(row, "precision"), row.at("batch").get<int64_t>(), row.at("passes").get<int64_t>(), Number(times, "median"),
                    Number(times, "p10"), Number(times, "p90"), Number(row, "images_per_second"), rate, Number(row, "tensor_bytes") / 1e6);
  }
  return text + fmt::format("\nmemory of the process at its peak: {:.0f} MB\n", Number(document, "peak_resident_bytes") / 1e6);
}

std::string LayerTable(const base::Json& layers) {
  std::string text = fmt::format("\nlayers at batch {} in {}\n{:<48} {:<24} {:>9} {:>6} {:>11} {:>7}\n", layers.at("batch").get<int64_t>(),
                                 Text(layers, "precision"), "name", "kind", "ms", "share", "MACs", "GMAC/s");
  for (const base::Json& row : layers.at("rows")) {
    text += fmt::format("{:<48} {:<24} {:>9.4f} {:>5.1f}% {:>11.4g} {:>7.1f}\n", Text(row, "name"), Text(row, "kind"),
                        Number(row, "milliseconds"), 100 * Number(row, "share"), Number(row, "macs"), Number(row, "gmacs_per_second"));
  }
  return text;
}

class BenchCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    app.add_option("--work", work_, "inference, training, or all that the network can do")
        ->check(CLI::IsMember({"all", "inference", "training"}))
        ->capture_default_str();
    app.add_option("--batch", benchmark_.batches, "images at a time: 1,8,32")
        ->delimiter(',')
        ->check(CLI::Range(1, 65536))
        ->capture_default_str();
    app.add_option("--precision", benchmark_.precisions, "one or more of float32, bfloat16 and float16")
        ->delimiter(',')
        ->check(CLI::IsMember({"float32", "bfloat16", "float16"}))
        ->capture_default_str();
    app.add_option("--seconds", benchmark_.seconds, "to measure each case for")->check(CLI::Range(0.0, 3600.0))->capture_default_str();
    app.add_flag("--graphs", benchmark_.graphs, "record the work once and replay it (CUDA graphs), as train.cuda_graphs does");
    app.add_flag("--layers", benchmark_.layers, "also the time of each layer, at the largest batch in the first precision");
  }
  std::string Example() const override { return "deepmad bench configs/arch/deepmad-r18.yaml --batch 1,8 --layers"; }

  void Run() override {
    const Split split = SplitArguments(1, 1, "network file or run folder");
    const NetworkAndConfig source = OpenRunOrNetwork(split.files[0], split.overrides);
    benchmark_.inference = work_ != "training";
    benchmark_.training = work_ == "training" || (work_ == "all" && train::CanTrain(source.config, source.network));
    train::RunOptions options;
    options.device = common.device;
    options.threads = common.threads;
    if (common.dry_run) {
      Print({{"network", source.network.name}, {"batches", benchmark_.batches}, {"precisions", benchmark_.precisions}},
            fmt::format("would measure {} at batch {} in {}\n", source.network.name, fmt::join(benchmark_.batches, ", "),
                        fmt::join(benchmark_.precisions, ", ")));
      return;
    }
    const base::Json document = train::Benchmark(source.config, source.network, benchmark_, options);
    Print(document, CaseTable(document) + (benchmark_.layers ? LayerTable(document.at("layers")) : ""));
  }

 private:
  std::string work_ = "all";
  train::BenchmarkOptions benchmark_;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "bench", "latency, throughput and memory of a network, and the time of each layer",
                 [] { return std::make_unique<BenchCommand>(); });

}  // namespace deepmad::cli
