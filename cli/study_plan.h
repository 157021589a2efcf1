// What a study compares: structures for one problem, trained by one recipe.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "mad/design/design.h"

namespace deepmad::cli {

// Where a structure comes from: the problem solved, drawn at random within its budgets, ResNet's proportions at the cost of a designed one,
// a network that is given, or such a one with its widths scaled to the cost of a designed one.
enum class StructureOrigin { kDesign, kRandom, kResNet, kNetwork, kScaled };
const char* StructureOriginName(StructureOrigin origin);

// One structure to make.
struct StructureWish {
  std::string name;  // of its folder
  StructureOrigin origin = StructureOrigin::kDesign;
  std::vector<std::string> changes;  // of the problem, "budgets.effectiveness=null": for a design or random ones
  std::string like;                  // whose cost a ResNet-like or scaled one has
  uint64_t index = 0;                // of a random one among those of its entry
  double fill = 0.7;                 // share of the FLOPs budget that a random one uses at least
  std::string network;               // YAML of a given one; empty else
};

struct StudyPlan {
  std::string name;
  std::string metric = "top1";  // of the runs' summaries, a fraction
  uint64_t seed = 0;            // of random structures and of the bootstrap
  std::vector<int64_t> seeds;   // of the runs
  std::vector<StructureWish> wishes;
};

// Reads the sections of a study but `problem` and `recipe`. UsageError for two structures of one name, or a `like` that names no design.
StudyPlan ReadStudyPlan(const base::Config& config);

}  // namespace deepmad::cli
