// The solver against the published evolutionary search on its ResNet-18 problem, one core, one run:
//   bench_against_baseline PICTURE.png
// prints a table (Markdown) and draws the objective over time. Every point is a run of its own from the start, with that many children or
// that much time: what a user would have got by stopping there. The search's scoring is the closed form of this project; as released it
// scores about 10 candidates a second.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "base/atomic_file.h"
#include "base/build_info.h"
#include "mad/design/design.h"
#include "train/report/curves.h"

namespace deepmad::mad {
namespace {

constexpr int kSeeds = 3;
constexpr int64_t kPublishedChildren = 500000;
const std::vector<int64_t> kChildren = {500,     2000,    5000,   10000, 20000, 50000, 100000, 200000, kPublishedChildren,
                                        1000000, 2000000, 5000000};
const std::vector<double> kSeconds = {0.01, 0.015, 0.02, 0.03, 0.05, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2};

struct Stop {
  double seconds;
  double objective;  // NaN where nothing was found by then
};
using Course = std::vector<Stop>;

Stop RunOnce(const std::vector<std::string>& overrides) {
  const DesignProblem problem = LoadProblem(base::ConfigsFolder() + "/design/classification-deepmad-r18-flops.yaml", overrides);
  try {
    const DesignResult result = Design(problem);
    return {result.seconds, result.assessment.score.objective};
  } catch (const base::Error& error) {
    if (error.kind() != base::ErrorKind::kInfeasible) throw;
    return {*problem.solver.time_limit_seconds, std::numeric_limits<double>::quiet_NaN()};
  }
}

Course Search(const std::string& solver, int seed) {
  Course course;
  for (const int64_t children : kChildren) {
    course.push_back(RunOnce({"solver.name=" + solver, "solver.time_limit_seconds=600", fmt::format("solver.seed={}", seed),
                              fmt::format("solver.evolution.evaluations={}", children)}));
  }
  return course;
}

Course Solve(const std::string& rounding, int seed) {
  Course course;
  for (const double seconds : kSeconds) {
    course.push_back(RunOnce({"solver.name=nlopt", "solver.start=null", fmt::format("solver.seed={}", seed),
                              "rules.ratio_rounding=" + rounding, fmt::format("solver.time_limit_seconds={}", seconds)}));
  }
  return course;
}

struct Contender {
  std::string name;
  std::vector<Course> courses;  // one a seed

  Contender Until(int64_t children) const {
    Contender part{name, courses};
    const auto stops = std::find(kChildren.begin(), kChildren.end(), children) - kChildren.begin() + 1;
    for (Course& course : part.courses) course.resize(static_cast<size_t>(stops));
    return part;
  }
};

// The first stop with the value that the course ends with.
double SecondsToTheEndValue(const Course& course) {
  return std::find_if(course.begin(), course.end(), [&](const Stop& stop) { return stop.objective >= course.back().objective; })->seconds;
}

// The time after which every seed is past the value; infinite where one never is.
double SecondsPast(const Contender& contender, double value) {
  double latest = 0;
  for (const Course& course : contender.courses) {
    const auto past = std::find_if(course.begin(), course.end(), [&](const Stop& stop) { return stop.objective > value; });
    latest = std::max(latest, past == course.end() ? std::numeric_limits<double>::infinity() : past->seconds);
  }
  return latest;
}

std::string List(const std::vector<double>& values, int decimals) {
  std::string text;
  for (const double value : values) text += (text.empty() ? "" : ", ") + fmt::format("{:.{}f}", value, decimals);
  return text;
}

std::string Row(const Contender& contender, const Contender* against) {
  std::vector<double> objectives, seconds, first;
  for (const Course& course : contender.courses) {
    objectives.push_back(course.back().objective);
    seconds.push_back(course.back().seconds);
    first.push_back(SecondsToTheEndValue(course));
  }
  std::string row = fmt::format("| {} | {} | {} | {} |", contender.name, List(objectives, 1), List(seconds, 2), List(first, 3));
  if (against == nullptr) return row + " |\n";
  const size_t best = static_cast<size_t>(std::max_element(objectives.begin(), objectives.end()) - objectives.begin());
  const double past = SecondsPast(*against, objectives[best]);
  return row + fmt::format(" {:.3f} s, {:.1f} times sooner |\n", past, first[best] / past);
}

void Compare(const std::string& picture) {
  Contender released{"published search, last block fixed as released", {}}, freed{"published search, last block freed", {}},
      exact{"this project, exact ratios", {}}, nearest{"this project, the search's rounded ratios", {}};
  for (int seed = 0; seed < kSeeds; ++seed) {
    released.courses.push_back(Search("evolution", seed));
    freed.courses.push_back(Search("evolution_every_block", seed));
    exact.courses.push_back(Solve("exact", seed));
    nearest.courses.push_back(Solve("nearest", seed));
  }
  Contender longer = freed;
  longer.name += fmt::format(", {} times the children", kChildren.back() / kPublishedChildren);
  fmt::print(
      "| who | objective, seeds 0, 1, 2 | seconds in all | seconds to that objective | this project, its worst seed, is past the best of "
      "it after |\n"
      "| --- | --- | --- | --- | --- |\n{}{}{}{}{}",
      Row(released.Until(kPublishedChildren), &exact), Row(freed.Until(kPublishedChildren), &exact), Row(longer, &exact),
      Row(exact, nullptr), Row(nearest, nullptr));

  train::CurvePanel panel{"ResNet-18 problem: objective over time, 3 seeds", "log10 of seconds", {}, false};
  for (const Contender* contender : {&exact, &freed, &released}) {
    train::CurveSeries series{contender == &exact ? "ours" : contender == &freed ? "search, block freed" : "search", {}, {}};
    for (const Course& course : contender->courses) {
      for (const Stop& stop : course) {
        series.x.push_back(std::log10(stop.seconds));
        series.y.push_back(stop.objective);
      }
      series.x.push_back(0);  // a gap between seeds
      series.y.push_back(std::numeric_limits<double>::quiet_NaN());
    }
    panel.series.push_back(series);
  }
  base::WriteFileAtomically(picture, train::CurvesPng({panel}));
}

}  // namespace
}  // namespace deepmad::mad

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: bench_against_baseline PICTURE.png\n");
    return 2;
  }
  deepmad::mad::Compare(argv[1]);
  return 0;
}
