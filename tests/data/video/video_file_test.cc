#include "data/video/video_file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

#include "base/atomic_file.h"
#include "data/image/image_io.h"
#include "tests/data/pictures.h"
#include "tests/data/video/made_video.h"
#include "tests/data/video/sequential.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

struct Made {
  std::string name;
  MadeVideo video;
};

int64_t Irregular(int i) { return 1000 * i + (i % 5) * 170 + (i > 20 ? 7700 : 0); }

std::vector<Made> MadeVideos() {
  return {
      {"mp4_b_frames", {}},
      {"mp4_one_long_group", {.group = 250}},
      {"mp4_variable_rate", {.time = Irregular}},
      {"mp4_open_groups", {.options = {{"x264-params", "open-gop=1:keyint=12"}}}},
      {"mp4_mpeg4_b_frames", {.encoder = "mpeg4", .b_frames = 2}},
      {"mp4_hevc", {.encoder = "libx265", .frames = 20, .options = {{"x265-params", "log-level=none:keyint=8"}}}},
      {"mp4_odd_size", {.encoder = "mpeg4", .height = 63, .width = 95, .b_frames = 2}},
      {"mp4_one_frame", {.frames = 1}},
      {"mp4_fragments", {.muxing = {{"movflags", "frag_keyframe+empty_moov"}}}},
      {"matroska_variable_rate", {.container = "matroska", .time = Irregular}},
      {"matroska_intra_refresh", {.container = "matroska", .b_frames = 0, .options = {{"x264-params", "intra-refresh=1:keyint=10"}}}},
      {"webm_vp8_hidden_frames",
       {.container = "webm", .encoder = "libvpx", .options = {{"auto-alt-ref", "1"}, {"lag-in-frames", "10"}, {"deadline", "realtime"}}}},
      {"webm_vp9", {.container = "webm", .encoder = "libvpx-vp9", .frames = 20, .options = {{"deadline", "realtime"}, {"cpu-used", "8"}}}},
      {"avi_mpeg4_b_frames", {.container = "avi", .encoder = "mpeg4", .b_frames = 2}},
      {"avi_h264_b_frames", {.container = "avi"}},
      {"avi_mjpeg", {.container = "avi", .encoder = "mjpeg", .b_frames = 0}},
      {"avi_one_frame", {.container = "avi", .encoder = "mpeg4", .frames = 1, .b_frames = 0}},
      {"mpegts_h264", {.container = "mpegts"}},
      {"mpeg_mpeg2", {.container = "mpeg", .encoder = "mpeg2video", .b_frames = 2}},
  };
}

void ExpectSequential(const std::string& path) {
  const std::vector<Image> all = DecodeSequentially(path);
  const int64_t count = static_cast<int64_t>(all.size());
  VideoFile video(path);
  ASSERT_EQ(video.count(), count) << path;
  std::vector<int64_t> alone = {0, count / 3, count - 1}, numbers = {count - 1, 0, count / 2, count / 3, count - 1, 1, count * 5 / 6};
  if (std::getenv("DEEPMAD_LONG_TESTS") != nullptr) {
    alone.clear();
    for (int64_t number = 0; number < count; ++number) alone.push_back(number);
  }
  for (const int64_t number : alone) ASSERT_EQ(ReadFrames(video, {number})[0].pixels, all[number].pixels) << path << " frame " << number;
  const std::vector<Image> together = ReadFrames(video, numbers);
  for (size_t i = 0; i < numbers.size(); ++i) ASSERT_EQ(together[i].pixels, all[numbers[i]].pixels) << path << " frame " << numbers[i];
}

class VideoFileMade : public testing::TestWithParam<Made> {
 protected:
  VideoFileMade() : path_(folder_.path() + "/video") { WriteVideo(GetParam().video, path_); }

  TemporaryFolder folder_;
  std::string path_;
};

TEST_P(VideoFileMade, EachFrameAloneIsTheOneOfSequentialDecoding) {
  const std::vector<Image> all = DecodeSequentially(path_);
  VideoFile video(path_);
  ASSERT_EQ(video.count(), static_cast<int64_t>(all.size()));
  ASSERT_EQ(video.count(), GetParam().video.frames);
  for (int64_t n = video.count() - 1; n >= 0; --n) {
    const Image frame = ReadFrames(video, {n})[0];
    ASSERT_EQ(ShownNumber(frame), n);
    ASSERT_EQ(frame.pixels, all[n].pixels) << "frame " << n;
  }
}

TEST_P(VideoFileMade, ManyFramesComeInTheirPlacesRepeatsIncluded) {
  VideoFile video(path_);
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < 25; ++i) numbers.push_back((i * 17 + 5) % video.count());
  const std::vector<Image> frames = ReadFrames(video, numbers);
  for (size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(ShownNumber(frames[i]), numbers[i]);
  EXPECT_TRUE(ReadFrames(video, {}).empty());
}

INSTANTIATE_TEST_SUITE_P(Forms, VideoFileMade, testing::ValuesIn(MadeVideos()), [](const auto& each) { return each.param.name; });

TEST(VideoFile, ReadsAllClipsOfTheRealDataAsTheyAre) {
  const char* data = std::getenv("DEEPMAD_TEST_DATA");
  if (data == nullptr) GTEST_SKIP() << "DEEPMAD_TEST_DATA is not set";
  int clips = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(std::string(data) + "/kinetics-mini")) {
    if (entry.path().extension() != ".mp4") continue;
    ExpectSequential(entry.path().string());
    ++clips;
  }
  EXPECT_EQ(clips, 54);
}

TEST(VideoFile, KnowsTheRateOfFrames) {
  const TemporaryFolder folder;
  WriteVideo({.frames = 10, .rate = 30}, folder.path() + "/a.mp4");
  EXPECT_DOUBLE_EQ(VideoFile(folder.path() + "/a.mp4").fps(), 30);
}

std::string OpeningError(const std::string& path, const VideoLimits& limits = {}) {
  return ErrorOf(base::ErrorKind::kFailed, [&] { VideoFile(path, limits); });
}

TEST(VideoFile, NamesAFileThatIsNoVideo) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/a.mp4";
  ExpectContains(OpeningError(path), "no such video: " + path);
  folder.Write("a.mp4", "");
  ExpectContains(OpeningError(path), "an empty file: " + path);
  folder.Write("a.mp4", "This is a letter, not a video.\n");
  ExpectContains(OpeningError(path), "not a video that can be read");
  ExpectContains(OpeningError(path), path);
  folder.Write("a.mp4", EncodeJpeg(SmoothPicture(40, 40, 3)));
  ExpectContains(OpeningError(path), "not a video that can be read");
  folder.Write("a.mp4", "ffconcat version 1.0\nfile /etc/passwd\n");
  ExpectContains(OpeningError(path), "not a video that can be read");
  ExpectContains(OpeningError(folder.path()), "not a file: " + folder.path());
  ASSERT_EQ(::mkfifo((folder.path() + "/pipe.mp4").c_str(), 0600), 0);
  ExpectContains(OpeningError(folder.path() + "/pipe.mp4"), "not a file: ");
}

TEST(VideoFile, NamesAVideoWithoutFrames) {
  const TemporaryFolder folder;
  for (const auto& [container, encoder] : {std::pair{"mp4", "libx264"}, std::pair{"avi", "mpeg4"}, std::pair{"matroska", "libx264"}}) {
    const std::string path = folder.path() + "/" + container;
    WriteVideo({.container = container, .encoder = encoder, .frames = 0}, path);
    ExpectContains(OpeningError(path), path);
  }
}

TEST(VideoFile, NamesAVideoThatEndsInTheMiddle) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/a.mp4";
  WriteVideo({.muxing = {{"movflags", "faststart"}}}, path);
  const std::string whole = base::ReadFile(path);
  for (const size_t missing : {size_t{10}, whole.size() / 2}) {
    folder.Write("a.mp4", whole.substr(0, whole.size() - missing));
    ExpectContains(OpeningError(path), "ends in the middle");
  }
  WriteVideo({}, path);  // whose table is at the end
  folder.Write("a.mp4", base::ReadFile(path).substr(0, 2000));
  ExpectContains(OpeningError(path), path);
}

TEST(VideoFile, NamesAVideoWithDamagedPictures) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/a.mp4";
  WriteVideo({.muxing = {{"movflags", "faststart"}}}, path);
  std::string bytes = base::ReadFile(path);
  for (size_t i = bytes.size() - 3000; i < bytes.size() - 10; i += 7) bytes[i] = static_cast<char>(bytes[i] ^ 0x5a);
  folder.Write("a.mp4", bytes);
  VideoFile video(path);
  std::vector<int64_t> numbers(video.count());
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int64_t>(i);
  const std::string error = ErrorOf(base::ErrorKind::kFailed, [&] { ReadFrames(video, numbers); });
  ExpectContains(error, "damaged video");
  ExpectContains(error, path);
}

TEST(VideoFile, StopsWhereAVideoCostsTooMuch) {
  const TemporaryFolder folder;
  const std::string path = folder.path() + "/a.mp4";
  WriteVideo({}, path);
  ExpectContains(OpeningError(path, {.seconds = 0}), "takes too long to read: " + path);
  ExpectContains(OpeningError(path, {.bytes = 100}), "cut it into clips");
  ExpectContains(OpeningError(path, {.packets = 39}), "too long a video: " + path);
  VideoLimits small;
  small.frame_pixels = 1000;
  const std::string error = ErrorOf(base::ErrorKind::kFailed, [&] {
    VideoFile video(path, small);
    ReadFrames(video, {0});
  });
  ExpectContains(error, path);
}

}  // namespace
}  // namespace deepmad::data
