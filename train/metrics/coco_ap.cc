#include "train/metrics/coco_ap.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <limits>
#include <numeric>
#include <thread>

#include "base/error.h"

namespace deepmad::train {
namespace {

constexpr double kNothing = -1;

// One class: the boxes that bear on it, by image.
template <typename Box>
struct Placed {
  uint32_t image;  // rank among the ascending ids
  const Box* box;
};

struct ClassBoxes {
  std::vector<Placed<CocoTruth>> truths;
  std::vector<Placed<CocoDetection>> detections;
};

// A detection that takes part, with what became of it.
struct Scored {
  double score;
  uint32_t rank;  // in its image, by falling score
  CocoVerdict verdict;
};

std::vector<int64_t> Ascending(std::vector<int64_t> ids) {
  std::sort(ids.begin(), ids.end());
  ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
  return ids;
}

// The rank of an id; the number of ids where it is none of them.
size_t RankOf(int64_t id, const std::vector<int64_t>& ids) {
  const auto found = std::lower_bound(ids.begin(), ids.end(), id);
  return found != ids.end() && *found == id ? static_cast<size_t>(found - ids.begin()) : ids.size();
}

uint32_t ImageRank(int64_t image, const std::vector<int64_t>& images, const char* what, size_t index) {
  const size_t rank = RankOf(image, images);
  if (rank < images.size()) return static_cast<uint32_t>(rank);
  throw base::FailedError(fmt::format("{} {} is of image {}, which is not among the {} images", what, index, image, images.size()));
}

void CheckFinite(const CocoBox& box, double value, const char* what, size_t index, int64_t image) {
  if (std::isfinite(value) && std::all_of(box.begin(), box.end(), [](double side) { return std::isfinite(side); })) return;
  throw base::FailedError(fmt::format("{} {} of image {} holds a number that is not finite", what, index, image));
}

std::vector<ClassBoxes> ByClass(const CocoTruths& truths, const std::vector<CocoDetection>& detections, const std::vector<int64_t>& images,
                                const std::vector<int64_t>& categories, int64_t* other_detections) {
  std::vector<ClassBoxes> classes(categories.size());
  for (size_t i = 0; i < truths.boxes.size(); ++i) {
    const CocoTruth& truth = truths.boxes[i];
    CheckFinite(truth.box, truth.area, "object", i, truth.image);
    const size_t category = RankOf(truth.category, categories);
    if (category == categories.size()) {
      throw base::FailedError(fmt::format("object {} of image {} is of category {}, which is not listed", i, truth.image, truth.category));
    }
    classes[category].truths.push_back({ImageRank(truth.image, images, "object", i), &truth});
  }
  for (size_t i = 0; i < detections.size(); ++i) {
    const CocoDetection& detection = detections[i];
    CheckFinite(detection.box, detection.score, "detection", i, detection.image);
    const uint32_t image = ImageRank(detection.image, images, "detection", i);
    const size_t category = RankOf(detection.category, categories);
    if (category == categories.size()) {
      ++*other_detections;
    } else {
      classes[category].detections.push_back({image, &detection});
    }
  }
  return classes;
}

// Matches all images of a class. The detections that take part come image by image, by falling score in each.
std::vector<Scored> MatchImages(ClassBoxes& boxes, std::array<int64_t, kCocoAreas>* counted) {
  auto& [truths, detections] = boxes;
  std::stable_sort(truths.begin(), truths.end(), [](const auto& a, const auto& b) { return a.image < b.image; });
  std::stable_sort(detections.begin(), detections.end(),
                   [](const auto& a, const auto& b) { return a.image != b.image ? a.image < b.image : a.box->score > b.box->score; });
  std::vector<Scored> scored;
  scored.reserve(detections.size());
  CocoMatcher matcher;
  std::vector<const CocoTruth*> image_truths;
  std::vector<const CocoDetection*> image_detections;
  std::array<CocoVerdict, kCocoMostDetections> verdicts;
  for (size_t g = 0, d = 0; g < truths.size() || d < detections.size();) {
    const uint32_t image =
        std::min(g < truths.size() ? truths[g].image : UINT32_MAX, d < detections.size() ? detections[d].image : UINT32_MAX);
    image_truths.clear();
    image_detections.clear();
    for (; g < truths.size() && truths[g].image == image; ++g) image_truths.push_back(truths[g].box);
    for (; d < detections.size() && detections[d].image == image; ++d) {
      if (image_detections.size() < kCocoMostDetections) image_detections.push_back(detections[d].box);
    }
    matcher.Match(image_detections, image_truths, verdicts.data(), counted);
    for (uint32_t rank = 0; rank < image_detections.size(); ++rank) scored.push_back({image_detections[rank]->score, rank, verdicts[rank]});
  }
  return scored;
}

// Precision at the recall points and the largest recall, from the detections by falling score.
double PrecisionAtRecalls(const std::vector<Scored>& scored, size_t area, size_t threshold, int64_t objects,
                          std::array<double, kCocoRecallPoints>* precision) {
  const auto bit = static_cast<uint16_t>(1U << threshold);
  std::vector<double> recalls, precisions;
  recalls.reserve(scored.size());
  precisions.reserve(scored.size());
  int64_t right = 0, wrong = 0;
  for (const Scored& detection : scored) {
    if (!(detection.verdict.ignored[area] & bit)) (detection.verdict.matched[area] & bit ? right : wrong) += 1;
    recalls.push_back(static_cast<double>(right) / static_cast<double>(objects));
    precisions.push_back(static_cast<double>(right) / (static_cast<double>(wrong + right) + std::numeric_limits<double>::epsilon()));
  }
  for (size_t i = precisions.size(); i-- > 1;) precisions[i - 1] = std::max(precisions[i - 1], precisions[i]);
  size_t at = 0;
  for (size_t r = 0; r < kCocoRecallPoints; ++r) {
    const double recall = r + 1 == kCocoRecallPoints ? 1.0 : static_cast<double>(r) * 0.01;  // numpy's linspace
    while (at < recalls.size() && recalls[at] < recall) ++at;
    (*precision)[r] = at < precisions.size() ? precisions[at] : 0;
  }
  return recalls.empty() ? 0 : recalls.back();
}

// The mean over thresholds of the largest recall with `most` detections an image.
double RecallWith(const std::vector<Scored>& scored, uint32_t most, int64_t objects) {
  double sum = 0;
  for (size_t t = 0; t < kCocoThresholds; ++t) {
    int64_t right = 0;
    for (const Scored& detection : scored)
      right += detection.rank < most && (detection.verdict.matched[0] & ~detection.verdict.ignored[0]) >> t & 1;
    sum += static_cast<double>(right) / static_cast<double>(objects);
  }
  return sum / kCocoThresholds;
}

double Mean(const std::array<double, kCocoRecallPoints>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / kCocoRecallPoints;
}

void ScoreClass(ClassBoxes& boxes, CocoClassScores* scores, CocoPrecision* precision_of_all) {
  scores->detections = static_cast<int64_t>(boxes.detections.size());
  scores->truths = std::count_if(boxes.truths.begin(), boxes.truths.end(), [](const auto& truth) { return !truth.box->crowd; });
  scores->stats.fill(kNothing);
  std::array<int64_t, kCocoAreas> objects{};
  std::vector<Scored> scored = MatchImages(boxes, &objects);
  std::stable_sort(scored.begin(), scored.end(), [](const Scored& a, const Scored& b) { return a.score > b.score; });
  constexpr std::array<size_t, kCocoAreas> kPrecisionStat = {0, 3, 4, 5}, kRecallStat = {8, 9, 10, 11};
  for (size_t area = 0; area < kCocoAreas; ++area) {
    if (objects[area] == 0) continue;
    CocoPrecision precision;
    double precision_sum = 0, recall_sum = 0;
    for (size_t t = 0; t < kCocoThresholds; ++t) {
      recall_sum += PrecisionAtRecalls(scored, area, t, objects[area], &precision[t]);
      precision_sum += Mean(precision[t]);
    }
    scores->stats[kPrecisionStat[area]] = precision_sum / kCocoThresholds;
    scores->stats[kRecallStat[area]] = recall_sum / kCocoThresholds;
    if (area > 0) continue;
    scores->stats[1] = Mean(precision[0]);
    scores->stats[2] = Mean(precision[5]);
    scores->stats[6] = RecallWith(scored, 1, objects[0]);
    scores->stats[7] = RecallWith(scored, 10, objects[0]);
    *precision_of_all = precision;
  }
}

// The mean over classes of each number, over those classes that have it. All classes have as many cells, so this is the mean over cells.
template <typename Get>
double MeanOverClasses(const std::vector<CocoClassScores>& classes, const Get& get) {
  double sum = 0;
  int64_t count = 0;
  for (size_t k = 0; k < classes.size(); ++k) {
    const double value = get(k);
    if (value <= kNothing) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : kNothing;
}

}  // namespace

CocoScores ScoreCocoBoxes(const CocoTruths& truths, const std::vector<CocoDetection>& detections, int threads) {
  const std::vector<int64_t> images = Ascending(truths.images), categories = Ascending(truths.categories);
  CocoScores result;
  std::vector<ClassBoxes> boxes = ByClass(truths, detections, images, categories, &result.other_detections);
  result.classes.resize(categories.size());
  std::vector<CocoPrecision> precision(categories.size());
  for (size_t k = 0; k < categories.size(); ++k) {
    result.classes[k].category = categories[k];
    for (auto& row : precision[k]) row.fill(kNothing);
  }

  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t k = next++; k < categories.size(); k = next++) ScoreClass(boxes[k], &result.classes[k], &precision[k]);
  };
  std::vector<std::thread> others;
  const size_t most = std::min(static_cast<size_t>(std::max(threads, 1)), categories.size());
  for (size_t i = 1; i < most; ++i) others.emplace_back(work);
  work();
  for (std::thread& thread : others) thread.join();

  for (size_t s = 0; s < result.stats.size(); ++s) {
    result.stats[s] = MeanOverClasses(result.classes, [&](size_t k) { return result.classes[k].stats[s]; });
  }
  for (size_t t = 0; t < kCocoThresholds; ++t) {
    for (size_t r = 0; r < kCocoRecallPoints; ++r) {
      result.precision[t][r] = MeanOverClasses(result.classes, [&](size_t k) { return precision[k][t][r]; });
    }
  }
  return result;
}

}  // namespace deepmad::train
