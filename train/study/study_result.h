// What a study found: a table, rank correlations, pictures.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "train/study/study_structures.h"

namespace deepmad::train {

// One structure with the scores of its runs.
struct StudyRow {
  StudyStructure structure;
  std::vector<double> scores;         // of the runs that ended, as fractions
  std::vector<std::string> failures;  // what the others ended with
  double train_seconds = 0;           // of all its runs

  double Mean() const;    // requires a score
  double Spread() const;  // standard deviation of the sample; 0 for one score
};

// Everything as one document: the rows, and for each number that could predict the score its rank correlations with the mean scores, over
// all structures with a score and over those within the problem's budgets, with bootstrap intervals over structures.
base::Json StudyDocument(const StudyPlan& plan, const std::vector<StudyRow>& rows);

// Of that document: a line a structure under a line of column names.
std::string StudyCsv(const base::Json& document);
// The same with the correlations, for people.
std::string StudyMarkdown(const base::Json& document);
// Of that document: the scores against the objective and against effectiveness, as PNG.
std::string StudyPicture(const base::Json& document);

}  // namespace deepmad::train
