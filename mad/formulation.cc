#include "mad/formulation.h"

#include <algorithm>
#include <cmath>

#include "base/nearest.h"

namespace deepmad::mad {
namespace {

template <typename Enum, size_t kCount>
Enum FromName(const std::pair<Enum, const char*> (&table)[kCount], const char* kind, const std::string& name, const std::string& where) {
  std::vector<std::string> names;
  for (const auto& [value, known] : table) {
    if (name == known) return value;
    names.push_back(known);
  }
  throw base::UnknownName(kind, name, names, where);
}

template <typename Enum, size_t kCount>
const char* ToName(const std::pair<Enum, const char*> (&table)[kCount], Enum value) {
  for (const auto& [known, name] : table) {
    if (known == value) return name;
  }
  throw std::logic_error("enumerator without a name");
}

constexpr std::pair<FlopsConvention, const char*> kConventions[] = {{FlopsConvention::kMacs, "macs"},
                                                                    {FlopsConvention::kReference, "reference"}};
constexpr std::pair<DepthTerm, const char*> kDepthTerms[] = {
    {DepthTerm::kNone, "none"}, {DepthTerm::kExpStd, "exp_std"}, {DepthTerm::kExpVariance, "exp_var"}};

}  // namespace

const Formulation& PaperFormulation() {
  static const Formulation paper{"paper", FlopsConvention::kMacs, 1.0, 0, 0, "", true};
  return paper;
}

const Formulation& ReferenceFormulation() {
  static const Formulation reference{"reference", FlopsConvention::kReference, 0.5, 224, 2, "bottleneck", false};
  return reference;
}

const Formulation& FindFormulation(const std::string& name, const std::string& where) {
  for (const Formulation* known : {&PaperFormulation(), &ReferenceFormulation()}) {
    if (known->name == name) return *known;
  }
  throw base::UnknownName("formulation", name, {"paper", "reference"}, where);
}

const char* FlopsConventionName(FlopsConvention convention) { return ToName(kConventions, convention); }
FlopsConvention FlopsConventionFromName(const std::string& name, const std::string& where) {
  return FromName(kConventions, "flops_convention", name, where);
}
const char* DepthTermName(DepthTerm term) { return ToName(kDepthTerms, term); }
DepthTerm DepthTermFromName(const std::string& name, const std::string& where) { return FromName(kDepthTerms, "depth_term", name, where); }

Objective DefaultObjective(int stages) {
  Objective objective;
  objective.stage_weights.assign(static_cast<size_t>(stages), 1.0);
  objective.stage_weights.back() = 8;
  return objective;
}

ScoreLayout MakeScoreLayout(const NetworkSpec& spec, const Formulation& formulation) {
  ScoreLayout layout;
  int reference_side = formulation.score_image_side;
  int residual_blocks = 0;
  for (const PlacedBlock& block : PlaceBlocks(spec)) {
    layout.stage.push_back(block.stage);
    reference_side = std::max(1, reference_side / block.spec->stride);
    const double area = formulation.score_image_side > 0 ? static_cast<double>(reference_side) * reference_side
                                                         : static_cast<double>(block.out_size.h) * block.out_size.w;
    layout.log_map_area.push_back(std::log(area));
    const bool residual = block.type->traits.repeats;
    const bool skipped = block.spec->type == formulation.skipped_type && residual_blocks < formulation.skipped_depths;
    layout.in_penalty.push_back(residual && !skipped);
    residual_blocks += residual ? 1 : 0;
  }
  layout.stages = layout.stage.back() + 1;
  return layout;
}

}  // namespace deepmad::mad
