#include "train/tune/tune_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "base/error.h"
#include "base/nearest.h"
#include "mad/design/hand_made_shapes.h"

namespace deepmad::train {
namespace {

// Becomes part of a folder's name.
std::string ReadName(const base::Config& section) {
  const std::string name = section.GetString("name");
  if (!name.empty() && name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") == std::string::npos) {
    return name;
  }
  throw base::UsageError(fmt::format("'{}' cannot be part of a folder's name", name), section.Where("name"),
                         "use letters, digits and dashes");
}

std::vector<ProblemVariant> ReadVariants(const base::Config& candidates, size_t stages) {
  std::vector<ProblemVariant> variants;
  for (const base::Config& section : candidates.Sections("variants")) {
    ProblemVariant variant{ReadName(section), {}};
    if (!section.IsNull("type")) {
      const std::string type = section.GetString("type");
      for (size_t stage = 0; stage < stages; ++stage) variant.changes.push_back(fmt::format("stages.{}.type={}", stage, type));
    }
    const std::vector<std::string> more = section.GetStrings("change", {});
    variant.changes.insert(variant.changes.end(), more.begin(), more.end());
    const auto same = [&](const ProblemVariant& other) { return other.name == variant.name; };
    if (std::any_of(variants.begin(), variants.end(), same)) {
      throw base::UsageError("two variants are called '" + variant.name + "'", section.Where("name"), "give each its own name");
    }
    variants.push_back(std::move(variant));
  }
  if (variants.empty()) variants.push_back({"design", {}});
  return variants;
}

std::vector<std::string> ReadBounds(const base::Config& candidates) {
  std::vector<std::string> bounds;
  for (const std::string& bound : candidates.GetStrings("effectiveness", {})) {
    if (std::find(bounds.begin(), bounds.end(), bound) == bounds.end()) bounds.push_back(bound);
  }
  return bounds;
}

std::vector<std::string> ReadShapes(const base::Config& candidates) {
  const std::vector<std::string> known = mad::HandMadeShapeNames();
  std::vector<std::string> names = candidates.GetStrings("hand_made", known);
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) {
      throw base::UnknownName("hand-made shape", name, known, candidates.Where("hand_made"));
    }
  }
  if (std::set(names.begin(), names.end()).size() != names.size()) {
    throw base::UsageError("a hand-made shape is named twice", candidates.Where("hand_made"));
  }
  return names;
}

void ReadRates(const base::Config& section, TunePlan& plan) {
  plan.rate_key = section.GetString("key", "train.optimizer.lr_per_256");
  plan.rates = section.GetStrings("values", {});
  if (plan.rates.empty()) {
    throw base::UsageError("no learning rates to try", section.Where("values"), "give candidates.learning_rate.values, as [0.1, 0.2, 0.4]");
  }
  for (const std::string& rate : plan.rates) {
    if (!rate.empty() && rate.find_first_not_of("0123456789.eE+-") == std::string::npos) continue;
    throw base::UsageError(fmt::format("'{}' is no learning rate", rate), section.Where("values"), "use plain numbers");
  }
  if (std::set(plan.rates.begin(), plan.rates.end()).size() != plan.rates.size()) {
    throw base::UsageError("a learning rate is named twice", section.Where("values"));
  }
}

}  // namespace

TunePlan ReadTunePlan(const base::Config& config) {
  if (config.GetInt("version", 1, std::numeric_limits<int64_t>::max()) != 1) {
    throw base::UsageError("only version 1 of a tuning is known", config.Where("version"));
  }
  TunePlan plan;
  plan.name = config.GetString("name");
  plan.seed = config.GetInt("seed", 0, 0, std::numeric_limits<int64_t>::max());
  plan.metric = config.GetString("metric", plan.metric);
  if (plan.metric.starts_with("loss")) {
    throw base::UsageError("a tuning takes the larger score for the better one, and of '" + plan.metric + "' the smaller one is",
                           config.Where("metric"), "choose by an accuracy");
  }
  const base::Config candidates = config.Section("candidates");
  plan.variants = ReadVariants(candidates, config.Section("problem").Sections("stages").size());
  plan.bounds = ReadBounds(candidates);
  plan.hand_made = ReadShapes(candidates);
  ReadRates(candidates.Section("learning_rate"), plan);
  const base::Config tune = config.Section("tune");
  plan.cost = tune.GetDouble("cost", plan.cost, 1.1, 10'000);
  plan.keep = static_cast<int>(tune.GetInt("keep", plan.keep, 2, 100));
  plan.finalists = static_cast<int>(tune.GetInt("finalists", plan.finalists, 2, 100));
  plan.seeds = static_cast<int>(tune.GetInt("seeds", plan.seeds, 1, 10));
  return plan;
}

}  // namespace deepmad::train
