#include "train/run_folder/run_dir.h"

#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "models/weights/safetensors.h"
#include "train/run_folder/result_digest.h"

namespace deepmad::train {
namespace {

// The place of a line of log.jsonl; nullopt for one that is not ours.
struct LogPlace {
  int64_t step = 0;
  bool epoch = false;
};
std::optional<LogPlace> PlaceOf(const base::Json& record) {
  if (!record.is_object() || !record.contains("step") || !record["step"].is_number_integer()) return std::nullopt;
  return LogPlace{record["step"], record.value("type", base::Json()) == "epoch"};
}

}  // namespace

RunDir::RunDir(const std::string& path, std::string title, std::map<std::string, std::string> metadata, std::vector<std::string> metrics,
               bool writes)
    : path_(path),
      title_(std::move(title)),
      metadata_(std::move(metadata)),
      metrics_(std::move(metrics)),
      writes_(writes),
      checkpoints_(File("checkpoints")) {}

std::string RunDir::File(const std::string& name) const { return (std::filesystem::path(path_) / name).string(); }

std::string RunDir::HeldDigest() const { return ResultDigest(base::ReadFile(File("config.yaml")), base::ReadFile(File("network.yaml"))); }

RunDir::Found RunDir::Look(const RunFiles& files, bool fresh) const {
  if (!std::filesystem::exists(File("config.yaml"))) return Found::kNothing;
  if (fresh) throw base::UsageError("the folder holds a run already", path_, "give another --out");
  if (base::ReadFile(File("network.yaml")) != files.network_yaml ||
      !GiveSameResult(base::ReadFile(File("config.yaml")), files.config_yaml)) {
    throw base::UsageError("the folder holds a run of another configuration", path_, "give another --out");
  }
  return std::filesystem::exists(File("summary.json")) ? Found::kFinished : Found::kUnfinished;
}

void RunDir::Claim() {
  if (!writes_) return;
  lock_ = std::make_unique<base::FolderLock>(path_);
  base::RemovePartialFiles(path_);
  checkpoints_.RemovePartialFiles();
}

void RunDir::Continue() { Claim(); }

void RunDir::Start(const RunFiles& files) {
  if (!writes_) return;
  base::CreateFolder(path_);
  Claim();
  base::WriteFileAtomically(File("network.yaml"), files.network_yaml);
  if (!files.design_report.empty()) base::WriteFileAtomically(File("report.json"), files.design_report);
  if (!files.structure_svg.empty()) base::WriteFileAtomically(File("structure.svg"), files.structure_svg);
  base::WriteFileAtomically(File("config.yaml"), files.config_yaml);  // last: its presence means that the others are there
}

void RunDir::OpenLogs(int64_t step, int64_t epoch_step) {
  if (!writes_) return;
  const auto keep = [=](int64_t at, bool epoch) { return at <= (epoch ? epoch_step : step); };
  const std::string lines = File("log.jsonl"), csv = File("metrics.csv"), events = File("events.out.tfevents.deepmad");
  CutJsonLines(lines, [&](const base::Json& record) {
    const std::optional<LogPlace> place = PlaceOf(record);
    return place && keep(place->step, place->epoch);
  });
  CutCsv(csv, "step", [&](double at) { return keep(static_cast<int64_t>(at), true); });
  CutTensorboardEvents(events, [&](int64_t at, const std::string& tag) { return keep(at, !tag.starts_with("step/")); });
  epochs_.clear();
  if (std::filesystem::exists(lines)) {
    for (const base::Json& record : ReadJsonLines(lines)) {
      if (!PlaceOf(record)->epoch) continue;
      try {
        epochs_.push_back(EpochRecordFromJson(record));
      } catch (const base::Json::exception& error) {
        throw base::FailedError(fmt::format("a line of the log is not one of a run ({})", error.what()), lines, "remove the line");
      }
    }
  }
  std::vector<std::string> columns = {"epoch", "step", "samples", "lr", "train_loss"};
  columns.insert(columns.end(), metrics_.begin(), metrics_.end());
  columns.insert(columns.end(), {"train_seconds", "validate_seconds", "images_per_second"});
  logs_.reset(new Logs{JsonLinesLog(lines), CsvLog(csv, columns), TensorboardEvents(events)});
}

void RunDir::LogSteps(const StepRecord& record) {
  if (!writes_) return;
  base::Json line = {{"type", "steps"},
                     {"step", record.step},
                     {"epoch", record.epoch},
                     {"samples", record.samples},
                     {"lr", record.lr},
                     {"loss", record.loss},
                     {"gradient_norm", record.gradient_norm},
                     {"data_seconds", record.data_seconds},
                     {"forward_seconds", record.forward_seconds},
                     {"backward_seconds", record.backward_seconds},
                     {"optimizer_seconds", record.optimizer_seconds},
                     {"images_per_second", record.images_per_second},
                     {"data_share", record.data_share},
                     {"peak_bytes", record.peak_bytes},
                     {"left_seconds", record.left_seconds}};
  std::vector<std::pair<std::string, double>> values = {{"step/loss", record.loss},
                                                        {"step/lr", record.lr},
                                                        {"step/gradient_norm", record.gradient_norm},
                                                        {"step/images_per_second", record.images_per_second},
                                                        {"step/data_share", record.data_share},
                                                        {"step/peak_bytes", static_cast<double>(record.peak_bytes)}};
  if (record.loss_scale) {
    line["loss_scale"] = *record.loss_scale;
    line["skipped"] = record.skipped;
    values.emplace_back("step/loss_scale", *record.loss_scale);
  }
  logs_->lines.Append(line);
  logs_->events.Add(record.step, values);
}

void RunDir::LogEpoch(const EpochRecord& record) {
  if (!writes_) return;
  logs_->lines.Append(ToJson(record));
  std::vector<double> row = {static_cast<double>(record.epoch), static_cast<double>(record.step), static_cast<double>(record.samples),
                             record.lr, record.train_loss};
  for (const std::string& name : metrics_) row.push_back(MetricOf(record, name));
  row.insert(row.end(), {record.train_seconds, record.validate_seconds, record.images_per_second});
  logs_->csv.Append(row);
  std::vector<std::pair<std::string, double>> values = {{"train/loss", record.train_loss}};
  for (const auto& [name, value] : record.metrics) values.emplace_back("validate/" + name, value);
  logs_->events.Add(record.step, values);
  epochs_.push_back(record);
  Draw({}, {});
}

void RunDir::Draw(const base::Json& summary, const FindingsPage& findings) const {
  const std::string curves = DrawRunCurves(epochs_, metrics_);
  base::WriteFileAtomically(File("curves.png"), curves);
  const std::string svg = std::filesystem::exists(File("structure.svg")) ? base::ReadFile(File("structure.svg")) : "";
  base::WriteFileAtomically(File("report.html"), DrawRunPage(title_, epochs_, metrics_, summary, svg, curves, findings));
}

void RunDir::SaveCheckpoint(int64_t step, const Checkpoint& checkpoint) {
  if (!writes_) return;
  logs_->lines.Sync();
  logs_->csv.Sync();
  logs_->events.Sync();
  checkpoints_.Save(step, checkpoint);
}

void RunDir::SaveWeights(const std::string& name, const models::NamedTensors& tensors) const {
  if (!writes_) return;
  models::WriteSafetensors(File(name + ".safetensors"), tensors, metadata_);
}

void RunDir::Finish(const base::Json& summary, const FindingsPage& findings) {
  if (!writes_) return;
  Draw(summary, findings);
  base::WriteFileAtomically(File("summary.json"), base::JsonText(summary));
}

base::Json RunDir::ReadSummary() const {
  base::Json summary = base::Json::parse(base::ReadFile(File("summary.json")), nullptr, /*allow_exceptions=*/false);
  if (!summary.is_object()) throw base::FailedError("not a JSON document", File("summary.json"), "remove it to have it made again");
  return summary;
}

}  // namespace deepmad::train
