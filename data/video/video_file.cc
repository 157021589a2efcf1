#include "data/video/video_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"

namespace deepmad::data {
namespace {

// Codecs of which a packet is one picture. VP8 has packets that show nothing, MPEG-4 in AVI packets of two pictures (but then no times).
bool IsOneFrameAPacket(AVCodecID codec) {
  switch (codec) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_AV1:
    case AV_CODEC_ID_VP9:
    case AV_CODEC_ID_MPEG4:
    case AV_CODEC_ID_MPEG1VIDEO:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_MJPEG:
      return true;
    default:
      return false;
  }
}

std::vector<PacketFacts> FactsOf(const VideoPackets& video) {
  std::vector<PacketFacts> facts;
  facts.reserve(video.packets.size());
  for (const auto& packet : video.packets) {
    facts.push_back(
        {packet->pts, packet->pts != AV_NOPTS_VALUE, (packet->flags & AV_PKT_FLAG_KEY) != 0, (packet->flags & AV_PKT_FLAG_DISCARD) != 0});
  }
  return facts;
}

}  // namespace

VideoFile::VideoFile(std::string path, const VideoLimits& limits)
    : path_(std::move(path)),
      limits_(limits),
      deadline_(limits.seconds),
      packets_(ReadVideoPackets(path_, limits, deadline_)),
      decoder_(packets_, path_, limits) {
  const std::vector<PacketFacts> facts = FactsOf(packets_);
  const auto key = std::find_if(facts.begin(), facts.end(), [](const PacketFacts& packet) { return packet.key; });
  if (key == facts.end()) throw base::FailedError("a video that nowhere can be decoded from", path_, "encode it anew");
  first_key_ = static_cast<size_t>(key - facts.begin());
  if (IsOneFrameAPacket(packets_.codec->codec_id)) index_ = PacketIndex::Make(facts);
  if (index_) {
    count_ = index_->count();
  } else {
    decoder_.Decode(first_key_, packets_.packets.size() - 1, {}, deadline_, [this](const AVFrame&) { return ++count_ > 0; });
  }
  if (count_ == 0) throw base::FailedError("a video without a frame", path_);
}

void VideoFile::ReadSpan(const PacketSpan& span, const std::function<void(int64_t number, const AVFrame&)>& show) {
  std::map<int64_t, int64_t> number_of_time;  // of the frames still to come
  std::vector<bool> is_wanted(span.last - span.first + 1);
  for (const int64_t number : span.numbers) {
    number_of_time[index_->time(number)] = number;
    is_wanted[index_->packet(number) - span.first] = true;
  }
  const auto use = [&](const AVFrame& frame) {
    if (const auto wanted = number_of_time.find(frame.pts); wanted != number_of_time.end()) {
      show(wanted->second, frame);
      number_of_time.erase(wanted);
    }
    return !number_of_time.empty();
  };
  decoder_.Decode(
      span.first, span.last, [&](size_t packet) { return is_wanted[packet - span.first]; }, deadline_, use);
  // A key packet from which decoding becomes right only later: what the earlier packets give is the frame.
  if (!number_of_time.empty() && span.first > first_key_) decoder_.Decode(first_key_, span.last, {}, deadline_, use);
  if (number_of_time.empty()) return;
  throw base::FailedError(fmt::format("damaged video: frame {} of {} cannot be decoded", number_of_time.begin()->second, count_), path_,
                          "fetch or encode it anew");
}

void VideoFile::ReadFromStart(const std::vector<int64_t>& numbers, const std::function<void(int64_t number, const AVFrame&)>& show) {
  int64_t number = -1;
  auto next = numbers.begin();
  decoder_.Decode(first_key_, packets_.packets.size() - 1, {}, deadline_, [&](const AVFrame& frame) {
    if (++number == *next) {
      show(number, frame);
      ++next;
    }
    return next != numbers.end();
  });
}

void VideoFile::Read(const std::vector<int64_t>& numbers, const FrameUse& use) {
  deadline_ = Deadline(limits_.seconds);
  std::map<int64_t, std::vector<size_t>> positions;
  for (size_t i = 0; i < numbers.size(); ++i) positions[numbers[i]].push_back(i);
  std::vector<int64_t> wanted;
  for (const auto& each : positions) wanted.push_back(each.first);
  if (wanted.empty()) return;
  Size size;
  const auto show = [&](int64_t number, const AVFrame& frame) {
    const Image image = decoder_.ToRgb(frame);
    if (size.height == 0) size = {image.height, image.width};
    if (image.height != size.height || image.width != size.width) {
      throw base::FailedError("the size of the pictures changes within the video", path_, "encode it anew");
    }
    for (const size_t position : positions[number]) use(position, image);
  };
  if (!index_) return ReadFromStart(wanted, show);
  for (const PacketSpan& span : index_->Spans(wanted)) ReadSpan(span, show);
}

}  // namespace deepmad::data
