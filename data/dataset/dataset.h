// Interface of data sets: labelled samples with random access. To add one, write a file in data/datasets/ that ends in
// DEEPMAD_REGISTER(DatasetRegistry, ...).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/config/config.h"
#include "base/registry.h"
#include "data/dataset/sample.h"

namespace deepmad::data {

struct CocoAnnotations;

enum class Split { kTrain, kValidation };

struct LeftOut {
  std::string reason;              // "boxes narrower or lower than 1 pixel"
  std::vector<std::string> names;  // "annotation 7 of image 3"
};

class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual int64_t size() const = 0;
  virtual LabelKind labels() const { return LabelKind::kWhole; }
  // Returns sample `index` of 0..size()-1, the same at every call. Thread-safe. Throws FailedError naming the source if the sample cannot
  // be read or decoded; an image that is decoded lazily throws when it is decoded.
  virtual Sample Get(int64_t index) const = 0;
  // Label and source of a sample, without decoding it. The label is kNoWholeLabel if pixels or objects are labelled instead.
  virtual int64_t label(int64_t index) const = 0;
  virtual std::string source(int64_t index) const = 0;
  virtual const std::vector<std::string>& class_names() const = 0;
  // Samples, or objects, by class index, as far as labels are known without decoding; empty where pixels are labelled.
  virtual std::vector<int64_t> class_counts() const;
  // Names of samples that the set lists but that are absent on disk. size() does not count them.
  virtual const std::vector<std::string>& missing() const {
    static const std::vector<std::string> none;
    return none;
  }
  // Samples and labels that exist but are not used, with the reason. size() does not count them.
  virtual std::vector<LeftOut> left_out() const { return {}; }
  // The group of each sample; training batches hold samples of one group only. Empty: all samples are in one group.
  virtual std::vector<int> groups() const { return {}; }
  // For object labels: the id that results files use for each class, by class index.
  virtual std::vector<int64_t> class_ids() const { return {}; }
  // For object labels: the ground truth of the metric, including entries of left_out(). Null for training sets.
  virtual std::shared_ptr<const CocoAnnotations> annotations() const { return nullptr; }
};

// A factory reads its keys from the `data` section. Throws UsageError for a wrong key or an absent folder, FailedError for content that is
// damaged as a whole, such as a truncated IDX file.
using DatasetRegistry = base::Registry<std::unique_ptr<Dataset>(const base::Config& data_section, Split)>;

}  // namespace deepmad::data

template <>
const char* deepmad::data::DatasetRegistry::kind();
