// What a study compares: structures for one problem, trained by one recipe or, in stages, by variations of it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "mad/design/design.h"
#include "train/study/structure_cells.h"

namespace deepmad::train {

// Where a structure comes from: the problem solved, drawn at random within its budgets, ResNet's proportions at the cost of a designed one,
// a network that is given, such a one with its widths scaled to the cost of a designed one, or one of each cell of sampled structures.
enum class StructureOrigin { kDesign, kRandom, kResNet, kNetwork, kScaled, kCells };
const char* StructureOriginName(StructureOrigin origin);

// One structure to make.
struct StructureWish {
  std::string name;   // of its folder
  std::string group;  // structures of one entry: those that share what is chosen for a group; else its own name
  StructureOrigin origin = StructureOrigin::kDesign;
  std::vector<std::string> changes;  // of the problem, "budgets.effectiveness=null": for a design, random ones and cells
  std::string like;                  // whose cost a ResNet-like or scaled one has
  uint64_t index = 0;                // of a random one, or of a cell, among those of its entry
  double fill = 0.7;                 // share of the FLOPs budget that a random one uses at least
  std::string network;               // YAML of a given one; empty else
  CellOptions cells;
};

// A key of the recipe with the values that are tried.
struct StudyFactor {
  std::string name;                 // in records: "lr"
  std::string key;                  // "train.optimizer.lr_per_256"
  std::vector<std::string> values;  // YAML scalars, in ascending order where neighbours are asked for
};

// A factor of an earlier stage that takes the value with the best mean validation score there.
struct StudyChoice {
  std::string factor, stage;
  bool by_group = false;    // over the structures of a group; else for each structure
  bool neighbours = false;  // in place of the best value those beside it
};

// Runs of some structures: each combination of the factors' values with each seed.
struct StudyStage {
  std::string name;
  std::vector<std::string> structures;  // names of structures or groups; empty: all
  std::vector<int64_t> seeds;
  std::vector<StudyFactor> factors;
  std::optional<StudyChoice> choice;
  std::vector<std::string> changes;  // of the recipe, "train.epochs=10"
  bool test = false;                 // whether the test part is scored at the end of each run
};

struct StudyPlan {
  std::string name;
  std::string metric = "top1";  // of the runs' summaries, a fraction
  uint64_t seed = 0;            // of random structures and of the bootstrap
  std::vector<int64_t> seeds;   // of the runs; of stages that name none
  std::vector<StructureWish> wishes;
  std::vector<StudyStage> stages;  // empty: one run of each structure with each seed, by the recipe as it is
};

// Reads the sections of a study but `problem` and `recipe`. UsageError for two structures of one name, a `like` that names no design, or a
// stage that names what is not there.
StudyPlan ReadStudyPlan(const base::Config& config);

}  // namespace deepmad::train
