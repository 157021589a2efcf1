#include "mad/cost/layer_table.h"

#include "mad/cost/network_cost.h"
#include "mad/recipe/fused_plan.h"

namespace deepmad::mad {
namespace {

// What a position of a map sees: `field` input pixels along one side; `jump` of them lie between neighbours.
struct Reach {
  MapSizes maps;
  int64_t field = 1, jump = 1;
};

Reach OutputMap(Reach reach, const Layer<double>& layer) {
  // In attention every position sees all others: a kernel of 2 h - 1.
  const int kernel = layer.kind == LayerKind::kAttention ? 2 * reach.maps.true_size.h - 1 : layer.kernel.h;
  reach.field += (kernel - 1) * reach.jump;
  reach.jump *= layer.stride.h;
  reach.maps.Shrink(layer.stride);
  return reach;
}

Reach PooledMap(const Reach& reach) { return {PooledMap(reach.maps), reach.field, reach.jump}; }

// Appends a row for each layer that multiplies. The parameters of the others belong to the row before, but for those of layer norms.
class RowWriter {
 public:
  void StartUnit(const std::string& prefix, int block) {
    prefix_ = prefix;
    block_ = block;
  }

  void Add(const LayerVisit<double, Reach>& visit) {
    const Layer<double>& layer = visit.layer;
    UnitCount<double> count;
    CountLayer(LayerVisit<double, MapSizes>{layer, visit.before, visit.path, visit.in.maps, visit.out.maps}, count);
    if (count.macs == 0) {
      const bool before = layer.kind == LayerKind::kNorm && layer.norm == NormKind::kLayer;
      if (count.params > 0) (before ? params_before_ : rows_.back().params) += count.params;
      return;
    }
    LayerRow row;
    row.name = prefix_ + (layer.name.empty() ? NameWithoutTensors(FusedOpOf(layer), layer.activation) : layer.name);
    row.block = block_;
    row.kernel = layer.kernel;
    row.stride = layer.stride;
    row.in_channels = static_cast<int>(layer.kind == LayerKind::kAttention ? 3 * layer.out : layer.in);
    row.out_channels = static_cast<int>(layer.out);
    row.depthwise = layer.depthwise;
    row.bits = layer.bits;
    row.out_size = visit.out.maps.true_size;
    row.params = count.params + params_before_;
    row.macs = count.macs;
    row.receptive_field = visit.out.field;
    params_before_ = 0;
    rows_.push_back(std::move(row));
  }

  std::vector<LayerRow> Take() {
    if (!rows_.empty()) rows_.back().params += params_before_;
    return std::move(rows_);
  }

 private:
  std::vector<LayerRow> rows_;
  std::string prefix_;
  int block_ = 0;
  double params_before_ = 0;  // of layer norms that no row has yet
};

}  // namespace

std::vector<LayerRow> LayerRows(const NetworkSpec& network) {
  RowWriter writer;
  Reach reach;
  for (const PlacedBlock& block : PlaceBlocks(network)) {
    reach.maps.true_size = block.in_size;
    const std::vector<Unit<double>> units = BlockUnits(block);
    for (size_t i = 0; i < units.size(); ++i) {
      writer.StartUnit(UnitPrefix(block, static_cast<int>(i)), block.index);
      reach = WalkUnit(units[i], reach, [&](const LayerVisit<double, Reach>& visit) { writer.Add(visit); });
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
  head.receptive_field = reach.field;
  rows.push_back(head);
  return rows;
}

}  // namespace deepmad::mad
