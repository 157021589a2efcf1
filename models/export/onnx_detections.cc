// Decoding and suppression as ONNX nodes.
#include <ATen/ops/arange.h>
#include <ATen/ops/meshgrid.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "models/export/onnx_detector.h"

namespace deepmad::models {
namespace {

// [4, rows * columns]: where the cells' points stand, x, y, x, y.
at::Tensor CellPoints(const OnnxDetectionLevel& level, const DetectOptions& options) {
  const int half = options.half_cell ? level.stride / 2 : 0;
  const auto line = [&](int count) { return at::arange(count, at::kFloat) * level.stride + half; };
  const std::vector<at::Tensor> grid = at::meshgrid({line(level.classes.size.h), line(level.classes.size.w)}, "ij");
  const at::Tensor y = grid[0].flatten(), x = grid[1].flatten();
  return at::stack({x, y, x, y});
}

class DetectionNodes {
 public:
  DetectionNodes(OnnxGraph& graph, const mad::Extent& size, const DetectOptions& options) : graph_(graph), size_(size), options_(options) {}

  struct Candidates {
    std::string scores;  // [K, cells]: 0 where a class is none
    std::string boxes;   // [4, cells]
    int64_t cells;
  };

  Candidates OfLevel(const OnnxDetectionLevel& level) const {
    const int64_t cells = static_cast<int64_t>(level.classes.size.h) * level.classes.size.w;
    const std::string alone = Node("Sigmoid", "class_scores", {Shaped(level.classes.name, {level.classes.channels, cells})});
    const std::string joint = Node("Mul", "joint", {alone, Node("Sigmoid", "quality", {Shaped(level.quality.name, {1, cells})})});
    const std::string enough =
        Node("Greater", "enough", {options_.threshold_joint ? joint : alone, Number("least_score", options_.least_score)});
    Candidates candidates{Node("Where", "candidates", {enough, joint, Number("zero", 0)}), Boxes(level, cells), cells};
    if (cells <= options_.cells_a_level) return candidates;
    const std::string best = Node("ReduceMax", "best", {joint}, {{"axes", std::vector<int64_t>{0}}, {"keepdims", int64_t{0}}});
    const std::string chosen =
        graph_.AddPairNode("TopK", "detections.chosen", {best, Whole("cells_a_level", {options_.cells_a_level})}).second;
    const auto pick = [&](const std::string& rows) { return Node("Gather", "chosen", {rows, chosen}, {{"axis", int64_t{1}}}); };
    return {pick(candidates.scores), pick(candidates.boxes), options_.cells_a_level};
  }

  void Suppress(const std::vector<Candidates>& levels, int64_t classes) const {
    std::vector<std::string> all_scores, all_boxes;
    int64_t cells = 0;
    for (const Candidates& level : levels) {
      all_scores.push_back(level.scores);
      all_boxes.push_back(level.boxes);
      cells += level.cells;
    }
    const std::string scores = Node("Concat", "scores", all_scores, {{"axis", int64_t{1}}});
    const std::string boxes = Node("Transpose", "boxes", {Node("Concat", "corners", all_boxes, {{"axis", int64_t{1}}})});
    const std::string kept =
        Node("NonMaxSuppression", "kept",
             {Shaped(boxes, {1, cells, 4}), Shaped(scores, {1, classes, cells}), Whole("most_a_class", {options_.most}),
              Numbers("overlap", {options_.overlap}), Numbers("least_joint", {0})});  // [n, 3]: image, class, cell
    const auto column = [&](int64_t i) {
      return Node("Gather", "kept_column", {kept, Whole(fmt::format("column_{}", i), {}, i)}, {{"axis", int64_t{1}}});
    };
    const std::string label = column(1), cell = column(2);
    const std::string place = Node("Add", "place", {Node("Mul", "row", {label, Whole("cells", {}, cells)}), cell});
    const std::string score = Node("Gather", "kept_scores", {Shaped(scores, {-1}), place});
    const std::string count = Node("Min", "count", {Node("Shape", "kept_count", {place}), Whole("most", {options_.most})});
    const auto [best, order] = graph_.AddPairNode("TopK", "detections.best", {score, count});
    const auto ordered = [&](const std::string& rows) { return Node("Gather", "ordered", {rows, order}); };
    graph_.SetOutput(ordered(Node("Gather", "kept_boxes", {boxes, cell})), "boxes", {kAnyCount, 4});
    graph_.SetOutput(best, "scores", {kAnyCount});
    graph_.SetOutput(ordered(label), "labels", {kAnyCount}, OnnxType::kInt64);
  }

 private:
  // Corners inside the input.
  std::string Boxes(const OnnxDetectionLevel& level, int64_t cells) const {
    const std::string points = graph_.AddWeight(fmt::format("detections.points_{}", level.stride), CellPoints(level, options_));
    const std::string signs = Numbers("signs", {-1, -1, 1, 1}, {4, 1});
    const std::string limits = Numbers("limits", {1.0 * size_.w, 1.0 * size_.h, 1.0 * size_.w, 1.0 * size_.h}, {4, 1});
    const std::string away = Node("Mul", "away", {Shaped(level.distances.name, {4, cells}), signs});
    const std::string inner = Node("Max", "inner", {Node("Add", "corner", {points, away}), Number("zero", 0)});
    return Node("Min", "clipped", {inner, limits});
  }

  std::string Node(const std::string& op, const std::string& name, const std::vector<std::string>& inputs,
                   const std::vector<OnnxAttribute>& attributes = {}) const {
    return graph_.AddNode(op, "detections." + name, inputs, attributes);
  }
  std::string Shaped(const std::string& x, const std::vector<int64_t>& shape) const {
    return Node("Reshape", "shaped", {x, Whole(fmt::format("shape_{}", fmt::join(shape, "_")), shape)});
  }
  std::string Number(const std::string& name, double value) const {
    return graph_.AddWeight("detections." + name, at::scalar_tensor(value, at::kFloat));
  }
  std::string Numbers(const std::string& name, const std::vector<double>& values, at::IntArrayRef shape = {-1}) const {
    return graph_.AddWeight("detections." + name, at::tensor(values, at::kFloat).view(shape));
  }
  // A list, or without one a single number.
  std::string Whole(const std::string& name, const std::vector<int64_t>& values, int64_t single = 0) const {
    return graph_.AddWeight("detections." + name, values.empty() ? at::scalar_tensor(single, at::kLong) : at::tensor(values, at::kLong));
  }

  OnnxGraph& graph_;
  const mad::Extent& size_;
  const DetectOptions& options_;
};

}  // namespace

void AddDetections(OnnxGraph& graph, const std::vector<OnnxDetectionLevel>& levels, const mad::Extent& size, const DetectOptions& options) {
  const DetectionNodes nodes(graph, size, options);
  std::vector<DetectionNodes::Candidates> candidates;
  for (const OnnxDetectionLevel& level : levels) candidates.push_back(nodes.OfLevel(level));
  nodes.Suppress(candidates, levels.front().classes.channels);
}

}  // namespace deepmad::models
