#include "train/loop/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"

namespace deepmad::train {

ScheduleOptions ReadSchedule(const base::Config& config) {
  ScheduleOptions options;
  options.name = config.GetChoice("name", options.name, {"cosine", "half_cosine", "constant", "multi_step", "poly"});
  options.warmup_epochs = config.GetDouble("warmup_epochs", options.warmup_epochs, 0, 10000);
  options.warmup_steps = config.GetInt("warmup_steps", options.warmup_steps, 0, 1'000'000'000);
  if (options.warmup_steps > 0) {
    if (options.warmup_epochs > 0) {
      throw base::UsageError("a warm-up by epochs and by steps", config.Where("warmup_steps"), "give one of the two");
    }
    options.warmup_factor = config.GetDouble("warmup_factor", options.warmup_factor, 0, 1);
    options.warmup_constant = config.GetChoice("warmup_shape", "linear", {"linear", "constant"}) == "constant";
  }
  if (options.name == "cosine" || options.name == "poly") options.final_lr = config.GetDouble("final_lr", options.final_lr, 0, 1000);
  if (options.name == "half_cosine") options.warmup_start = config.GetDouble("warmup_start", options.warmup_start, 0, 1);
  if (options.name == "poly") options.power = config.GetDouble("power", options.power, 0, 10);
  if (options.name == "multi_step") {
    options.milestones = config.GetDoubles("milestones", {}, 0, 10000);
    options.gamma = config.GetDouble("gamma", options.gamma, 0, 1);
  }
  return options;
}

Schedule::Schedule(ScheduleOptions options, double lr, int64_t samples_per_epoch, int64_t epochs, int64_t batch_size)
    : options_(std::move(options)),
      lr_(lr),
      samples_per_epoch_(static_cast<double>(samples_per_epoch)),
      warmup_samples_(options_.warmup_epochs * samples_per_epoch_),
      total_samples_(static_cast<double>(epochs) * samples_per_epoch_),
      batch_size_(static_cast<double>(batch_size)) {
  if (options_.warmup_epochs > 0 && options_.warmup_epochs >= static_cast<double>(epochs)) {
    throw base::UsageError("the warm-up is as long as the run", "train.schedule.warmup_epochs", "make it shorter than train.epochs");
  }
}

double Schedule::Lr(int64_t samples_seen) const {
  const double n = static_cast<double>(samples_seen), warmup = static_cast<double>(options_.warmup_steps), t = n / batch_size_;
  const double factor =
      t >= warmup ? 1 : options_.warmup_factor + (options_.warmup_constant ? 0 : (1 - options_.warmup_factor) * t / warmup);
  return Unfactored(n) * factor;
}

double Schedule::Unfactored(double n) const {
  if (options_.name == "half_cosine") {
    const auto cosine = [this](double samples) { return lr_ * (1 + std::cos(std::numbers::pi * samples / total_samples_)) / 2; };
    if (n >= warmup_samples_) return cosine(n);
    const double start = options_.warmup_start * lr_;
    return start + (cosine(warmup_samples_) - start) * n / warmup_samples_;
  }
  if (n < warmup_samples_) return lr_ * (n + 1) / warmup_samples_;
  const double after = total_samples_ - warmup_samples_;
  if (options_.name == "cosine") {
    const double r = std::min((n - warmup_samples_ + 1) / after, 1.0);
    return options_.final_lr + (lr_ - options_.final_lr) * (1 + std::cos(std::numbers::pi * r)) / 2;
  }
  if (options_.name == "poly") {
    const double r = std::min((n - warmup_samples_) / after, 1.0);
    return options_.final_lr + (lr_ - options_.final_lr) * std::pow(1 - r, options_.power);
  }
  double lr = lr_;
  for (const double milestone : options_.milestones) {
    if (n >= milestone * samples_per_epoch_) lr *= options_.gamma;
  }
  return lr;
}

}  // namespace deepmad::train
