#include "mad/problem/block_polynomials.h"

#include "mad/cost/network_cost.h"
#include "mad/objective/entropy.h"
#include "mad/problem/feasibility.h"
#include "mad/recipe/squeeze_excite.h"

namespace deepmad::mad {
namespace {

UnitFormulas Select(const DesignProblem& problem, const UnitCount<Form>& count, double log_alpha) {
  UnitFormulas form;
  for (const Budget budget : kEveryAdditive) form.amounts[budget] = Amount(budget, problem, count);
  form.log_width = count.log_width;
  form.log_quantisation = count.log_quantisation;
  form.entropy = UnitsEntropy(form.log_width, Form(1), log_alpha, Form(form.log_quantisation), *problem.formulation);
  return form;
}

}  // namespace

double BlockForms::Hidden(int bottleneck_channels) const { return se_ratio > 0 ? SqueezeExciteHidden(bottleneck_channels, se_ratio) : 0; }

const KernelForms& BlockForms::OfKernel(const KernelChoice& kernel) const {
  for (const KernelForms& forms : kernels) {
    if (forms.kernel == kernel) return forms;
  }
  throw std::logic_error("a kernel that the problem does not offer");
}

ProblemForms::ProblemForms(const DesignProblem& problem) {
  const NetworkSpec shape = ToNetwork(problem, SmallestCandidate(problem));
  layout = MakeScoreLayout(shape, *problem.formulation);
  const BlockDims<Form> dims{Form::Of(kInSymbol), Form::Of(kOutSymbol), Form::Of(kBottleneckSymbol), Form(1)};
  MapSizes maps = InputSizes(problem.input);
  for (const PlacedBlock& block : PlaceBlocks(shape)) {
    const size_t index = static_cast<size_t>(block.index);
    BlockForms forms;
    forms.type = block.type;
    forms.se_ratio = block.form.se_ratio;
    for (const KernelChoice& kernel : problem.blocks[index].kernels) {
      BlockPlace place = PlaceOf(block, maps, problem.budgets.latency_model.get());
      place.form.kernel = Square(kernel.side, kernel.time);
      place.form.bits = kernel.bits;
      const double log_alpha = LogAlpha(*problem.formulation, place.form.kernel, layout.score_side[index], problem.input.frames);
      KernelForms of_kernel{kernel, log_alpha, {}, {}, {}};
      for (const bool changes : {false, true}) {
        place.changes_channels = changes;
        MapSizes behind = maps;
        (changes ? of_kernel.first_changed : of_kernel.first_equal) = Select(problem, CountFirstUnit(place, dims, behind), log_alpha);
        if (block.type->traits.repeats) of_kernel.other = Select(problem, CountOtherUnit(place, dims, behind), log_alpha);
      }
      forms.kernels.push_back(of_kernel);
    }
    blocks.push_back(forms);
    maps.Shrink(Square(block.spec->stride));
  }
  for (const Budget budget : kEveryAdditive) head[budget] = AmountOfHead(budget, problem, shape);
}

}  // namespace deepmad::mad
