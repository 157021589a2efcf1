#include "data/dataset/files_to_predict.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "data/image/image_io.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

TEST(FilesToPredict, LitterIsLeftOutCountedAndNamed) {
  const TemporaryFolder folder;
  const std::string png = EncodePng(Image(2, 2, 1));
  for (const char* name : {"b.PNG", "without_suffix", "._b.PNG", ".hidden.png"}) folder.Write(name, png);
  for (const char* name : {"a.jpg", "Thumbs.db", ".DS_Store", "desktop.ini", "labels.csv"}) folder.Write(name, "text");
  folder.Write("sub/c.png", png);
  testing::internal::CaptureStderr();
  EXPECT_EQ(FilesToPredict({folder.path()}, false),
            (std::vector<std::string>{folder.File("a.jpg"), folder.File("b.PNG"), folder.File("without_suffix")}));
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            folder.path() + ": 6 left out, no picture: .DS_Store, ._b.PNG, .hidden.png, Thumbs.db, desktop.ini, ...\n");
  EXPECT_EQ(FilesToPredict({folder.File("Thumbs.db")}, false), std::vector<std::string>{folder.File("Thumbs.db")}) << "named by hand";
}

TEST(FilesToPredict, VideosAndFoldersOfFramesAreTaken) {
  const TemporaryFolder folder;
  folder.Write("a.mp4", "");
  folder.Write("b", "");
  folder.Write("frames/img_00001.jpg", "");
  for (const char* name : {"._a.mp4", "list.txt", "Thumbs.db"}) folder.Write(name, "");
  EXPECT_EQ(FilesToPredict({folder.path()}, true),
            (std::vector<std::string>{folder.File("a.mp4"), folder.File("b"), folder.File("frames")}));
}

TEST(FilesToPredict, AFolderOfLitterOnlyIsRefused) {
  const TemporaryFolder folder;
  folder.Write(".DS_Store", "");
  EXPECT_THROW(FilesToPredict({folder.path()}, false), base::Error);
  try {
    FilesToPredict({folder.path()}, false);
  } catch (const base::Error& error) {
    EXPECT_EQ(std::string(error.what()),
              "a folder without a picture (.DS_Store): " + folder.path() + ": give picture files, or folders of them");
  }
}

}  // namespace
}  // namespace deepmad::data
