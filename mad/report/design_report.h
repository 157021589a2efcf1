// A design or an inspected network as report.json and as text for the terminal.
#pragma once

#include <string>

#include "base/json.h"
#include "mad/design/design.h"

namespace deepmad::mad {

// The facts of docs/formats.md (report.json) that a network and a problem fix.
base::Json AssessmentJson(const DesignProblem& problem, const Assessment& assessment);
// Returns the whole report.json: the facts above plus status, time and file names.
base::Json DesignReportJson(const DesignProblem& problem, const DesignResult& result, const std::string& problem_file);

// One entry a convolution, norm-free: name, kind, kernel, stride, in and out channels, output size, parameters, MACs, receptive field.
base::Json LayerTableJson(const NetworkSpec& network);

// Tables for the terminal, each line ending in a newline.
std::string StageTable(const NetworkSpec& network);                                   // one line a block
std::string BudgetTable(const DesignProblem& problem, const Assessment& assessment);  // asked, achieved, share
std::string DesignTable(const DesignProblem& problem, const DesignResult& result);    // both tables, and how the solve went
std::string LayerTable(const NetworkSpec& network);                                   // one line a convolution

// What may end the solver before its proof: "a work limit of 1 (about 1 s)".
std::string LimitsText(const SolverOptions& solver);

// Returns a problem without budgets, to assess a network by the paper's definitions.
DesignProblem NeutralProblem(const NetworkSpec& network, const Formulation& formulation);

}  // namespace deepmad::mad
