#include "data/video/video_decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <new>
#include <utility>

#include "base/error.h"

namespace deepmad::data {
namespace {

// What video files in the wild are made with.
constexpr const char* kDecoders =
    "h264,hevc,libdav1d,av1,vp8,vp9,mpeg4,mpeg1video,mpeg2video,h263,msmpeg4,msmpeg4v2,wmv1,wmv2,wmv3,vc1,flv,theora,mjpeg";

}  // namespace

VideoDecoder::VideoDecoder(const VideoPackets& video, std::string path, const VideoLimits& limits)
    : video_(video), path_(std::move(path)), limits_(limits) {}

void VideoDecoder::Open() {
  const AVCodec* decoder = avcodec_find_decoder(video_.codec->codec_id);
  if (decoder == nullptr) throw base::FailedError(fmt::format("no decoder of '{}'", avcodec_get_name(video_.codec->codec_id)), path_);
  codec_.reset(avcodec_alloc_context3(decoder));
  frame_.reset(av_frame_alloc());
  if (!codec_ || !frame_ || avcodec_parameters_to_context(codec_.get(), video_.codec.get()) < 0) throw std::bad_alloc();
  codec_->pkt_timebase = video_.time_base;
  codec_->thread_count = 1;  // several videos are decoded at a time instead
  codec_->max_pixels = limits_.frame_pixels;
  AVDictionary* options = nullptr;
  av_dict_set(&options, "codec_whitelist", kDecoders, 0);
  const int error = avcodec_open2(codec_.get(), decoder, &options);
  av_dict_free(&options);
  if (error < 0) {
    codec_.reset();
    throw base::FailedError(WithReason(fmt::format("cannot decode '{}'", decoder->name), error), path_,
                            "encode it anew, for example as H.264");
  }
}

void VideoDecoder::CheckDeadline(const Deadline& deadline) const {
  if (deadline.over()) throw base::FailedError("takes too long to decode", path_, "cut it into clips or encode it anew");
}

bool VideoDecoder::Receive(const Deadline& deadline, const OnFrame& use) {
  for (;;) {
    CheckDeadline(deadline);
    const int error = avcodec_receive_frame(codec_.get(), frame_.get());
    if (error == AVERROR(EAGAIN) || error == AVERROR_EOF) return true;
    if (error < 0) throw base::FailedError(WithReason("damaged video", error), path_, "fetch or encode it anew");
    const bool goes_on = use(*frame_);
    av_frame_unref(frame_.get());
    if (!goes_on) return false;
  }
}

void VideoDecoder::Decode(size_t first, size_t last, const std::function<bool(size_t)>& is_wanted, const Deadline& deadline,
                          const OnFrame& use) {
  if (!codec_) Open();
  avcodec_flush_buffers(codec_.get());
  bool goes_on = true;
  for (size_t i = first; goes_on && i <= last; ++i) {
    codec_->skip_frame = is_wanted && !is_wanted(i) ? AVDISCARD_NONREF : AVDISCARD_DEFAULT;
    const int error = avcodec_send_packet(codec_.get(), video_.packets[i].get());
    if (error < 0)
      throw base::FailedError(WithReason(fmt::format("damaged video: packet {}", i + 1), error), path_, "fetch or encode it anew");
    goes_on = Receive(deadline, use);
  }
  if (!goes_on) return;
  avcodec_send_packet(codec_.get(), nullptr);
  Receive(deadline, use);
}

Image VideoDecoder::ToRgb(const AVFrame& frame) {
  if (frame.decode_error_flags != 0 || (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0) {
    throw base::FailedError(
        fmt::format("damaged video: the frame at {:.3f} s", static_cast<double>(frame.best_effort_timestamp) * av_q2d(video_.time_base)),
        path_, "fetch or encode it anew");
  }
  const auto format = static_cast<AVPixelFormat>(frame.format);
  SwsContext* converter = sws_getCachedContext(converter_.release(), frame.width, frame.height, format, frame.width, frame.height,
                                               AV_PIX_FMT_RGB24, SWS_BILINEAR, nullptr, nullptr, nullptr);
  converter_.reset(converter);
  if (!converter_) throw base::FailedError("pictures of a form that is not read", path_, "encode it anew, for example as H.264");
  const int* matrix = sws_getCoefficients(frame.colorspace == AVCOL_SPC_UNSPECIFIED ? SWS_CS_DEFAULT : static_cast<int>(frame.colorspace));
  const int full_range = frame.color_range == AVCOL_RANGE_JPEG || format == AV_PIX_FMT_YUVJ420P || format == AV_PIX_FMT_YUVJ422P ||
                         format == AV_PIX_FMT_YUVJ444P;
  sws_setColorspaceDetails(converter_.get(), matrix, full_range, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
  Image image(frame.height, frame.width, 3);
  // The library writes past the end of a row, so rows come from a place with room.
  constexpr size_t kRoom = 128;
  const size_t stride = (image.row_bytes() + 2 * kRoom - 1) / kRoom * kRoom;
  room_.resize(stride * static_cast<size_t>(frame.height) + kRoom);
  uint8_t* const rows[4] = {room_.data(), nullptr, nullptr, nullptr};
  const int strides[4] = {static_cast<int>(stride), 0, 0, 0};
  sws_scale(converter_.get(), frame.data, frame.linesize, 0, frame.height, rows, strides);
  for (int y = 0; y < image.height; ++y) std::copy_n(room_.data() + static_cast<size_t>(y) * stride, image.row_bytes(), image.row(y));
  return image;
}

}  // namespace deepmad::data
