#include "train/report/tf_record.h"

#include <gtest/gtest.h>

namespace deepmad::train {
namespace {

// RFC 3720, appendix B.4, and the usual check value.
TEST(Crc32c, EqualsThePublishedValues) {
  EXPECT_EQ(Crc32c("123456789"), 0xe3069283u);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8a9136aau);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62a8ab43u);
  EXPECT_EQ(Crc32c(""), 0u);
}

TEST(TfRecord, RecordsComeBack) {
  const std::string binary("\0\x01\xff", 3);
  const std::string content = FrameRecord("first") + FrameRecord("") + FrameRecord(binary);
  EXPECT_EQ(content.size(), 3 * 16 + 5 + 0 + 3u);
  EXPECT_EQ(UnframeRecords(content), (std::vector<std::string_view>{"first", "", binary}));
}

TEST(TfRecord, ReadingStopsAtATornEndWhereverItIsTorn) {
  const std::string first = FrameRecord("first"), second = FrameRecord("second");
  for (size_t size = 0; size < second.size(); ++size) {
    EXPECT_EQ(UnframeRecords(first + second.substr(0, size)), std::vector<std::string_view>{"first"}) << size;
  }
}

TEST(TfRecord, ReadingStopsAtADamagedRecord) {
  const std::string first = FrameRecord("first"), second = FrameRecord("second");
  for (size_t i = 0; i < second.size(); ++i) {
    std::string damaged = second;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x40);
    EXPECT_EQ(UnframeRecords(first + damaged + first), std::vector<std::string_view>{"first"}) << i;
  }
}

}  // namespace
}  // namespace deepmad::train
