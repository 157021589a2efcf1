#include "mad/block_forms.h"

#include "mad/admitted.h"
#include "mad/cost.h"

namespace deepmad::mad {
namespace {

UnitFormulas Select(const DesignProblem& problem, const UnitCount<Form>& count) {
  UnitFormulas form;
  for (int quantity = 0; quantity < kQuantities; ++quantity) form.amounts[static_cast<size_t>(quantity)] = Amount(quantity, problem, count);
  form.log_width = count.log_width;
  return form;
}

}  // namespace

const KernelForms& BlockForms::OfKernel(int kernel) const {
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
    const bool is_stage = index > 0 && index <= problem.stages.size();
    BlockForms forms;
    forms.type = block.type;
    for (const int kernel : is_stage ? problem.stages[index - 1].kernels : std::vector<int>{block.spec->kernel}) {
      BlockPlace place = PlaceOf(block, maps);
      place.kernel = kernel;
      KernelForms of_kernel{kernel, {}, {}, {}};
      for (const bool changes : {false, true}) {
        place.changes_channels = changes;
        MapSizes behind = maps;
        (changes ? of_kernel.first_changed : of_kernel.first_equal) = Select(problem, CountFirstUnit(place, dims, behind));
        if (block.type->traits.repeats) of_kernel.other = Select(problem, CountOtherUnit(place, dims, behind));
      }
      forms.kernels.push_back(of_kernel);
    }
    blocks.push_back(forms);
    maps.Shrink(Square(block.spec->stride));
  }
  for (int quantity = 0; quantity < kQuantities; ++quantity) head[static_cast<size_t>(quantity)] = AmountOfHead(quantity, problem);
}

}  // namespace deepmad::mad
