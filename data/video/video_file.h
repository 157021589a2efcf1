// A video file: frame n by seeking is frame n by decoding from the start.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/video/frames.h"
#include "data/video/packet_index.h"
#include "data/video/video_decoder.h"

namespace deepmad::data {

// Holds the compressed pictures in memory, so that "seeking" is a choice of packets and never the container's guess. Where each packet
// gives one frame and has a time, frames are counted without decoding; elsewhere (AVI with B-frames, for example) the video is decoded once
// to count them and again, from the start, to read them. Rotation by metadata is ignored.
class VideoFile : public Frames {
 public:
  // FailedError naming the file: broken, empty, cut off, without video, beyond the limits.
  explicit VideoFile(std::string path, const VideoLimits& limits = {});

  int64_t count() const override { return count_; }
  double fps() const override { return packets_.fps; }
  void Read(const std::vector<int64_t>& numbers, const FrameUse& use) override;

 private:
  void ReadSpan(const PacketSpan& span, const std::function<void(int64_t number, const AVFrame&)>& show);
  void ReadFromStart(const std::vector<int64_t>& numbers, const std::function<void(int64_t number, const AVFrame&)>& show);

  const std::string path_;
  const VideoLimits limits_;
  Deadline deadline_;
  VideoPackets packets_;
  VideoDecoder decoder_;
  std::optional<PacketIndex> index_;  // nothing: frames are counted by decoding
  size_t first_key_ = 0;
  int64_t count_ = 0;
};

}  // namespace deepmad::data
