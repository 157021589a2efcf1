// The formulations of the design objective. Where paper and released code differ, the difference is a field here and never a branch in
// a block or a solver (docs/mathematics.md lists the differences).
#pragma once

#include <string>
#include <vector>

#include "mad/network/network_spec.h"

namespace deepmad::mad {

enum class FlopsConvention { kMacs, kReference };
enum class DepthTerm { kNone, kExpStd, kExpVariance };
// With S the sum of log standard deviations up to the end of a stage, C its channels and M^2 the area of its map:
enum class EntropyForm {
  kTimesMapSize,  // S ln(M^2 C)
  kPlusWidth,     // S + ln C
};

struct Formulation {
  std::string name;
  FlopsConvention flops_convention = FlopsConvention::kMacs;
  EntropyForm entropy_form = EntropyForm::kTimesMapSize;
  double entropy_factor = 1;              // of ln w: 1 in the paper, 1/2 in the released code (log of a square root)
  int score_image_side = 0;               // 0: the true map sizes; else integer division of this side by the strides, as the released code
  bool squeeze_excite_hides_map = false;  // the map counts as 1x1 from the first squeeze-excite on, as the released code reports it
  bool weighs_kernels = false;            // ln alpha of the kernel and map (LogAlpha) joins ln w
  bool counts_quantisation = false;       // the entropy of quantised convolutions (mad/cost/quantisation_entropy.h) joins S
  int skipped_depths = 0;                 // leading residual blocks left out of the depth penalty ...
  std::string skipped_type = {};          // ... of networks that consist of this block type
  bool params_with_head = false;          // budgets.params bounds all parameters; else the released count of the backbone
  DepthTerm depth_term = DepthTerm::kNone;  // where a problem says nothing
  bool all_stages = false;                  // default stage weights: 1 each and 8 for the last; else the last stage alone
};

const Formulation& PaperFormulation();      // DeepMAD's paper (arXiv 2303.02165)
const Formulation& ReferenceFormulation();  // the score "deepmad" of the released code
const Formulation& MadnasFormulation();     // its score "madnas" (MAE-DET, arXiv 2111.13336, and the quantised networks)
const Formulation& StentrFormulation();     // its score "stentr" (E3D, arXiv 2303.02693)
std::vector<std::string> FormulationNames();
// Returns the formulation of this name. Throws UsageError for an unknown name.
const Formulation& FindFormulation(const std::string& name, const std::string& where);

const char* FlopsConventionName(FlopsConvention convention);
FlopsConvention FlopsConventionFromName(const std::string& name, const std::string& where);
const char* DepthTermName(DepthTerm term);
DepthTerm DepthTermFromName(const std::string& name, const std::string& where);

// The weights of an objective, which together with the structure determine its value.
struct Objective {
  std::vector<double> stage_weights;  // alpha, one a stage
  double depth_penalty = 10;
  DepthTerm depth_term = DepthTerm::kExpStd;
};
// Returns the published weights of a formulation.
Objective DefaultObjective(const Formulation& formulation, int stages);

// The inputs of the score other than block totals. One entry per block.
struct ScoreLayout {
  std::vector<int> stage;            // stage of each block
  std::vector<bool> ends_stage;      // whether the block is the last of its stage
  std::vector<double> log_map_area;  // ln of the area of the block's output map, as the formulation measures it
  std::vector<double> log_alpha;     // of one unit of the block, at its kernel
  std::vector<int> score_side;       // side of the block's output map where the formulation fixes the image's side
  std::vector<bool> in_penalty;      // whether the block's depth counts in the depth penalty
  int stages = 0;
};
// ln(-ln(1 - cos)) with the cosine between (frames, side, side) and the kernel's (t, h, w); 0 for a 1x1 kernel and where the formulation
// does not weigh kernels. `side`: of the block's output map.
double LogAlpha(const Formulation& formulation, const Extent& kernel, int side, int frames);

ScoreLayout MakeScoreLayout(const NetworkSpec& spec, const Formulation& formulation);

}  // namespace deepmad::mad
