// Which integers the ranges and rules of a problem admit.
#pragma once

#include "mad/problem.h"

namespace deepmad::mad {

// Narrows every width range by the rules that link neighbours (non-decreasing, at most k times the input), until nothing changes.
// InfeasibleError naming the stage that is left without a value.
DesignProblem WithTightRanges(const DesignProblem& problem);

// Admitted bottlenecks for a number of output channels; empty (low > high) where the rules leave none.
Range AdmittedBottlenecks(const DesignProblem& problem, const StageVariables& stage, int out_channels);
// Admitted outputs of a block for its number of input channels.
Range AdmittedOutputs(const DesignProblem& problem, const StageVariables& stage, int in_channels);

bool IsAdmitted(const DesignProblem& problem, const Candidate& candidate);

// The admitted candidate that real values round to, front to back: widths to multiples within the neighbours' rules, depths to integers.
// For a problem with tight ranges the result is admitted unless no bottleneck fits (IsAdmitted tells).
Candidate RoundToAdmitted(const DesignProblem& problem, const std::vector<double>& widths, const std::vector<double>& bottlenecks,
                          const std::vector<double>& depths, const std::vector<KernelChoice>& kernels);

// The cheapest candidate: every number at its lower end. FLOPs, parameters and layers of any other are at least its own.
Candidate SmallestCandidate(const DesignProblem& problem);

}  // namespace deepmad::mad
