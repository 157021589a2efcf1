#include "data/annotations/video_list.h"

#include <gtest/gtest.h>

#include "base/text_file.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

const std::string kMark(base::kByteOrderMark);

TEST(VideoList, AByteOrderMarkIsNoPartOfIt) {
  const TemporaryFolder folder;
  const VideoList list = ReadVideoList(folder.Write("list.txt", kMark + "run/a.mp4 0\r\n"));
  EXPECT_EQ(list.videos.front().path, "run/a.mp4");
  const VideoList csv =
      ReadVideoList(folder.Write("list.csv", kMark + "label,youtube_id,time_start,time_end,split\nrun fast,abc,1,2,train\n"));
  EXPECT_TRUE(csv.from_csv);
  EXPECT_EQ(csv.videos.front().path, "run_fast/abc_000001_000002");
  EXPECT_EQ(ReadUcfClasses(folder.Write("classInd.txt", kMark + "1 Archery\n")), std::vector<std::string>{"Archery"});
}

}  // namespace
}  // namespace deepmad::data
