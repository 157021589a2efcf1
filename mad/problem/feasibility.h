// Feasibility of integer structures under the ranges and rules of a problem.
#pragma once

#include "mad/problem/problem.h"

namespace deepmad::mad {

// Narrows all width ranges by the rules between neighbours (non-decreasing, at most k times the input) until nothing changes. Throws
// InfeasibleError naming a stage without any remaining value.
DesignProblem WithTightRanges(const DesignProblem& problem);

// Returns the feasible bottleneck widths for a number of output channels; empty (low > high) if there are none.
Range AdmittedBottlenecks(const DesignProblem& problem, const BlockVariables& block, int out_channels);
// Returns the feasible output widths of a block for a number of input channels: of stem and tail the whole range.
Range AdmittedOutputs(const DesignProblem& problem, const BlockVariables& block, int in_channels);

bool IsAdmitted(const DesignProblem& problem, const Candidate& candidate);

// Rounds real values to a feasible candidate, front to back: widths to multiples within the rules of neighbours, depths to integers. Each
// list has an entry a block. If the ranges of the problem are tight, the result is feasible unless no bottleneck fits; check with
// IsAdmitted().
Candidate RoundToAdmitted(const DesignProblem& problem, const std::vector<double>& widths, const std::vector<double>& bottlenecks,
                          const std::vector<double>& depths, const std::vector<KernelChoice>& kernels);

// Returns the candidate with every number at its lower end. No other candidate has fewer FLOPs, parameters or layers.
Candidate SmallestCandidate(const DesignProblem& problem);

}  // namespace deepmad::mad
