#include "models/formats/zip_archive.h"

#include "base/crc32.h"
#include "tests/models/formats/checkpoint_writer.h"
#include "tests/models/formats/refusal.h"

namespace deepmad::models {
namespace {

std::string Refusal(const std::string& bytes) {
  return RefusalBy([&] { ReadZip(bytes, "w.pth"); });
}

std::string Replaced(std::string text, size_t at, const std::string& bytes) { return text.replace(at, bytes.size(), bytes); }

// The start of the directory entry of the first record in a file of ZipOf.
size_t FirstEntry(const std::string& zip) { return zip.find("PK\1\2"); }

TEST(ZipArchive, FindsRecordsByNameInBothForms) {
  for (const bool zip64 : {false, true}) {
    const std::string zip = ZipOf({{"b/x", "hello"}, {"a", ""}, {"c", std::string(300, 'c')}}, zip64);
    const std::vector<ZipRecord> records = ReadZip(zip, "w.pth");
    ASSERT_EQ(records.size(), 3u);
    EXPECT_EQ(FindRecord(records, "b/x")->data, "hello");
    EXPECT_EQ(FindRecord(records, "a")->data, "");
    EXPECT_EQ(FindRecord(records, "c")->data.size(), 300u);
    EXPECT_EQ(FindRecord(records, "b"), nullptr);
    EXPECT_EQ(FindRecord(records, "d"), nullptr);
  }
}

TEST(ZipArchive, TakesACommentAndBytesBeforeTheFirstRecord) {
  std::string zip = ZipOf({});
  zip[zip.size() - 2] = 5;
  EXPECT_TRUE(ReadZip(zip + "hello", "w.pth").empty());
  EXPECT_TRUE(Contains(Refusal(zip + "hell"), "no end record"));
}

TEST(ZipArchive, EveryCutIsRefused) {
  for (const bool zip64 : {false, true}) {
    const std::string zip = ZipOf({{"a", "hello"}, {"b", "x"}}, zip64);
    for (size_t size = 0; size < zip.size(); ++size) EXPECT_NE(Refusal(zip.substr(0, size)), "") << size;
  }
}

TEST(ZipArchive, RefusesWhatIsNotStoredAsItIs) {
  const std::string zip = ZipOf({{"a", "hello"}});
  const size_t entry = FirstEntry(zip);
  EXPECT_TRUE(Contains(Refusal(Replaced(zip, entry + 10, Bytes(8, 2))), "record 'a' is compressed"));
  EXPECT_TRUE(Contains(Refusal(Replaced(zip, entry + 8, Bytes(1, 2))), "is encrypted"));
  EXPECT_TRUE(Contains(Refusal(Replaced(zip, entry + 20, Bytes(4, 4))), "is not stored in one piece"));
  EXPECT_TRUE(Contains(Refusal(Replaced(zip, zip.size() - 18, Bytes(1, 2))), "one part of several"));
}

TEST(ZipArchive, RefusesPlacesOutsideTheFile) {
  const std::string zip = ZipOf({{"a", "hello"}, {"b", "hello"}});
  const size_t entry = FirstEntry(zip), end = zip.size() - 22;
  const std::string long_one = Replaced(Replaced(zip, entry + 20, Bytes(500, 4)), entry + 24, Bytes(500, 4));
  EXPECT_TRUE(Contains(Refusal(long_one), "reaches beyond the records"));
  const std::string longer = Replaced(Replaced(zip, entry + 20, Bytes(6, 4)), entry + 24, Bytes(6, 4));
  EXPECT_TRUE(Contains(Refusal(longer), "record 'b' lies within another"));
  EXPECT_TRUE(Contains(Refusal(Replaced(zip, entry + 42, Bytes(0xfffffff0, 4))), "has no header"));
  EXPECT_TRUE(Contains(Refusal(Replaced(zip, entry + 42, Bytes(0xffffffff, 4))), "lacks its zip64 field"));
  EXPECT_TRUE(Contains(Refusal(Replaced(zip, end + 16, Bytes(0xfffffff0, 4))), "directory lies outside"));
  EXPECT_TRUE(Contains(Refusal(Replaced(zip, end + 10, Bytes(0xfff0, 2))), "more records than"));
  EXPECT_TRUE(Contains(Refusal(Replaced(zip, end + 10, Bytes(1, 2))), "longer than its records"));
  EXPECT_TRUE(Contains(Refusal(Replaced(zip, entry + 28, Bytes(0xffff, 2))), "cut off"));
  EXPECT_TRUE(Contains(Refusal(Replaced(zip, 30, "c")), "another name"));
  const std::string wide = ZipOf({{"a", "hello"}}, true);
  EXPECT_TRUE(Contains(Refusal(Replaced(wide, wide.size() - 22 - 12, Bytes(0, 8))), "no zip64 end record"));
}

TEST(ZipArchive, ARecordIsHeldAgainstItsChecksum) {
  const std::string data(5'000'000, 'x');  // more than one part
  base::Crc32 crc;
  crc.Add(data);
  std::string zip = ZipOf({{"a", "hello"}, {"b", data}}, false, {0, crc.value()});
  const auto check = [&](const char* name) {
    const std::vector<ZipRecord> records = ReadZip(zip, "w.pth");
    size_t looked_at = 0;
    const std::string refusal =
        RefusalBy([&] { CheckRecord(*FindRecord(records, name), "w.pth", [&](std::string_view part) { looked_at += part.size(); }); });
    EXPECT_EQ(looked_at, name == std::string("a") ? 0 : data.size());  // nobody computed that of "a"
    return refusal;
  };
  EXPECT_EQ(check("a"), "");
  EXPECT_EQ(check("b"), "");
  zip[zip.find("xxx") + 4'999'999] = 'X';
  EXPECT_EQ(check("a"), "");
  EXPECT_TRUE(Contains(check("b"), "the file is damaged, the checksum of its record 'b' disagrees: w.pth"));
}

TEST(ZipArchive, RefusesANameGivenTwice) { EXPECT_TRUE(Contains(Refusal(ZipOf({{"a", "1"}, {"a", "2"}})), "two records 'a'")); }

}  // namespace
}  // namespace deepmad::models
