#include "mad/cost/layer_table.h"

#include "mad/cost/network_cost.h"

namespace deepmad::mad {
namespace {

// Walks the layers of paths and appends a row for each convolution and attention.
class RowWriter {
 public:
  void StartUnit(const std::string& prefix, int block) {
    prefix_ = prefix;
    block_ = block;
  }

  void Add(const Layer<double>& layer, Extent& size, int64_t& field, int64_t& jump) {
    switch (layer.kind) {
      case LayerKind::kConv: {
        size = OutputSize(size, layer.stride);
        field += (layer.kernel.h - 1) * jump;
        jump *= layer.stride.h;
        LayerRow row;
        row.name = prefix_ + layer.name;
        row.block = block_;
        row.kernel = layer.kernel;
        row.stride = layer.stride;
        row.in_channels = static_cast<int>(layer.in);
        row.out_channels = static_cast<int>(layer.out);
        row.depthwise = layer.depthwise;
        row.out_size = size;
        row.bits = layer.bits;
        row.params = ConvWeights(layer) + (layer.bias ? layer.out : 0);
        row.macs = ConvWeights(layer) * size.Volume();
        row.receptive_field = field;
        Append(row);
        break;
      }
      case LayerKind::kNorm:
        (layer.norm == NormKind::kLayer ? params_before_ : rows_.back().params) += 2 * layer.out;
        break;
      case LayerKind::kLayerScale:
        rows_.back().params += layer.out;
        break;
      case LayerKind::kAttention: {
        field += 2 * (size.h - 1) * jump;  // every position sees all others: a kernel of 2 h - 1
        LayerRow row;
        row.name = prefix_ + "attention";
        row.block = block_;
        row.in_channels = 3 * static_cast<int>(layer.out);
        row.out_channels = static_cast<int>(layer.out);
        row.out_size = size;
        row.macs = 2.0 * size.Volume() * size.Volume() * layer.out;
        row.receptive_field = field;
        Append(row);
        break;
      }
      case LayerKind::kAveragePool:
      case LayerKind::kMaxPool:
        size = OutputSize(size, layer.stride);
        field += (layer.kernel.h - 1) * jump;
        jump *= layer.stride.h;
        break;
      case LayerKind::kSqueezeExcite: {
        Extent one{};
        int64_t inner_field = field, inner_jump = jump;
        for (const Layer<double>& inner : SqueezeExciteLayers(layer)) Add(inner, one, inner_field, inner_jump);
        break;
      }
      case LayerKind::kActivation:
        break;
    }
  }

  std::vector<LayerRow> Take() {
    if (!rows_.empty()) rows_.back().params += params_before_;
    return std::move(rows_);
  }

 private:
  void Append(LayerRow row) {
    row.params += params_before_;
    params_before_ = 0;
    rows_.push_back(std::move(row));
  }

  std::vector<LayerRow> rows_;
  std::string prefix_;
  int block_ = 0;
  double params_before_ = 0;  // of layer norms that no row has yet
};

}  // namespace

std::vector<LayerRow> LayerRows(const NetworkSpec& network) {
  RowWriter writer;
  int64_t field = 1, jump = 1;
  for (const PlacedBlock& block : PlaceBlocks(network)) {
    Extent size = block.in_size;
    const std::vector<Unit<double>> units = BlockUnits(block);
    for (size_t i = 0; i < units.size(); ++i) {
      writer.StartUnit(UnitPrefix(block, static_cast<int>(i)), block.index);
      for (const Branch<double>& branch : units[i]) {
        Extent shortcut_size = size;
        int64_t shortcut_field = field, shortcut_jump = jump;
        for (const Layer<double>& layer : branch.main) writer.Add(layer, size, field, jump);
        for (const Layer<double>& layer : branch.shortcut) writer.Add(layer, shortcut_size, shortcut_field, shortcut_jump);
        for (const Layer<double>& layer : branch.post) writer.Add(layer, size, field, jump);
      }
    }
  }
  std::vector<LayerRow> rows = writer.Take();
  const int channels = network.blocks.back().out_channels;
  if (!network.head.IsClassifier()) return rows;
  LayerRow head;
  head.name = network.head.name;
  head.block = static_cast<int>(network.blocks.size());
  head.in_channels = channels;
  head.out_channels = network.head.classes;
  head.bits = {network.head.bits, network.head.bits};
  head.params = HeadParams(channels, network.head);
  head.macs = HeadMacs(channels, network.head);
  head.receptive_field = field;
  rows.push_back(head);
  return rows;
}

}  // namespace deepmad::mad
