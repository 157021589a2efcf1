#include "tests/data/video/made_video.h"

#include <gtest/gtest.h>

#include <stdexcept>

#include "data/video/libav.h"

extern "C" {
#include <libavutil/opt.h>
}

namespace deepmad::data {
namespace {

constexpr int kBits = 10, kColumns = 5;  // of the number, as dark and bright fields in two rows

void Require(int result, const std::string& what) {
  if (result < 0) throw std::runtime_error(what + ": " + std::to_string(result));
}

// A field for each bit, and a slope that moves, so that pictures differ everywhere.
void Paint(AVFrame& frame, int number) {
  for (int y = 0; y < frame.height; ++y) {
    for (int x = 0; x < frame.width; ++x) {
      const int field = (y * 2 / frame.height) * kColumns + x * kColumns / frame.width;
      frame.data[0][y * frame.linesize[0] + x] = static_cast<uint8_t>((number >> field & 1 ? 180 : 60) + (x + 3 * number) % 24);
    }
  }
  for (int plane = 1; plane <= 2; ++plane) {
    for (int y = 0; y < (frame.height + 1) / 2; ++y) {
      for (int x = 0; x < (frame.width + 1) / 2; ++x) {
        frame.data[plane][y * frame.linesize[plane] + x] = static_cast<uint8_t>(110 + (plane * number + x) % 36);
      }
    }
  }
}

class Writer {
 public:
  Writer(const MadeVideo& video, const std::string& path) : video_(video) {
    Require(avformat_alloc_output_context2(&muxer_, nullptr, video.container.c_str(), path.c_str()), "no such container");
    const AVCodec* encoder = avcodec_find_encoder_by_name(video.encoder.c_str());
    if (encoder == nullptr) throw std::runtime_error("no such encoder: " + video.encoder);
    codec_.reset(avcodec_alloc_context3(encoder));
    codec_->width = video.width;
    codec_->height = video.height;
    codec_->pix_fmt = video.encoder == "mjpeg" ? AV_PIX_FMT_YUVJ420P : AV_PIX_FMT_YUV420P;
    const bool even = video.time == nullptr;
    codec_->time_base = {1, even ? video.rate : 1000 * video.rate};
    codec_->framerate = {video.rate, 1};
    codec_->gop_size = video.group;
    codec_->max_b_frames = video.b_frames;
    codec_->thread_count = 1;
    codec_->bit_rate = 400000;
    if ((muxer_->oformat->flags & AVFMT_GLOBALHEADER) != 0) codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    AVDictionary* options = nullptr;
    for (const auto& [key, value] : video.options) av_dict_set(&options, key.c_str(), value.c_str(), 0);
    const int opened = avcodec_open2(codec_.get(), encoder, &options);
    av_dict_free(&options);
    Require(opened, "cannot encode");
    stream_ = avformat_new_stream(muxer_, nullptr);
    stream_->time_base = codec_->time_base;
    stream_->avg_frame_rate = {video.rate, 1};
    Require(avcodec_parameters_from_context(stream_->codecpar, codec_.get()), "parameters");
    Require(avio_open(&muxer_->pb, path.c_str(), AVIO_FLAG_WRITE), "cannot write");
    for (const auto& [key, value] : video.muxing) av_dict_set(&options, key.c_str(), value.c_str(), 0);
    const int begun = avformat_write_header(muxer_, &options);
    av_dict_free(&options);
    Require(begun, "cannot begin");
  }
  ~Writer() {
    avio_closep(&muxer_->pb);
    avformat_free_context(muxer_);
  }

  void Write() {
    LibavOwner<AVFrame> frame(av_frame_alloc());
    frame->format = codec_->pix_fmt;
    frame->width = codec_->width;
    frame->height = codec_->height;
    for (int i = 0; i < video_.frames; ++i) {
      av_frame_unref(frame.get());
      frame->format = codec_->pix_fmt;
      frame->width = codec_->width;
      frame->height = codec_->height;
      Require(av_frame_get_buffer(frame.get(), 0), "memory");
      Paint(*frame, i);
      frame->pts = video_.time ? video_.time(i) : i;
      Send(frame.get());
    }
    if (video_.frames > 0) Send(nullptr);
    Require(av_write_trailer(muxer_), "cannot end");
  }

 private:
  void Send(const AVFrame* frame) {
    Require(avcodec_send_frame(codec_.get(), frame), "cannot encode a frame");
    LibavOwner<AVPacket> packet(av_packet_alloc());
    while (avcodec_receive_packet(codec_.get(), packet.get()) >= 0) {
      packet->stream_index = stream_->index;
      if (!video_.time) packet->duration = 1;
      av_packet_rescale_ts(packet.get(), codec_->time_base, stream_->time_base);
      Require(av_interleaved_write_frame(muxer_, packet.get()), "cannot write a packet");
    }
  }

  const MadeVideo& video_;
  AVFormatContext* muxer_ = nullptr;
  AVStream* stream_ = nullptr;
  LibavOwner<AVCodecContext> codec_;
};

}  // namespace

void WriteVideo(const MadeVideo& video, const std::string& path) {
  av_log_set_level(AV_LOG_QUIET);
  Writer(video, path).Write();
}

int ShownNumber(const ImageView& frame) {
  int number = 0;
  for (int bit = 0; bit < kBits; ++bit) {
    const int y = (2 * (bit / kColumns) + 1) * frame.height / 4, x = (2 * (bit % kColumns) + 1) * frame.width / (2 * kColumns);
    number |= (frame.row(y)[3 * x + 1] > 128 ? 1 : 0) << bit;
  }
  return number;
}

}  // namespace deepmad::data
