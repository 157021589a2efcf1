#include "mad/design/binding.h"

#include <fmt/format.h>

#include <algorithm>

#include "mad/problem/feasibility.h"
#include "mad/search/candidate_evaluator.h"

namespace deepmad::mad {
namespace {

struct Step {
  Candidate candidate;
  std::string key;       // of the range that it moves in
  bool in_range = true;  // of the problem
};

std::vector<Step> StepsUp(const DesignProblem& problem, const Candidate& from) {
  std::vector<Step> steps;
  const auto add = [&](const Range& range, int amount, const std::string& key, const auto& number) {
    Step step{from, key};
    number(step.candidate) += amount;
    step.in_range = range.Contains(number(step.candidate));
    steps.push_back(step);
  };
  const int multiple = problem.channel_multiple;
  for (size_t i = 0; i < problem.BlocksBeforeTail(); ++i) {
    const BlockVariables& block = problem.blocks[i];
    const std::string key = BlockKey(problem, i);
    const auto number = [i](int BlockChoice::*member) { return [i, member](Candidate& c) -> int& { return c.blocks[i].*member; }; };
    add(block.out_channels, multiple, key + ".out_channels", number(&BlockChoice::out_channels));
    if (block.is_stage) add(block.depth, 1, key + ".depth", number(&BlockChoice::depth));
    if (block.bottleneck_channels.high > 0) {
      add(block.bottleneck_channels, multiple, key + ".bottleneck_channels", number(&BlockChoice::bottleneck_channels));
    }
    const auto kernel = std::find(block.kernels.begin(), block.kernels.end(), from.blocks[i].kernel);
    if (kernel == block.kernels.end() || kernel + 1 == block.kernels.end()) continue;
    Step step{from, key + ".kernel"};
    step.candidate.blocks[i].kernel = *(kernel + 1);
    steps.push_back(step);
  }
  return steps;
}

// The problem with every range a step wider, so that its rules alone are left to refuse a step.
DesignProblem WithWiderRanges(const DesignProblem& problem) {
  DesignProblem wider = problem;
  for (BlockVariables& block : wider.blocks) {
    block.out_channels.high += problem.channel_multiple;
    block.depth.high += 1;
    if (block.bottleneck_channels.high > 0) block.bottleneck_channels.high += problem.channel_multiple;
  }
  return wider;
}

// The rules without each of which alone the structure would be admitted.
std::vector<std::string> BrokenRules(const DesignProblem& wider, const Candidate& candidate) {
  std::vector<std::string> broken;
  const auto try_without = [&](const char* key, const auto& drop) {
    DesignProblem relaxed = wider;
    drop(relaxed.rules);
    if (IsAdmitted(relaxed, candidate)) broken.emplace_back(key);
  };
  try_without("rules.non_decreasing_width", [](Rules& rules) { rules.non_decreasing_width = false; });
  try_without("rules.out_over_in_max", [](Rules& rules) { rules.out_over_in_max = 0; });
  try_without("rules.bottleneck_over_out", [](Rules& rules) {
    rules.bottleneck_over_out_min = 0;
    rules.bottleneck_over_out_max = 1e6;
  });
  return broken;
}

std::vector<std::string> ExceededBudgets(const Evaluator& evaluator, const Measures& measures) {
  std::vector<std::string> exceeded;
  for (const Budget budget : kEveryBudget) {
    if (evaluator.Excess(measures, budget) > 0) exceeded.emplace_back(kBudgetInfos[budget].name);
  }
  return exceeded;
}

std::vector<std::string> BudgetNames(const DesignProblem& problem) {
  std::vector<std::string> names;
  for (const Budget budget : kEveryBudget) {
    if (Limit(problem, budget)) names.emplace_back(kBudgetInfos[budget].name);
  }
  return names;
}

bool IsIn(const std::string& name, const std::vector<std::string>& list) { return std::find(list.begin(), list.end(), name) != list.end(); }

void AddNew(const std::vector<std::string>& names, std::vector<std::string>& list) {
  for (const std::string& name : names) {
    if (!IsIn(name, list)) list.push_back(name);
  }
}

}  // namespace

Binding WhatBinds(const DesignProblem& problem, const NetworkSpec& network) {
  Binding binding;
  const DesignProblem wider = WithWiderRanges(problem);
  Evaluator evaluator(problem);
  const Candidate design = ToCandidate(problem, network);
  const double objective = evaluator.Evaluate(design).objective;
  for (const Step& step : StepsUp(problem, design)) {
    const Measures measures = evaluator.Evaluate(step.candidate);
    if (measures.objective <= objective) continue;
    const bool keeps_rules = IsAdmitted(wider, step.candidate);
    const std::vector<std::string> exceeded = ExceededBudgets(evaluator, measures);
    if (!step.in_range) {
      if (keeps_rules) AddNew({step.key}, binding.ranges);
    } else if (keeps_rules) {
      AddNew(exceeded, binding.budgets);
    } else if (exceeded.empty()) {
      AddNew(BrokenRules(wider, step.candidate), binding.rules);
    }
  }
  for (const std::string& name : BudgetNames(problem)) {
    if (!IsIn(name, binding.budgets)) binding.unused.push_back(name);
  }
  return binding;
}

std::string BindingText(const DesignProblem& problem, const Assessment& assessment, const Binding& binding) {
  const auto with_share = [&](const std::vector<std::string>& names) {
    std::vector<std::string> texts;
    for (const Budget budget : kEveryBudget) {
      const BudgetInfo& info = kBudgetInfos[budget];
      if (!IsIn(info.name, names)) continue;
      texts.push_back(fmt::format("{} ({:.1f} %)", info.label, 100 * assessment.used[budget] / *Limit(problem, budget)));
    }
    return texts;
  };
  std::vector<std::string> stops = with_share(binding.budgets);
  stops.insert(stops.end(), binding.rules.begin(), binding.rules.end());
  std::string text, remedy;
  if (!stops.empty()) {
    text += fmt::format("  binds: {}\n", fmt::join(stops, ", "));
    remedy = "more of what binds";
  }
  if (!binding.ranges.empty()) {
    text += fmt::format("  at its upper end: {}\n", fmt::join(binding.ranges, ", "));
    remedy += remedy.empty() ? "wider ranges there" : ", or wider ranges,";
  }
  if (binding.unused.empty()) return text;
  text += fmt::format("  room left: {}", fmt::join(with_share(binding.unused), ", "));
  return text + (remedy.empty() ? "\n" : fmt::format("; {} would use it\n", remedy));
}

}  // namespace deepmad::mad
