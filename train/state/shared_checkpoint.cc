#include "train/state/shared_checkpoint.h"

#include <ATen/ops/empty.h>

#include <vector>

namespace deepmad::train {

Checkpoint ShareCheckpoint(const Checkpoint& checkpoint, const RankGroup& ranks) {
  base::Json list = base::Json::array();
  for (const auto& [name, tensor] : checkpoint.tensors) {
    list.push_back({{"name", name}, {"type", static_cast<int>(tensor.scalar_type())}, {"shape", tensor.sizes().vec()}});
  }
  const base::Json outline = base::Json::parse(ranks.Broadcast(base::JsonLine({{"state", checkpoint.state}, {"tensors", list}})));
  Checkpoint shared;
  shared.state = outline.at("state");
  for (size_t i = 0; i < outline.at("tensors").size(); ++i) {
    const base::Json& entry = outline.at("tensors")[i];
    const auto type = static_cast<at::ScalarType>(entry.at("type").get<int>());
    at::Tensor tensor = ranks.rank() == 0 ? checkpoint.tensors[i].second.detach().cpu().contiguous()
                                          : at::empty(entry.at("shape").get<std::vector<int64_t>>(), type);
    if (tensor.numel() > 0) ranks.Broadcast(tensor);
    shared.tensors.emplace_back(entry.at("name"), tensor);
  }
  return shared;
}

}  // namespace deepmad::train
