// A set of labelled pictures with random access. To add one: a file in datasets/ that ends in DEEPMAD_REGISTER(DatasetRegistry, ...).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/config.h"
#include "base/registry.h"
#include "data/sample.h"

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
  // Sample `index` in 0..size()-1, always the same one. Called by several threads at once. Throws FailedError naming the source of a
  // sample that cannot be read or decoded; the picture's own functions do so where it is not decoded yet.
  virtual Sample Get(int64_t index) const = 0;
  // Label (kNoWholeLabel where pixels or objects have theirs) and source without decoding anything.
  virtual int64_t label(int64_t index) const = 0;
  virtual std::string source(int64_t index) const = 0;
  virtual const std::vector<std::string>& class_names() const = 0;
  // Samples that the set should have and that are not there, by name; size() does not count them.
  virtual const std::vector<std::string>& missing() const {
    static const std::vector<std::string> none;
    return none;
  }
  // What the set has and cannot be used, with the reason; size() does not count it.
  virtual std::vector<LeftOut> left_out() const { return {}; }
  // By index: batches of training should have samples of one group only. Empty: all are of one.
  virtual std::vector<int> groups() const { return {}; }
  // Of objects: the number of each class in files of results, by class index.
  virtual std::vector<int64_t> class_ids() const { return {}; }
  // Of objects: all that detections are scored against, whatever left_out() says; null for training sets.
  virtual std::shared_ptr<const CocoAnnotations> annotations() const { return nullptr; }
};

// A factory reads its own keys from the `data` section. It throws UsageError for a wrong key or an absent folder, FailedError for content
// that is broken as a whole (a truncated IDX file).
using DatasetRegistry = base::Registry<std::unique_ptr<Dataset>(const base::Config& data_section, Split)>;

}  // namespace deepmad::data

template <>
const char* deepmad::data::DatasetRegistry::kind();
