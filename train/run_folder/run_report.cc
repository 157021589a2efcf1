#include "train/run_folder/run_report.h"

#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <limits>

#include "base/progress.h"
#include "train/report/curves.h"
#include "train/report/page.h"

namespace deepmad::train {
namespace {

bool IsLoss(const std::string& metric) { return metric.starts_with("loss"); }

// Scores are fractions, losses are not.
std::string MetricText(const std::string& name, double value) {
  if (std::isnan(value)) return "";
  if (value < 0 && !IsLoss(name)) return "-";  // nothing to find
  return IsLoss(name) ? fmt::format("{:.4f}", value) : fmt::format("{:.2f} %", 100 * value);
}

CurveSeries Series(const std::string& name, const std::vector<EpochRecord>& epochs,
                   const std::function<double(const EpochRecord&)>& value) {
  CurveSeries series{name, {}, {}};
  for (const EpochRecord& record : epochs) {
    const double y = value(record);
    if (std::isnan(y)) continue;  // not validated: the line goes on to the next point
    series.x.push_back(static_cast<double>(record.epoch));
    series.y.push_back(y);
  }
  return series;
}

PageTable MetricsTable(const std::vector<EpochRecord>& epochs, const std::vector<std::string>& metrics) {
  PageTable table;
  table.columns = {"epoch", "lr", "training loss"};
  table.columns.insert(table.columns.end(), metrics.begin(), metrics.end());
  table.columns.insert(table.columns.end(), {"images/s", "seconds"});
  for (const EpochRecord& record : epochs) {
    std::vector<std::string> row = {std::to_string(record.epoch), fmt::format("{:.3g}", record.lr),
                                    fmt::format("{:.4f}", record.train_loss)};
    for (const std::string& name : metrics) row.push_back(MetricText(name, MetricOf(record, name)));
    row.push_back(fmt::format("{:.0f}", record.images_per_second));
    row.push_back(fmt::format("{:.1f}", record.train_seconds + record.validate_seconds));
    table.rows.push_back(std::move(row));
  }
  return table;
}

// Rows of an object each, all with the same keys; fractions in percent, "-" for null and below 0.
PageTable ClassesTable(const base::Json& rows) {
  PageTable table;
  for (const base::Json& row : rows) {
    if (table.columns.empty()) {
      for (const auto& [key, value] : row.items()) table.columns.push_back(key);
    }
    std::vector<std::string> cells;
    for (const base::Json& value : row) {
      const bool nothing = value.is_null() || (value.is_number_float() && value < 0);
      cells.push_back(nothing                   ? "-"
                      : value.is_number_float() ? fmt::format("{:.2f} %", 100 * value.get<double>())
                      : value.is_string()       ? value.get<std::string>()
                                                : value.dump());
    }
    table.rows.push_back(std::move(cells));
  }
  return table;
}

}  // namespace

base::Json ToJson(const EpochRecord& record) {
  base::Json metrics = base::Json::object();
  for (const auto& [name, value] : record.metrics) metrics[name] = value;
  return {{"type", "epoch"},
          {"step", record.step},
          {"epoch", record.epoch},
          {"samples", record.samples},
          {"lr", record.lr},
          {"train_loss", record.train_loss},
          {"metrics", metrics},
          {"train_seconds", record.train_seconds},
          {"validate_seconds", record.validate_seconds},
          {"images_per_second", record.images_per_second}};
}

EpochRecord EpochRecordFromJson(const base::Json& json) {
  EpochRecord record{json.at("step"),
                     json.at("epoch"),
                     json.at("samples"),
                     json.at("lr"),
                     json.at("train_loss"),
                     {},
                     json.at("train_seconds"),
                     json.at("validate_seconds"),
                     json.at("images_per_second")};
  for (const auto& [name, value] : json.at("metrics").items()) record.metrics.emplace_back(name, value);
  return record;
}

double MetricOf(const EpochRecord& record, const std::string& name) {
  for (const auto& [known, value] : record.metrics) {
    if (known == name) return value;
  }
  return std::numeric_limits<double>::quiet_NaN();
}

std::string DrawRunCurves(const std::vector<EpochRecord>& epochs, const std::vector<std::string>& metrics) {
  CurvePanel loss{"loss", "epoch", {Series("training", epochs, [](const EpochRecord& record) { return record.train_loss; })}, false};
  CurvePanel score{metrics.front(), "epoch", {}, true};
  for (const std::string& name : metrics) {
    CurvePanel* panel = IsLoss(name) ? &loss : name.starts_with(metrics.front()) ? &score : nullptr;
    if (panel == nullptr) continue;
    panel->series.push_back(Series(name, epochs, [&](const EpochRecord& record) { return MetricOf(record, name); }));
  }
  CurvePanel lr{"learning rate", "epoch", {Series("lr", epochs, [](const EpochRecord& record) { return record.lr; })}, false};
  return CurvesPng({loss, score, lr});
}

std::string DrawRunPage(const std::string& title, const std::vector<EpochRecord>& epochs, const std::vector<std::string>& metrics,
                        const base::Json& summary, const std::string& structure_svg, const std::string& curves_png,
                        const FindingsPage& findings) {
  PageContent page;
  page.title = title;
  page.structure_svg = structure_svg;
  page.curves_png = curves_png;
  page.metrics = MetricsTable(epochs, metrics);
  if (summary.contains("classes")) page.classes = ClassesTable(summary.at("classes"));
  page.confusion = findings.confusion;
  page.confused = findings.confused;
  page.pictures = findings.pictures;
  const EpochRecord& last = epochs.back();
  page.subtitle = summary.empty() ? fmt::format("training, {} epochs done", last.epoch) : summary.value("protocol", "");
  for (const auto& [name, value] : last.metrics) {
    if (!IsLoss(name)) page.figures.emplace_back(name, MetricText(name, value));
  }
  for (const auto& [name, value] : summary.items()) {
    if (value.is_structured() || name == "protocol") continue;
    const bool seconds = name.ends_with("_seconds");
    const bool rate = name.ends_with("_per_second");
    page.summary.emplace_back(name, seconds ? base::FormatDuration(value)
                                    : rate  ? fmt::format("{:.0f}", value.get<double>())
                                            : (value.is_string() ? value.get<std::string>() : value.dump()));
  }
  return PageHtml(page);
}

}  // namespace deepmad::train
