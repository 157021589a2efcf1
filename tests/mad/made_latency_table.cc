#include "tests/mad/made_latency_table.h"

#include <set>

#include "mad/recipe/block_type.h"

namespace deepmad::mad {
namespace {

constexpr int kChannels[] = {8, 24, 56, 120};

Spread Exactly(double milliseconds) { return {0.9 * milliseconds, milliseconds, 1.1 * milliseconds}; }

void AddRows(WorkShape shape, std::vector<LayerMeasurement>& rows) {
  for (const int side : {4, 8, 16, 32}) {
    shape.map = {1, side, side};
    for (const int in : kChannels) {
      for (const int out : kChannels) {
        if (!TraitsOf(shape.op).mixes_channels && in != out) continue;
        LayerMeasurement row{shape, in, out, {}, 7};
        row.milliseconds = Exactly(MadeMilliseconds(row));
        for (int copy = 0; copy < (TraitsOf(shape.op).mixes_channels ? 1 : 2); ++copy) rows.push_back(row);  // six at least
      }
    }
  }
}

// The kinds of layer of a type's units, map sizes aside.
void CollectShapes(const BlockType& type, std::vector<WorkShape>& shapes) {
  for (const int kernel : {3, 5}) {
    for (const int stride : {1, 2}) {
      for (const bool changes : {false, true}) {
        UnitDims<double> dims;
        dims.kernel = Square(kernel);
        dims.activation = type.traits.activation;
        dims.shortcut = type.traits.shortcut.value_or(ShortcutRule::kNone);
        dims.se_ratio = type.traits.se_ratio;
        dims.in = changes ? 16 : 32;
        dims.out = 32;
        dims.bottleneck = type.traits.has_bottleneck ? 24 : 0;
        dims.stride = Square(stride);
        dims.changes_channels = changes;
        Extent size = Square(32);
        for (LayerWork<double>& work : UnitWork(MakeUnit(type, dims), size)) {
          work.shape.map = {};
          if (std::find(shapes.begin(), shapes.end(), work.shape) == shapes.end()) shapes.push_back(work.shape);
        }
      }
    }
  }
}

}  // namespace

double MadeMilliseconds(const LayerMeasurement& row) {
  const double area = row.shape.map.Volume(), volume = row.shape.kernel.Volume() / row.shape.stride.h;
  const double values = 1e-6 * area * (row.shape.adds_shortcut ? 2 : 1);
  if (!TraitsOf(row.shape.op).mixes_channels) return 0.01 + values * volume * row.in;
  return 0.02 + values * (row.in + 2 * row.out) + 1e-8 * area * volume * row.in * row.out;
}

LatencyTable MadeLatencyTable() {
  LatencyTable table;
  table.device = "a made device";
  table.program = "a test";
  table.threads = 1;
  table.resolutions = {64};
  InferenceCase& inference = table.inference.emplace_back(InferenceCase{"float32", 1, 3.5, {}, {}});
  std::vector<WorkShape> shapes{{.op = FusedOp::kInput}, {.op = FusedOp::kClassifier}};
  for (const std::string& name : BlockRegistry::Get().Names()) {
    const BlockType& type = FindBlockType(name);
    if (!type.traits.has_time) CollectShapes(type, shapes);
  }
  for (const WorkShape& shape : shapes) AddRows(shape, inference.layers);
  inference.passes = {{Exactly(1.25), 1, 5}, {Exactly(2.5), 2, 5}, {Exactly(9), 3, 5}};
  TrainingCase& training = table.training.emplace_back(TrainingCase{"float32", 8, 3.5, {}});
  for (int i = 1; i <= 24; ++i) {
    StepMeasurement step;
    for (size_t work = 0; work < kTrainingWork; ++work) step.amounts[work] = 1e5 * ((i * (3 + static_cast<int>(work))) % 17 + 1);
    step.milliseconds = Exactly(2e-6 * step.amounts[kConvValues] + 5e-6 * step.amounts[kStepParams]);
    step.passes = 5;
    training.steps.push_back(step);
  }
  return table;
}

}  // namespace deepmad::mad
