// The formulations of the design objective. Where paper and released code differ, the difference is a field here and never a branch in
// a block or a solver (docs/mathematics.md lists the differences).
#pragma once

#include <string>
#include <vector>

#include "mad/network_spec.h"

namespace deepmad::mad {

enum class FlopsConvention { kMacs, kReference };
enum class DepthTerm { kNone, kExpStd, kExpVariance };

struct Formulation {
  std::string name;
  FlopsConvention flops_convention;
  double entropy_factor;     // of ln w: 1 in the paper, 1/2 in the released code (log of a square root)
  int score_image_side;      // 0: the true map sizes; else integer division of this side by the strides, as the released code
  int skipped_depths;        // leading residual blocks left out of the depth penalty ...
  std::string skipped_type;  // ... of networks that consist of this block type
  bool params_with_head;     // what budgets.params bounds
};

const Formulation& PaperFormulation();
const Formulation& ReferenceFormulation();
// UsageError for an unknown name.
const Formulation& FindFormulation(const std::string& name, const std::string& where);

const char* FlopsConventionName(FlopsConvention convention);
FlopsConvention FlopsConventionFromName(const std::string& name, const std::string& where);
const char* DepthTermName(DepthTerm term);
DepthTerm DepthTermFromName(const std::string& name, const std::string& where);

// The weighting of an objective: everything beside the structure itself.
struct Objective {
  std::vector<double> stage_weights;  // alpha, one a stage
  double depth_penalty = 10;
  DepthTerm depth_term = DepthTerm::kExpStd;
};
// 1 for each stage and 8 for the last, the published weighting.
Objective DefaultObjective(int stages);

// What the score needs to know of a structure beside its block totals. One entry a block.
struct ScoreLayout {
  std::vector<int> stage;            // stage of each block
  std::vector<double> log_map_area;  // ln of the area of the block's output map, as the formulation measures it
  std::vector<bool> in_penalty;      // whether the block's depth counts in the depth penalty
  int stages = 0;
};
ScoreLayout MakeScoreLayout(const NetworkSpec& spec, const Formulation& formulation);

}  // namespace deepmad::mad
