#include "data/video/packet_index.h"

#include <algorithm>

namespace deepmad::data {
namespace {

// The last key packet that is not later in time, among the last few; else the first one.
std::optional<size_t> KeyFor(const PacketFacts& packet, const std::vector<PacketFacts>& packets, const std::vector<size_t>& keys) {
  constexpr size_t kLooks = 16;  // a frame that is shown before more key frames than that is not of this world
  for (size_t back = 1; back <= std::min(kLooks, keys.size()); ++back) {
    if (const size_t key = keys[keys.size() - back]; packets[key].time <= packet.time) return key;
  }
  if (keys.empty() || packets[keys.front()].time > packet.time) return std::nullopt;
  return keys.front();
}

}  // namespace

std::optional<PacketIndex> PacketIndex::Make(const std::vector<PacketFacts>& packets) {
  PacketIndex index;
  std::vector<size_t> keys;  // so far
  for (size_t i = 0; i < packets.size(); ++i) {
    const PacketFacts& packet = packets[i];
    if (!packet.has_time) return std::nullopt;
    if (packet.key) keys.push_back(i);
    if (const auto key = KeyFor(packet, packets, keys); key && !packet.discarded) index.frames_.push_back({packet.time, i, *key});
  }
  const auto earlier = [](const Frame& a, const Frame& b) { return a.time < b.time; };
  std::sort(index.frames_.begin(), index.frames_.end(), earlier);
  const auto same = [](const Frame& a, const Frame& b) { return a.time == b.time; };
  if (std::adjacent_find(index.frames_.begin(), index.frames_.end(), same) != index.frames_.end()) return std::nullopt;
  return index;
}

std::vector<PacketSpan> PacketIndex::Spans(const std::vector<int64_t>& numbers) const {
  std::vector<PacketSpan> spans;
  for (const int64_t number : numbers) {
    const Frame& frame = frames_[static_cast<size_t>(number)];
    // Where the span before reaches this far anyway, it goes on.
    if (spans.empty() || frame.key > spans.back().last + 1) spans.push_back({frame.key, frame.packet, {}});
    spans.back().first = std::min(spans.back().first, frame.key);  // times may run against the order of the file
    spans.back().last = std::max(spans.back().last, frame.packet);
    spans.back().numbers.push_back(number);
  }
  return spans;
}

}  // namespace deepmad::data
