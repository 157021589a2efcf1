#include "tests/data/video/sequential.h"

#include <algorithm>
#include <stdexcept>

#include "data/video/libav.h"

namespace deepmad::data {

std::vector<Image> DecodeSequentially(const std::string& path) {
  av_log_set_level(AV_LOG_QUIET);
  AVFormatContext* opened = nullptr;
  if (avformat_open_input(&opened, path.c_str(), nullptr, nullptr) < 0) throw std::runtime_error("cannot open " + path);
  const LibavOwner<AVFormatContext> file(opened);
  avformat_find_stream_info(file.get(), nullptr);
  const AVCodec* decoder = nullptr;
  const int stream = av_find_best_stream(file.get(), AVMEDIA_TYPE_VIDEO, -1, -1, &decoder, 0);
  const LibavOwner<AVCodecContext> codec(avcodec_alloc_context3(decoder));
  avcodec_parameters_to_context(codec.get(), file->streams[stream]->codecpar);
  codec->pkt_timebase = file->streams[stream]->time_base;
  if (avcodec_open2(codec.get(), decoder, nullptr) < 0) throw std::runtime_error("cannot decode " + path);
  const LibavOwner<AVPacket> packet(av_packet_alloc());
  const LibavOwner<AVFrame> frame(av_frame_alloc());
  std::vector<Image> frames;
  for (bool more = true; more;) {
    more = av_read_frame(file.get(), packet.get()) >= 0;
    if (more && packet->stream_index != stream) {
      av_packet_unref(packet.get());
      continue;
    }
    avcodec_send_packet(codec.get(), more ? packet.get() : nullptr);
    av_packet_unref(packet.get());
    while (avcodec_receive_frame(codec.get(), frame.get()) >= 0) {
      const auto format = static_cast<AVPixelFormat>(frame->format);
      const LibavOwner<SwsContext> converter(sws_getContext(frame->width, frame->height, format, frame->width, frame->height,
                                                            AV_PIX_FMT_RGB24, SWS_BILINEAR, nullptr, nullptr, nullptr));
      const int* matrix =
          sws_getCoefficients(frame->colorspace == AVCOL_SPC_UNSPECIFIED ? SWS_CS_DEFAULT : static_cast<int>(frame->colorspace));
      const bool full = frame->color_range == AVCOL_RANGE_JPEG || format == AV_PIX_FMT_YUVJ420P;
      sws_setColorspaceDetails(converter.get(), matrix, full, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
      Image image(frame->height, frame->width, 3);
      const size_t stride = image.row_bytes() + 640;  // the library writes past the end of a row
      std::vector<uint8_t> room(stride * static_cast<size_t>(image.height));
      uint8_t* const rows[4] = {room.data(), nullptr, nullptr, nullptr};
      const int strides[4] = {static_cast<int>(stride), 0, 0, 0};
      sws_scale(converter.get(), frame->data, frame->linesize, 0, frame->height, rows, strides);
      for (int y = 0; y < image.height; ++y) std::copy_n(room.data() + static_cast<size_t>(y) * stride, image.row_bytes(), image.row(y));
      frames.push_back(std::move(image));
    }
  }
  return frames;
}

}  // namespace deepmad::data
