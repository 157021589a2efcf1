#include "train/optimizers/adam_settings.h"

#include "base/error.h"

namespace deepmad::train {

AdamSettings ReadAdamSettings(const base::Config& config, AdamSettings defaults) {
  AdamSettings settings = defaults;
  settings.groups = ReadGroupRules(config, defaults.groups.weight_decay, 10);
  const std::vector<double> betas = config.GetDoubles("betas", {defaults.beta1, defaults.beta2}, 0, 0.9999999);
  if (betas.size() != 2) throw base::UsageError("betas wants two numbers", config.Where("betas"), "for example [0.9, 0.999]");
  settings.beta1 = betas[0];
  settings.beta2 = betas[1];
  settings.epsilon = config.GetDouble("epsilon", defaults.epsilon, 1e-16, 1);
  return settings;
}

}  // namespace deepmad::train
