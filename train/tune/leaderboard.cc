#include "train/tune/leaderboard.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "mad/problem/budget.h"
#include "train/report/page.h"
#include "train/study/predictors.h"

namespace deepmad::train {
namespace {

// Student's t at 0.975 for 1 to 9 degrees of freedom.
constexpr std::array kStudent = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262};

double MeanOf(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double SpreadOf(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double mean = MeanOf(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / static_cast<double>(values.size() - 1));
}

const RungResult* Find(const std::vector<RungResult>& results, const std::string& structure) {
  const auto found = std::find_if(results.begin(), results.end(), [&](const RungResult& one) { return one.structure == structure; });
  return found == results.end() ? nullptr : &*found;
}

const StudyStructure& StructureOf(const TuneCandidates& candidates, const std::string& name) {
  return *std::find_if(candidates.structures.begin(), candidates.structures.end(),
                       [&](const StudyStructure& one) { return one.name == name; });
}

base::Json CostJson(const StudyStructure& structure, const mad::DesignProblem& problem) {
  base::Json cost;
  for (const mad::Budget budget : {mad::kFlops, mad::kParams}) {
    const std::string name = mad::kBudgetInfos[budget].name;
    const double used = structure.assessment.used[budget];
    cost[name] = used;
    if (const auto& limit = mad::Limit(problem, budget)) cost[name + "_share"] = used / *limit;
  }
  for (const auto& [name, value] : Predictors(structure.network, structure.assessment)) {
    if (name == "objective" || name == "effectiveness" || name == "layers") cost[name] = value;
  }
  return cost;
}

// Null for a training that diverged, which has no score.
base::Json ScoresJson(const std::vector<double>& scores) {
  base::Json list = base::Json::array();
  for (const double score : scores) list.push_back(score < 0 ? base::Json() : base::Json(score));
  return list;
}

bool Diverged(const RungResult& result) {
  return std::any_of(result.scores.begin(), result.scores.end(), [](double score) { return score < 0; });
}

base::Json RowOf(const StudyStructure& structure, const std::vector<std::vector<RungResult>>& results, const std::string& pick,
                 const mad::DesignProblem& problem) {
  base::Json row = {{"name", structure.name}, {"kind", structure.group}, {"digest", StructureDigest(structure.network)}};
  row.update(CostJson(structure, problem));
  row["rungs"] = base::Json::array();
  for (size_t rung = 0; rung < results.size(); ++rung) {
    const RungResult* result = Find(results[rung], structure.name);
    if (result == nullptr) break;
    base::Json entry = {{"rung", rung}, {"learning_rate", result->rate}, {"scores", ScoresJson(result->scores)}};
    const RungResult& best = *Find(results[rung], pick);
    if (!Diverged(*result)) {
      entry["mean"] = result->Mean();
      entry["spread"] = SpreadOf(result->scores);
      if (structure.name != pick && !Diverged(best)) {
        const PairedDifference ahead = Difference(best.scores, result->scores);
        entry["pick_ahead"] = {{"mean", ahead.mean}, {"spread", ahead.spread}, {"half_width", ahead.half_width}, {"seeds", ahead.seeds}};
      }
    }
    row["rungs"].push_back(std::move(entry));
  }
  return row;
}

std::string Percent(double share) { return fmt::format("{:.2f}", 100 * share); }

std::string KindText(const std::string& kind) { return kind == "hand_made" ? "hand-made shape" : kind; }

// "2.00 points ahead of resnet, the best hand-made shape (95 % interval +- 0.48, 3 seeds)".
std::string AheadText(const base::Json& row, bool same_kind, size_t last_rung) {
  const base::Json& last = row.at("rungs").back();
  const std::string who =
      fmt::format("{}, the {} {}", row.at("name").get<std::string>(), same_kind ? "next" : "best", KindText(row.at("kind")));
  if (!last.contains("pick_ahead")) return who + ", diverged";
  const base::Json& ahead = last.at("pick_ahead");
  const int seeds = ahead.at("seeds");
  std::string text = fmt::format("{} points ahead of {}", Percent(ahead.at("mean").get<double>()), who);
  text += seeds > 1 ? fmt::format(" (95 % interval +- {}, {} seeds)", Percent(ahead.at("half_width").get<double>()), seeds) : " (one seed)";
  const size_t rung = last.at("rung");
  if (rung < last_rung) text += fmt::format(", which left after rung {}", rung);
  return text;
}

// In words: what was picked, and by how much it is ahead of the best of the other kind and of the next candidate.
std::string Answer(const base::Json& board) {
  const base::Json& rows = board.at("candidates");
  const base::Json& pick = rows.front();
  const base::Json& last = pick.at("rungs").back();
  const size_t last_rung = board.at("rungs").size() - 1;
  if (!last.contains("mean")) return "every training of the last rung diverged: lower the learning rates";
  std::string text =
      fmt::format("{} ({}): {} {} +- {}", pick.at("name").get<std::string>(), KindText(pick.at("kind")),
                  board.at("metric").get<std::string>(), Percent(last.at("mean").get<double>()), Percent(last.at("spread").get<double>()));
  std::vector<std::string> kinds;
  for (size_t i = 1; i < rows.size(); ++i) {
    const std::string kind = rows[i].at("kind");
    if (std::find(kinds.begin(), kinds.end(), kind) != kinds.end()) continue;
    kinds.push_back(kind);
    text += "; " + AheadText(rows[i], kind == pick.at("kind"), last_rung);
  }
  return text;
}

std::vector<std::string> Cells(const base::Json& row) {
  const base::Json& last = row.at("rungs").back();
  const auto share = [&](const char* key) { return row.contains(key) ? Percent(row.at(key).get<double>()) : ""; };
  std::string score = "diverged", behind;
  if (last.contains("mean")) {
    score = Percent(last.at("mean").get<double>());
    if (last.at("scores").size() > 1) score += " +- " + Percent(last.at("spread").get<double>());
  }
  if (last.contains("pick_ahead")) {
    const base::Json& ahead = last.at("pick_ahead");
    behind = Percent(ahead.at("mean").get<double>());
    if (ahead.at("seeds").get<int>() > 1) behind += " +- " + Percent(ahead.at("half_width").get<double>());
  }
  return {row.at("name").get<std::string>(),
          KindText(row.at("kind")),
          std::to_string(last.at("rung").get<int>()),
          last.at("learning_rate").get<std::string>(),
          score,
          behind,
          fmt::format("{:.3g}", row.at("effectiveness").get<double>()),
          fmt::format("{:.0f}", row.at("layers").get<double>()),
          share("flops_share"),
          share("params_share")};
}

PageTable TableOf(const base::Json& board) {
  PageTable table{{"candidate", "kind", "last rung", "rate", board.at("metric").get<std::string>() + ", %", "behind the pick",
                   "effectiveness", "layers", "FLOPs, % of budget", "parameters, % of budget"},
                  {}};
  for (const base::Json& row : board.at("candidates")) table.rows.push_back(Cells(row));
  return table;
}

std::string RungText(const base::Json& rung) {
  return fmt::format("{} trainings of {} updates", rung.at("runs").get<int64_t>(), rung.at("updates").get<int64_t>());
}

}  // namespace

PairedDifference Difference(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> differences;
  for (size_t i = 0; i < a.size(); ++i) differences.push_back(a[i] - b[i]);
  PairedDifference result{static_cast<int>(a.size()), MeanOf(differences), SpreadOf(differences), 0};
  if (a.size() > 1) result.half_width = kStudent[a.size() - 2] * result.spread / std::sqrt(static_cast<double>(a.size()));
  return result;
}

std::vector<std::vector<RungResult>> AllResults(const TunePlan& plan, const TuneCandidates& candidates, const std::vector<Rung>& rungs,
                                                const std::map<std::string, base::Json>& records) {
  std::vector<std::vector<RungResult>> results;
  for (size_t rung = 0; rung < rungs.size(); ++rung) {
    const std::vector<RungResult> before = rung == 0 ? std::vector<RungResult>() : results.back();
    results.push_back(ResultsOf(plan, rungs, rung, EntrantsOf(plan, candidates, rungs, rung, before), records));
  }
  return results;
}

base::Json Leaderboard(const TunePlan& plan, const TuneCandidates& candidates, const std::vector<Rung>& rungs, int64_t full_updates,
                       const std::vector<std::vector<RungResult>>& results, const mad::DesignProblem& problem) {
  base::Json board = {{"version", 1},
                      {"name", plan.name},
                      {"metric", plan.metric},
                      {"seed", plan.seed},
                      {"cost", CostOf(rungs, full_updates)},
                      {"full_updates", full_updates},
                      {"rungs", base::Json::array()},
                      {"pick", results.back().front().structure},
                      {"candidates", base::Json::array()},
                      {"left_out", base::Json::array()}};
  for (const Rung& rung : rungs) {
    board["rungs"].push_back({{"structures", rung.structures},
                              {"rates", rung.rates},
                              {"seeds", rung.seeds},
                              {"runs", rung.Runs()},
                              {"updates", rung.updates},
                              {"share", static_cast<double>(rung.updates) / static_cast<double>(full_updates)}});
  }
  // Those that came furthest first, by their scores in the last rung that they reached.
  for (size_t rung = results.size(); rung-- > 0;) {
    for (const RungResult& result : results[rung]) {
      if (rung + 1 < results.size() && Find(results[rung + 1], result.structure) != nullptr) continue;
      board["candidates"].push_back(RowOf(StructureOf(candidates, result.structure), results, board.at("pick"), problem));
    }
  }
  for (const LeftOut& one : candidates.left_out) board["left_out"].push_back({{"name", one.name}, {"reason", one.reason}});
  board["answer"] = Answer(board);
  return board;
}

std::string LeaderboardText(const base::Json& leaderboard) {
  const PageTable table = TableOf(leaderboard);
  std::vector<std::vector<std::string>> lines = {table.columns};
  lines.insert(lines.end(), table.rows.begin(), table.rows.end());
  std::vector<size_t> widths(table.columns.size(), 0);
  for (const auto& line : lines) {
    for (size_t i = 0; i < line.size(); ++i) widths[i] = std::max(widths[i], line[i].size());
  }
  std::string text = leaderboard.at("answer").get<std::string>() + "\n";
  for (const auto& line : lines) {
    std::string row;
    for (size_t i = 0; i < line.size(); ++i)
      row += i < 2 ? fmt::format("{:<{}}  ", line[i], widths[i]) : fmt::format("{:>{}}  ", line[i], widths[i]);
    text += row.substr(0, row.find_last_not_of(' ') + 1) + "\n";
  }
  for (const base::Json& one : leaderboard.at("left_out")) {
    text += fmt::format("left out: {}: {}\n", one.at("name").get<std::string>(), one.at("reason").get<std::string>());
  }
  return text;
}

std::string LeaderboardPage(const base::Json& leaderboard, const std::string& structure_svg) {
  PageContent page;
  page.title = leaderboard.at("name");
  page.subtitle = leaderboard.at("answer");
  page.figures = {{"pick", leaderboard.at("pick").get<std::string>()},
                  {"candidates", std::to_string(leaderboard.at("candidates").size())},
                  {"full trainings", fmt::format("{:.2f}", leaderboard.at("cost").get<double>())}};
  if (leaderboard.contains("best")) {
    const base::Json& metrics = leaderboard.at("best").at("metrics");
    const std::string metric = leaderboard.at("metric");
    if (metrics.contains(metric))
      page.figures.emplace_back(metric + " of the full training", Percent(metrics.at(metric).get<double>()) + " %");
  }
  size_t index = 0;
  for (const base::Json& rung : leaderboard.at("rungs")) page.summary.emplace_back(fmt::format("rung {}", index++), RungText(rung));
  for (const base::Json& one : leaderboard.at("left_out")) {
    page.summary.emplace_back("left out: " + one.at("name").get<std::string>(), one.at("reason").get<std::string>());
  }
  page.structure_svg = structure_svg;
  page.metrics = TableOf(leaderboard);
  return PageHtml(page);
}

}  // namespace deepmad::train
