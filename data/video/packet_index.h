// Which packets a frame of a compressed video needs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace deepmad::data {

// In the order of the file, which is that of decoding.
struct PacketFacts {
  int64_t time = 0;        // at which the frame is shown (pts)
  bool has_time = true;    // false: the container does not say
  bool key = false;        // decoding can begin here
  bool discarded = false;  // decoded, not shown: before the start that an edit list sets
};

// Packets to decode one after the other, and the frames wanted of them.
struct PacketSpan {
  size_t first = 0, last = 0;    // both included; the first is a key packet
  std::vector<int64_t> numbers;  // of the frames, ascending
};

// For codecs with one frame a packet. Frames are numbered in the order of their times. Those before the first key packet, in the file or in
// time, cannot be decoded and do not count.
class PacketIndex {
 public:
  // Nothing when a packet has no time or two have the same one.
  static std::optional<PacketIndex> Make(const std::vector<PacketFacts>& packets);

  int64_t count() const { return static_cast<int64_t>(frames_.size()); }
  int64_t time(int64_t number) const { return frames_[static_cast<size_t>(number)].time; }
  size_t packet(int64_t number) const { return frames_[static_cast<size_t>(number)].packet; }
  // The shortest spans that give these frames (ascending, without repeats): each begins at the last key packet that is not after the frame
  // in the file nor in time, so that frames which refer to what is before a key packet are decoded with it.
  std::vector<PacketSpan> Spans(const std::vector<int64_t>& numbers) const;

 private:
  struct Frame {
    int64_t time = 0;
    size_t packet = 0;
    size_t key = 0;  // packet to begin with
  };

  std::vector<Frame> frames_;
};

}  // namespace deepmad::data
