#include "data/annotations/idx_file.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include "base/atomic_file.h"
#include "tests/data/pictures.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

class ReadIdxTest : public testing::Test {
 protected:
  std::string FailureOf(const std::string& content, int dimensions) {
    const std::string path = folder_.Write("file", content);
    const std::string message = ErrorOf(base::ErrorKind::kFailed, [&] { ReadIdx(path, dimensions); });
    ExpectContains(message, path);
    return message;
  }
  std::string WriteGzip(const std::string& content) {
    const std::string path = folder_.path() + "/file.gz";
    gzFile file = gzopen(path.c_str(), "wb");
    gzwrite(file, content.data(), static_cast<unsigned>(content.size()));
    gzclose(file);
    return path;
  }

  TemporaryFolder folder_;
};

TEST_F(ReadIdxTest, ReadsShapeAndValues) {
  const IdxArray array = ReadIdx(folder_.Write("file", IdxFile({2, 1, 3}, "abcdef")), 3);
  EXPECT_EQ(array.shape, (std::vector<int64_t>{2, 1, 3}));
  EXPECT_EQ(array.values, (std::vector<uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'}));
}

TEST_F(ReadIdxTest, ReadsCompressedFiles) {
  const IdxArray array = ReadIdx(WriteGzip(IdxFile({4}, "wxyz")), 1);
  EXPECT_EQ(array.values, (std::vector<uint8_t>{'w', 'x', 'y', 'z'}));
}

TEST_F(ReadIdxTest, ReadsAnEmptyArray) { EXPECT_TRUE(ReadIdx(folder_.Write("file", IdxFile({0}, "")), 1).values.empty()); }

TEST_F(ReadIdxTest, RefusesAnotherMagicNumber) {
  ExpectContains(FailureOf(IdxFile({2, 1, 3}, "abcdef"), 1), "not an IDX file of bytes with 1 dimensions");
  ExpectContains(FailureOf("", 1), "not an IDX file");
  ExpectContains(FailureOf("\x89PNG and so on", 1), "not an IDX file");
  std::string floats = IdxFile({1}, "abcd");
  floats[2] = 0x0D;
  ExpectContains(FailureOf(floats, 1), "not an IDX file of bytes");
}

TEST_F(ReadIdxTest, RefusesMissingAndSurplusContent) {
  ExpectContains(FailureOf(IdxFile({3}, "ab"), 1), "ends early");
  ExpectContains(FailureOf(IdxFile({3}, "abcd"), 1), "holds more than the 3 bytes");
  ExpectContains(FailureOf(IdxFile({3, 2, 2}, "").substr(0, 10), 3), "within its header");
}

TEST_F(ReadIdxTest, RefusesHugeCountsWithoutAllocatingThem) {
  ExpectContains(FailureOf(IdxFile({0x7FFFFFFF, 28, 28}, "abc"), 3), "more than 2 GiB");
  ExpectContains(FailureOf(IdxFile({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, "abc"), 3), "more than 2 GiB");
  ExpectContains(FailureOf(IdxFile({0, 0xFFFFFFFF, 0xFFFFFFFF}, "abc"), 3), "more than 2 GiB");
  ExpectContains(FailureOf(IdxFile({0x7FFFFFFF}, "abc"), 1), "ends early");  // within the limit, but not there
}

TEST_F(ReadIdxTest, RefusesDamagedCompression) {
  const std::string whole = base::ReadFile(WriteGzip(IdxFile({1000}, std::string(1000, 'q'))));
  ExpectContains(FailureOf(whole.substr(0, whole.size() - 9), 1), "damaged file");
  std::string wrong_checksum = whole;
  wrong_checksum[whole.size() - 6] ^= 1;
  ExpectContains(FailureOf(wrong_checksum, 1), "damaged file");
}

TEST_F(ReadIdxTest, NamesAFileThatIsAbsentOrAFolder) {
  const std::string absent = folder_.path() + "/absent";
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { ReadIdx(absent, 1); }), absent);
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { ReadIdx(folder_.path(), 1); }), folder_.path());
}

}  // namespace
}  // namespace deepmad::data
