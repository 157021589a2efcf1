// From compressed pictures to RGB.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "data/image/image.h"
#include "data/video/video_packets.h"

namespace deepmad::data {

// Decodes packets of one video by one thread.
class VideoDecoder {
 public:
  // Gets each picture that is shown, in the order in which the codec gives them; false ends the decoding.
  using OnFrame = std::function<bool(const AVFrame&)>;

  // The codec is not touched before the first Decode(); `path` is for messages. Both references must outlive the decoder.
  VideoDecoder(const VideoPackets& video, std::string path, const VideoLimits& limits);

  // Packets first..last, the first one being a key packet, and then whatever the codec holds back. `is_wanted`: of a packet; pictures of
  // others may be left out where nothing refers to them. Null: all are wanted. FailedError for a damaged packet or an unknown codec, or
  // past the deadline.
  void Decode(size_t first, size_t last, const std::function<bool(size_t packet)>& is_wanted, const Deadline& deadline, const OnFrame& use);

  // 8-bit RGB by the colour matrix and range that the frame states (BT.601, limited, where it states none). FailedError for a damaged
  // frame.
  Image ToRgb(const AVFrame& frame);

 private:
  void Open();
  bool Receive(const Deadline& deadline, const OnFrame& use);
  void CheckDeadline(const Deadline& deadline) const;

  const VideoPackets& video_;
  const std::string path_;
  const VideoLimits limits_;
  LibavOwner<AVCodecContext> codec_;
  LibavOwner<AVFrame> frame_;
  LibavOwner<SwsContext> converter_;
  std::vector<uint8_t> room_;  // for the converter
};

}  // namespace deepmad::data
