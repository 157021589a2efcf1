#include "train/study/study_result.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "base/progress.h"
#include "train/metrics/rank_correlation.h"
#include "train/report/curves.h"

namespace deepmad::train {
namespace {

// Numbers of a structure that might order the scores; keys of its entry in the document.
constexpr std::array kPredictors = {"objective", "weighted_entropy", "effectiveness", "flops", "params", "layers"};

base::Json RowJson(const StudyRow& row) {
  const mad::Assessment& a = row.structure.assessment;
  base::Json json = {{"name", row.structure.name},
                     {"from", StructureOriginName(row.structure.origin)},
                     {"objective", a.score.objective},
                     {"weighted_entropy", a.score.weighted_entropy},
                     {"depth_penalty", a.score.depth_penalty},
                     {"effectiveness", a.used[mad::kEffectiveness]},
                     {"flops", a.used[mad::kFlops]},
                     {"params", a.used[mad::kParams]},
                     {"layers", a.cost.layers},
                     {"violations", mad::ViolationTexts(a.violations)},
                     {"scores", row.scores},
                     {"mean", nullptr},
                     {"spread", nullptr},
                     {"train_seconds", row.train_seconds},
                     {"failures", row.failures}};
  if (row.scores.empty()) return json;
  json["mean"] = row.Mean();
  json["spread"] = row.Spread();
  return json;
}

base::Json Estimate(const std::vector<double>& x, const std::vector<double>& y,
                    double (*correlation)(const std::vector<double>&, const std::vector<double>&), uint64_t seed) {
  const ConfidenceInterval interval = BootstrapInterval(
      x.size(),
      [&](const std::vector<size_t>& chosen) {
        std::vector<double> a, b;
        for (const size_t i : chosen) {
          a.push_back(x[i]);
          b.push_back(y[i]);
        }
        return correlation(a, b);
      },
      seed);
  return {{"value", correlation(x, y)}, {"low", interval.low}, {"high", interval.high}};
}

base::Json Correlations(const base::Json& structures, const std::string& over, uint64_t seed) {
  base::Json entries = base::Json::array();
  for (const char* predictor : kPredictors) {
    std::vector<double> x, y;
    for (const base::Json& one : structures) {
      if (one.at("mean").is_null() || (over == "within_budgets" && !one.at("violations").empty())) continue;
      x.push_back(one.at(predictor).get<double>());
      y.push_back(one.at("mean").get<double>());
    }
    if (x.size() < 3) continue;  // an order of two says nothing
    entries.push_back({{"predictor", predictor},
                       {"over", over},
                       {"structures", x.size()},
                       {"spearman", Estimate(x, y, SpearmanCorrelation, seed)},
                       {"kendall", Estimate(x, y, KendallCorrelation, seed)}});
  }
  return entries;
}

// Best first; those without a score at the end.
std::vector<base::Json> ByScore(const base::Json& document) {
  std::vector<base::Json> rows(document.at("structures").begin(), document.at("structures").end());
  std::stable_sort(rows.begin(), rows.end(), [](const base::Json& a, const base::Json& b) {
    const auto score = [](const base::Json& row) { return row.at("mean").is_null() ? -1.0 : row.at("mean").get<double>(); };
    return score(a) > score(b);
  });
  return rows;
}

std::string ScoreText(const base::Json& row) {
  if (row.at("mean").is_null()) return "failed";
  const std::string text = fmt::format("{:.2f} +- {:.2f}", 100 * row.at("mean").get<double>(), 100 * row.at("spread").get<double>());
  return row.at("failures").empty() ? text : fmt::format("{} ({} failed)", text, row.at("failures").size());
}

std::string EstimateText(const base::Json& estimate) {
  return fmt::format("{:.2f} [{:.2f}, {:.2f}]", estimate.at("value").get<double>(), estimate.at("low").get<double>(),
                     estimate.at("high").get<double>());
}

// A series a kind of structure.
CurvePanel Panel(const base::Json& document, const std::string& title, const std::string& predictor) {
  CurvePanel panel{title, predictor, {}, /*percent=*/true, /*legend_values=*/false};
  for (const base::Json& row : document.at("structures")) {
    if (row.at("mean").is_null()) continue;
    const std::string from = row.at("from");
    auto series = std::find_if(panel.series.begin(), panel.series.end(), [&](const CurveSeries& one) { return one.name == from; });
    if (series == panel.series.end()) {
      panel.series.push_back({from, {}, {}, /*points=*/true});
      series = std::prev(panel.series.end());
    }
    series->x.push_back(row.at(predictor).get<double>());
    series->y.push_back(row.at("mean").get<double>());
    series->spread.push_back(row.at("spread").get<double>());
  }
  return panel;
}

}  // namespace

double StudyRow::Mean() const { return std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size()); }

double StudyRow::Spread() const {
  if (scores.size() < 2) return 0;
  double squares = 0;
  for (const double score : scores) squares += (score - Mean()) * (score - Mean());
  return std::sqrt(squares / static_cast<double>(scores.size() - 1));
}

base::Json StudyDocument(const StudyPlan& plan, const std::vector<StudyRow>& rows) {
  base::Json document = {{"version", 1}, {"study", plan.name}, {"metric", plan.metric}, {"seeds", plan.seeds}};
  document["structures"] = base::Json::array();
  for (const StudyRow& row : rows) document["structures"].push_back(RowJson(row));
  document["correlations"] = base::Json::array();
  for (const char* over : {"all", "within_budgets"}) {
    for (const base::Json& entry : Correlations(document.at("structures"), over, plan.seed)) document["correlations"].push_back(entry);
  }
  return document;
}

std::string StudyCsv(const base::Json& document) {
  std::string csv = "name,from";
  for (const char* predictor : kPredictors) csv += fmt::format(",{}", predictor);
  csv += ",depth_penalty,within_budgets,mean,spread,runs,failed,train_seconds\n";
  for (const base::Json& row : document.at("structures")) {
    csv += fmt::format("{},{}", row.at("name").get<std::string>(), row.at("from").get<std::string>());
    for (const char* predictor : kPredictors) csv += fmt::format(",{:.10g}", row.at(predictor).get<double>());
    csv += fmt::format(",{:.10g},{}", row.at("depth_penalty").get<double>(), row.at("violations").empty() ? 1 : 0);
    for (const char* key : {"mean", "spread"}) csv += row.at(key).is_null() ? "," : fmt::format(",{:.10g}", row.at(key).get<double>());
    csv += fmt::format(",{},{},{:.1f}\n", row.at("scores").size(), row.at("failures").size(), row.at("train_seconds").get<double>());
  }
  return csv;
}

std::string StudyMarkdown(const base::Json& document) {
  const std::string metric = document.at("metric");
  std::string text = fmt::format(
      "| structure | from | {}, % over {} seeds | objective | effectiveness | FLOPs | parameters | layers | within the budgets |\n"
      "| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n",
      metric, document.at("seeds").size());
  for (const base::Json& row : ByScore(document)) {
    text += fmt::format("| {} | {} | {} | {:.1f} | {:.3f} | {} | {} | {} | {} |\n", row.at("name").get<std::string>(),
                        row.at("from").get<std::string>(), ScoreText(row), row.at("objective").get<double>(),
                        row.at("effectiveness").get<double>(), base::FormatCount(row.at("flops").get<double>()),
                        base::FormatCount(row.at("params").get<double>()), row.at("layers").get<int>(),
                        row.at("violations").empty() ? "yes" : "no");
  }
  if (document.at("correlations").empty()) return text;
  text += fmt::format("\n| {} against | over | structures | Spearman | Kendall |\n| --- | --- | --- | --- | --- |\n", metric);
  for (const base::Json& one : document.at("correlations")) {
    text += fmt::format("| {} | {} | {} | {} | {} |\n", one.at("predictor").get<std::string>(),
                        one.at("over") == "all" ? "all" : "those within the budgets", one.at("structures").get<size_t>(),
                        EstimateText(one.at("spearman")), EstimateText(one.at("kendall")));
  }
  return text;
}

std::string StudyPicture(const base::Json& document) {
  const std::string title = fmt::format("{}: {}", document.at("study").get<std::string>(), document.at("metric").get<std::string>());
  return CurvesPng({Panel(document, title, "objective"), Panel(document, "the same", "effectiveness")});
}

}  // namespace deepmad::train
