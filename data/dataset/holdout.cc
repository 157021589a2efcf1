#include "data/dataset/holdout.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"

namespace deepmad::data {
namespace {

// Some samples of a dataset, under numbers of their own.
class Subset : public Dataset {
 public:
  Subset(std::unique_ptr<Dataset> dataset, std::vector<int64_t> indices) : dataset_(std::move(dataset)), indices_(std::move(indices)) {}

  int64_t size() const override { return static_cast<int64_t>(indices_.size()); }
  Sample Get(int64_t index) const override { return dataset_->Get(At(index)); }
  int64_t label(int64_t index) const override { return dataset_->label(At(index)); }
  std::string source(int64_t index) const override { return dataset_->source(At(index)); }
  const std::vector<std::string>& class_names() const override { return dataset_->class_names(); }

 private:
  int64_t At(int64_t index) const { return indices_[static_cast<size_t>(index)]; }

  std::unique_ptr<Dataset> dataset_;
  std::vector<int64_t> indices_;
};

// Indices of each class, in the order of the dataset.
std::vector<std::vector<int64_t>> IndicesByClass(const Dataset& dataset) {
  std::vector<std::vector<int64_t>> by_class(dataset.class_names().size());
  for (int64_t i = 0; i < dataset.size(); ++i) by_class[static_cast<size_t>(dataset.label(i))].push_back(i);
  return by_class;
}

}  // namespace

std::unique_ptr<Dataset> HoldOut(std::unique_ptr<Dataset> dataset, int64_t per_class, HoldoutPart part) {
  if (dataset->labels() != LabelKind::kWhole) {
    throw base::UsageError("samples can only be held out where each has one label", "data.holdout", "remove data.holdout");
  }
  const std::vector<std::vector<int64_t>> by_class = IndicesByClass(*dataset);
  std::vector<int64_t> chosen;
  for (size_t c = 0; c < by_class.size(); ++c) {
    if (static_cast<int64_t>(by_class[c].size()) >= 2 * per_class) continue;
    throw base::UsageError("class '" + dataset->class_names()[c] + "' has " + std::to_string(by_class[c].size()) +
                               " training samples: " + std::to_string(per_class) + " of them are too many to hold out",
                           "data.holdout.per_class", "hold out fewer");
  }
  if (part == HoldoutPart::kKept) {
    for (const std::vector<int64_t>& indices : by_class) chosen.insert(chosen.end(), indices.begin(), indices.end() - per_class);
    std::sort(chosen.begin(), chosen.end());
  } else {
    const int64_t from_end = part == HoldoutPart::kHeldOut ? per_class : 2 * per_class;
    for (int64_t i = 0; i < per_class; ++i) {
      for (const std::vector<int64_t>& indices : by_class) chosen.push_back(indices[indices.size() - static_cast<size_t>(from_end - i)]);
    }
  }
  return std::make_unique<Subset>(std::move(dataset), std::move(chosen));
}

}  // namespace deepmad::data
