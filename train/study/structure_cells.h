// Structures of a problem sampled within windows of their numbers, and one of each cell of a grid over two of these numbers: so that what
// is studied varies while what it usually goes with stays put.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "mad/problem/problem.h"

namespace deepmad::train {

// Least and largest value, both admitted; above 0.
struct Window {
  double low = 0, high = 0;
};

struct CellOptions {
  std::map<std::string, Window> windows;  // by a key of kWindowNames
  int64_t samples = 4000;
  int layer_parts = 2;      // of the samples ordered by layers
  int objective_parts = 5;  // of the samples ordered by objective
};

// What windows can bound: effectiveness (the largest over the stages), flops, params and layers, as the problem's budgets measure them.
std::vector<std::string> WindowNames();

struct SampledStructure {
  mad::Candidate candidate;
  double objective = 0, layers = 0;
};

// Different structures that the problem's rules, ranges and budgets admit and that are within all windows: states of Markov chains over the
// admitted integers whose moves are symmetric, so that in the long run each structure is as likely as any other. A function of the seed.
// InfeasibleError where fewer than a tenth of the samples asked for are found.
std::vector<SampledStructure> SampleStructures(const mad::DesignProblem& problem, const CellOptions& options, uint64_t seed);

// One structure for each cell, parts of layers outermost: layer_parts * objective_parts networks, all different. Parts are equal shares of
// the samples by order. A structure of an empty cell is the one of its layer part whose objective is closest to the cell's.
std::vector<mad::NetworkSpec> OneOfEachCell(const mad::DesignProblem& problem, const CellOptions& options, uint64_t seed);

}  // namespace deepmad::train
