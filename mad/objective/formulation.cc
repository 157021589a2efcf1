#include "mad/objective/formulation.h"

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
  static const Formulation paper{.name = "paper", .params_with_head = true, .depth_term = DepthTerm::kExpStd, .all_stages = true};
  return paper;
}

const Formulation& ReferenceFormulation() {
  static const Formulation reference{.name = "reference",
                                     .flops_convention = FlopsConvention::kReference,
                                     .entropy_factor = 0.5,
                                     .score_image_side = 224,
                                     .squeeze_excite_hides_map = true,
                                     .skipped_depths = 2,
                                     .skipped_type = "bottleneck",
                                     .depth_term = DepthTerm::kExpStd,
                                     .all_stages = true};
  return reference;
}

const Formulation& MadnasFormulation() {
  static const Formulation madnas{.name = "madnas",
                                  .flops_convention = FlopsConvention::kReference,
                                  .entropy_form = EntropyForm::kPlusWidth,
                                  .entropy_factor = 0.5,
                                  .counts_quantisation = true};
  return madnas;
}

const Formulation& StentrFormulation() {
  static const Formulation stentr{.name = "stentr",
                                  .flops_convention = FlopsConvention::kReference,
                                  .entropy_form = EntropyForm::kPlusWidth,
                                  .entropy_factor = 0.5,
                                  .score_image_side = 160,
                                  .weighs_kernels = true};
  return stentr;
}

std::vector<std::string> FormulationNames() { return {"paper", "reference", "madnas", "stentr"}; }

const Formulation& FindFormulation(const std::string& name, const std::string& where) {
  for (const Formulation* known : {&PaperFormulation(), &ReferenceFormulation(), &MadnasFormulation(), &StentrFormulation()}) {
    if (known->name == name) return *known;
  }
  throw base::UnknownName("formulation", name, FormulationNames(), where);
}

const char* FlopsConventionName(FlopsConvention convention) { return ToName(kConventions, convention); }
FlopsConvention FlopsConventionFromName(const std::string& name, const std::string& where) {
  return FromName(kConventions, "flops_convention", name, where);
}
const char* DepthTermName(DepthTerm term) { return ToName(kDepthTerms, term); }
DepthTerm DepthTermFromName(const std::string& name, const std::string& where) { return FromName(kDepthTerms, "depth_term", name, where); }

Objective DefaultObjective(const Formulation& formulation, int stages) {
  Objective objective;
  objective.stage_weights.assign(static_cast<size_t>(stages), formulation.all_stages ? 1.0 : 0.0);
  objective.stage_weights.back() = formulation.all_stages ? 8 : 1;
  objective.depth_term = formulation.depth_term;
  return objective;
}

double LogAlpha(const Formulation& formulation, const Extent& kernel, int side, int frames) {
  if (!formulation.weighs_kernels || kernel.h == 1) return 0;
  constexpr double kSmallest = 1e-12;  // of 1 - cos, for a map in proportion to the kernel
  const double dot = static_cast<double>(frames) * kernel.t + static_cast<double>(side) * (kernel.h + kernel.w);
  const double map_norm = std::sqrt(static_cast<double>(frames) * frames + 2.0 * side * side);
  const double kernel_norm = std::sqrt(static_cast<double>(kernel.t * kernel.t + kernel.h * kernel.h + kernel.w * kernel.w));
  return std::log(-std::log(std::max(kSmallest, 1 - dot / (map_norm * kernel_norm))));
}

ScoreLayout MakeScoreLayout(const NetworkSpec& spec, const Formulation& formulation) {
  ScoreLayout layout;
  int side = formulation.score_image_side;
  int residual_blocks = 0;
  bool map_is_hidden = false;
  for (const PlacedBlock& block : PlaceBlocks(spec)) {
    if (block.index > 0) layout.ends_stage.push_back(block.stage != layout.stage.back());
    layout.stage.push_back(block.stage);
    side = std::max(1, side / block.spec->stride);
    map_is_hidden = map_is_hidden || (formulation.squeeze_excite_hides_map && block.form.se_ratio > 0);
    const double true_area = static_cast<double>(block.out_size.h) * block.out_size.w;
    const double area = formulation.score_image_side > 0 ? static_cast<double>(side) * side : true_area;
    layout.log_map_area.push_back(map_is_hidden ? 0.0 : std::log(area));
    layout.score_side.push_back(side);
    layout.log_alpha.push_back(LogAlpha(formulation, block.form.kernel, side, spec.input.frames));
    const bool residual = block.type->traits.repeats;
    const bool skipped = block.spec->type == formulation.skipped_type && residual_blocks < formulation.skipped_depths;
    layout.in_penalty.push_back(residual && !skipped);
    residual_blocks += residual ? 1 : 0;
  }
  layout.ends_stage.push_back(true);
  layout.stages = layout.stage.back() + 1;
  return layout;
}

}  // namespace deepmad::mad
