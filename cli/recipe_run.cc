#include "cli/recipe_run.h"

namespace deepmad::cli {

base::Config RecipeRun(const train::StudyConfig& load, const std::string& name, int64_t seed, const std::vector<std::string>& changes) {
  std::vector<std::string> overrides = {"recipe.name=" + name, "recipe.seed=" + std::to_string(seed), "recipe.design=null",
                                        "recipe.network=network.yaml"};
  for (const std::string& change : changes) overrides.push_back("recipe." + change);
  const base::Config recipe = load(overrides).Section("recipe");
  for (const char* other : {"design", "network", "classes_from_data", "export", "published"}) recipe.MarkRead(other);
  return recipe;
}

}  // namespace deepmad::cli
