#include "mad/design/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/progress.h"
#include "mad/problem/feasibility.h"

namespace deepmad::mad {
namespace {

constexpr int kMaxValues = 100000;

std::vector<std::string> Split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  size_t start = 0;
  for (size_t end = text.find(separator); end != std::string::npos; end = text.find(separator, start)) {
    parts.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  parts.push_back(text.substr(start));
  return parts;
}

base::Error AxisError(const std::string& what, const std::string& text) {
  return base::UsageError(what, "--vary " + text,
                          "write KEY=LOW:HIGH:COUNT, KEY=LOW:HIGH:COUNT:linear or KEY=V1,V2, for example budgets.flops=1e9:4e9:30");
}

double Number(const std::string& part, const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
  if (error != std::errc() || end != part.data() + part.size() || !std::isfinite(value)) {
    throw AxisError(fmt::format("'{}' is no number", part), text);
  }
  return value;
}

// Smaller is better in every entry. The objective's entries are negated.
std::vector<double> CostsAndMerits(const base::Json& report, bool same_objective) {
  std::vector<double> entries;
  for (const auto& [name, budget] : report.at("budgets").items()) entries.push_back(budget.at("used").get<double>());
  if (same_objective) {
    entries.push_back(-report.at("objective").get<double>());
  } else {
    for (const base::Json& entropy : report.at("entropy").at("stages")) entries.push_back(-entropy.get<double>());
  }
  return entries;
}

bool Dominates(const std::vector<double>& a, const std::vector<double>& b) {
  bool better = false;
  for (size_t i = 0; i < a.size(); ++i) {
    if (a[i] > b[i]) return false;
    better = better || a[i] < b[i];
  }
  return better;
}

// A number, or nothing for null or an absent key.
std::string Cell(const base::Json& report, const char* key) {
  const auto at = report.find(key);
  if (at == report.end() || at->is_null()) return "";
  return at->is_number_float() ? fmt::format("{:.10g}", at->get<double>()) : at->dump();
}

std::string Quoted(std::string text) {
  for (size_t i = text.find('"'); i != std::string::npos; i = text.find('"', i + 2)) text.insert(i, 1, '"');
  return "\"" + text + "\"";
}

size_t StageCount(const std::vector<SweepPoint>& points) {
  size_t stages = 0;
  for (const SweepPoint& point : points) {
    if (point.HasDesign()) stages = std::max(stages, point.report.at("entropy").at("stages").size());
  }
  return stages;
}

}  // namespace

std::string SweepAxis::Assignment(size_t step) const { return fmt::format("{}={:.15g}", key, values[step]); }

SweepAxis ParseSweepAxis(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) throw AxisError("no KEY=VALUES", text);
  SweepAxis axis{text.substr(0, equals), {}};
  const std::vector<std::string> range = Split(text.substr(equals + 1), ':');
  if (range.size() == 1) {
    for (const std::string& part : Split(range[0], ',')) axis.values.push_back(Number(part, text));
    return axis;
  }
  if (range.size() < 3 || range.size() > 4) throw AxisError("a range has a low end, a high end and a count", text);
  const bool linear = range.size() == 4;
  if (linear && range[3] != "linear") throw AxisError(fmt::format("'{}' is no spacing", range[3]), text);
  const double low = Number(range[0], text), high = Number(range[1], text), count = Number(range[2], text);
  if (count != std::floor(count) || count < 2 || count > kMaxValues) throw AxisError(fmt::format("{} values", range[2]), text);
  if (!linear && (low <= 0 || high <= 0)) throw AxisError("equal ratios need two positive ends", text);
  for (int i = 0; i < static_cast<int>(count); ++i) {
    const double share = i / (count - 1);
    const double value = linear ? low + share * (high - low) : low * std::pow(high / low, share);
    axis.values.push_back(i == 0 ? low : share == 1 ? high : value);
  }
  return axis;
}

void CheckSameLength(const std::vector<SweepAxis>& axes) {
  for (const SweepAxis& axis : axes) {
    if (axis.values.size() == axes[0].values.size()) continue;
    throw base::UsageError(fmt::format("{} has {} values and {} has {}", axes[0].key, axes[0].values.size(), axis.key, axis.values.size()),
                           "--vary", "axes are walked together, value by value: give the same number of each");
  }
}

bool PreferNeighbour(const DesignProblem& problem, const NetworkSpec& neighbour, DesignResult& result) {
  if (!IsAdmitted(problem, ToCandidate(problem, neighbour))) return false;
  const Assessment assessment = Assess(problem, neighbour);
  if (!assessment.violations.empty()) return false;
  if (result.IsUsable() && assessment.score.objective <= result.assessment.score.objective) return false;
  result.network = neighbour;
  result.network.name = problem.name;
  result.assessment = assessment;
  if (!result.IsUsable()) result.status = DesignStatus::kFeasible;
  return true;
}

void MarkFront(const std::vector<SweepAxis>& axes, std::vector<SweepPoint>& points) {
  const bool same_objective = std::all_of(axes.begin(), axes.end(), [](const SweepAxis& axis) { return axis.key.starts_with("budgets."); });
  std::vector<std::vector<double>> entries(points.size());
  for (size_t i = 0; i < points.size(); ++i) {
    if (points[i].HasDesign()) entries[i] = CostsAndMerits(points[i].report, same_objective);
  }
  for (size_t i = 0; i < points.size(); ++i) {
    points[i].on_front = points[i].HasDesign();
    for (size_t j = 0; j < points.size() && points[i].on_front; ++j) {
      if (points[j].HasDesign() && Dominates(entries[j], entries[i])) points[i].on_front = false;
    }
  }
}

std::string SweepCsv(const std::vector<SweepAxis>& axes, const std::vector<SweepPoint>& points) {
  const size_t stages = StageCount(points);
  std::string csv = "point";
  for (const SweepAxis& axis : axes) csv += "," + axis.key;
  csv += ",status,on_front,objective,upper_bound,gap";
  for (const BudgetInfo& info : kBudgetInfos) csv += std::string(",") + info.name;
  csv += ",macs,params_all";
  for (size_t i = 0; i < stages; ++i) csv += fmt::format(",entropy_{}", i);
  csv += ",depth_penalty,solve_seconds,evaluations,message\n";
  for (size_t i = 0; i < points.size(); ++i) {
    const base::Json& report = points[i].report;
    csv += fmt::format("{}", i);
    for (const double value : points[i].values) csv += fmt::format(",{:.10g}", value);
    csv += fmt::format(",{},{}", report.at("status").get<std::string>(), points[i].on_front ? 1 : 0);
    for (const char* key : {"objective", "upper_bound", "gap"}) csv += "," + Cell(report, key);
    for (const BudgetInfo& info : kBudgetInfos) {
      const bool known = points[i].HasDesign() && report.at("budgets").contains(info.name);
      csv += "," + (known ? Cell(report.at("budgets").at(info.name), "used") : "");
    }
    for (const char* key : {"macs", "params"}) csv += "," + Cell(report, key);
    for (size_t s = 0; s < stages; ++s) {
      csv += "," + (points[i].HasDesign() ? fmt::format("{:.10g}", report.at("entropy").at("stages").at(s).get<double>()) : "");
    }
    for (const char* key : {"depth_penalty", "solve_seconds", "evaluations"}) csv += "," + Cell(report, key);
    csv += report.contains("message") ? "," + Quoted(report.at("message").get<std::string>()) + "\n" : ",\n";
  }
  return csv;
}

std::string SweepTable(const std::vector<SweepAxis>& axes, const std::vector<SweepPoint>& points) {
  std::string text = "  point";
  for (const SweepAxis& axis : axes) text += fmt::format(" {:>{}}", axis.key, std::max<size_t>(12, axis.key.size()));
  text += fmt::format(" {:>12} {:>9} {:>9} {:>9} {:>13}  {}\n", "objective", "gap", "FLOPs", "params", "effectiveness", "status");
  for (size_t i = 0; i < points.size(); ++i) {
    const base::Json& report = points[i].report;
    text += fmt::format("  {:>5}", i);
    for (size_t a = 0; a < axes.size(); ++a) {
      text += fmt::format(" {:>{}.6g}", points[i].values[a], std::max<size_t>(12, axes[a].key.size()));
    }
    if (!points[i].HasDesign()) {
      text += "  infeasible: " + report.at("message").get<std::string>() + "\n";
      continue;
    }
    const base::Json& budgets = report.at("budgets");
    const auto used = [&](const char* name) { return base::FormatCount(budgets.at(name).at("used").get<double>()); };
    const std::string gap = report.at("gap").is_null() ? "-" : fmt::format("{:.2g}", report.at("gap").get<double>());
    text += fmt::format(" {:>12.3f} {:>9} {:>9} {:>9} {:>13.4f}  {}{}\n", report.at("objective").get<double>(), gap, used("flops"),
                        used("params"), report.at("effectiveness").get<double>(), report.at("status").get<std::string>(),
                        points[i].on_front ? ", on the front" : "");
  }
  return text;
}

}  // namespace deepmad::mad
