#include "data/video/video_packets.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <system_error>

#include "base/error.h"

namespace deepmad::data {
namespace {

// Formats that hold pictures themselves: none that names other files.
constexpr const char* kContainers = "mov,matroska,avi,mpegts,mpeg,flv,asf,ogg";

double ThreadSeconds() {
  timespec now{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

void CheckFile(const std::string& path, const VideoLimits& limits) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  if (status.type() == std::filesystem::file_type::not_found) throw base::FailedError("no such video", path);
  if (!std::filesystem::is_regular_file(status)) throw base::FailedError("not a file", path);
  const auto bytes = std::filesystem::file_size(path, error);
  if (error) throw base::FailedError("cannot read: " + error.message(), path);
  if (bytes == 0) throw base::FailedError("an empty file", path);
  if (bytes > static_cast<uint64_t>(limits.bytes))
    throw base::FailedError(fmt::format("a video of {} bytes", bytes), path, "cut it into clips");
}

class Options {
 public:
  ~Options() { av_dict_free(&options_); }
  void Set(const char* key, const std::string& value) { av_dict_set(&options_, key, value.c_str(), 0); }
  AVDictionary** get() { return &options_; }

 private:
  AVDictionary* options_ = nullptr;
};

class Opened {
 public:
  Opened(const std::string& path, const VideoLimits& limits, const Deadline& deadline) : path_(path), deadline_(deadline) {
    AVFormatContext* context = avformat_alloc_context();
    if (context == nullptr) throw std::bad_alloc();
    context->interrupt_callback = {[](void* self) { return static_cast<int>(static_cast<Deadline*>(self)->over()); },
                                   const_cast<Deadline*>(&deadline)};
    Options options;
    options.Set("format_whitelist", kContainers);
    options.Set("protocol_whitelist", "file");
    const int error = avformat_open_input(&context, ("file:" + path).c_str(), nullptr, options.get());
    if (error < 0) Fail("not a video that can be read", error);
    context_.reset(context);
    FindStream(limits);
  }

  bool Next(AVPacket* packet) const {
    for (;;) {
      av_packet_unref(packet);
      const int error = av_read_frame(context_.get(), packet);
      if (error == AVERROR_EOF) {
        if (context_->pb != nullptr && context_->pb->error < 0) Fail("cannot be read to the end", context_->pb->error);
        return false;
      }
      if (error < 0) Fail("cannot be read to the end", error);
      if (packet->stream_index == stream_->index) return true;
    }
  }

  const AVStream& stream() const { return *stream_; }
  AVRational frame_rate() const { return av_guess_frame_rate(context_.get(), stream_, nullptr); }

 private:
  [[noreturn]] void Fail(const std::string& what, int error) const {
    if (deadline_.over()) throw base::FailedError("takes too long to read", path_, "encode it anew");
    throw base::FailedError(WithReason(what, error), path_);
  }

  void FindStream(const VideoLimits& limits) {
    // The library decodes the first pictures to find out what the header does not say.
    std::vector<Options> options(context_->nb_streams);
    std::vector<AVDictionary*> raw;
    for (Options& each : options) {
      each.Set("threads", "1");
      each.Set("max_pixels", std::to_string(limits.frame_pixels));
      raw.push_back(*each.get());
    }
    const int error = avformat_find_stream_info(context_.get(), raw.data());
    for (size_t i = 0; i < options.size(); ++i) *options[i].get() = raw[i];
    if (error < 0) Fail("not a video that can be read", error);
    const int index = av_find_best_stream(context_.get(), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    stream_ = index < 0 ? nullptr : context_->streams[index];
    if (stream_ == nullptr || (stream_->disposition & AV_DISPOSITION_ATTACHED_PIC) != 0)
      throw base::FailedError("a file without video", path_);
    for (unsigned i = 0; i < context_->nb_streams; ++i) {
      if (static_cast<int>(i) != index) context_->streams[i]->discard = AVDISCARD_ALL;
    }
  }

  const std::string path_;
  const Deadline& deadline_;
  LibavOwner<AVFormatContext> context_;
  AVStream* stream_ = nullptr;
};

}  // namespace

Deadline::Deadline(double seconds) : end_(ThreadSeconds() + seconds) {}

bool Deadline::over() const { return ThreadSeconds() > end_; }

std::string WithReason(const std::string& text, int libav_error) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> reason{};
  av_strerror(libav_error, reason.data(), reason.size());
  return fmt::format("{} ({})", text, reason.data());
}

VideoPackets ReadVideoPackets(const std::string& path, const VideoLimits& limits, const Deadline& deadline) {
  static const bool quiet = (av_log_set_level(AV_LOG_QUIET), true);  // what is wrong is in our errors
  static_cast<void>(quiet);
  CheckFile(path, limits);
  const Opened file(path, limits, deadline);
  VideoPackets video;
  video.codec.reset(avcodec_parameters_alloc());
  if (!video.codec || avcodec_parameters_copy(video.codec.get(), file.stream().codecpar) < 0) throw std::bad_alloc();
  video.time_base = file.stream().time_base;
  const AVRational rate = file.frame_rate();
  video.fps = rate.num > 0 && rate.den > 0 ? av_q2d(rate) : 0;
  int64_t bytes = 0;
  for (;;) {
    LibavOwner<AVPacket> packet(av_packet_alloc());
    if (!packet) throw std::bad_alloc();
    if (!file.Next(packet.get())) break;
    if ((packet->flags & AV_PKT_FLAG_CORRUPT) != 0) {
      throw base::FailedError(fmt::format("ends in the middle: packet {} of the video is not whole", video.packets.size() + 1), path,
                              "fetch it again");
    }
    bytes += packet->size;
    if (static_cast<int64_t>(video.packets.size()) == limits.packets || bytes > limits.bytes || deadline.over()) {
      throw base::FailedError("too long a video", path, "cut it into clips");
    }
    video.packets.push_back(std::move(packet));
  }
  if (video.packets.empty()) throw base::FailedError("a video without a frame", path);
  return video;
}

}  // namespace deepmad::data
