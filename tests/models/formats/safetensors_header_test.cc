#include "models/formats/safetensors_header.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/random.h"

namespace deepmad::models {
namespace {

constexpr const char* kGood = R"({"__metadata__": {"format": "pt"}, "b": {"dtype": "F32", "shape": [2, 3], "data_offsets": [8, 32]},
                                  "a": {"dtype": "I64", "shape": [], "data_offsets": [0, 8]}})";
constexpr uint64_t kGoodBytes = 32;

// The message, or "" when the header was accepted.
std::string Refusal(const std::string& json, uint64_t data_size) {
  try {
    ParseSafetensorsHeader(json, data_size, "w.safetensors");
    return "";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kFailed);
    EXPECT_EQ(error.where(), "w.safetensors");
    return error.what();
  }
}

std::string Tensor(const std::string& fields) { return "{\"t\": {" + fields + "}}"; }

TEST(SafetensorsHeader, ReadsEntriesAndMetadataInOrder) {
  const SafetensorsHeader header = ParseSafetensorsHeader(kGood, kGoodBytes, "");
  ASSERT_EQ(header.entries.size(), 2u);
  EXPECT_EQ(header.entries[0].name, "b");
  EXPECT_EQ(header.entries[0].dtype, "F32");
  EXPECT_EQ(header.entries[0].shape, (std::vector<int64_t>{2, 3}));
  EXPECT_EQ(header.entries[0].begin, 8u);
  EXPECT_EQ(header.entries[1].end, 8u);
  EXPECT_EQ(header.metadata.at("format"), "pt");
}

TEST(SafetensorsHeader, AcceptsNoTensorsEmptyTensorsAndPadding) {
  EXPECT_EQ(Refusal("{}", 0), "");
  EXPECT_EQ(Refusal(Tensor(R"("dtype": "F16", "shape": [0, 5], "data_offsets": [0, 0])") + "    ", 0), "");
}

TEST(SafetensorsHeader, WhatItMakesItReads) {
  SafetensorsHeader header;
  header.metadata = {{"format", "pt"}, {"note", "quotes \" and \n lines"}};
  header.entries = {{"x.weight", "BF16", {3, 1}, 0, 6}, {"y", "BOOL", {}, 6, 7}};
  const std::string bytes = MakeSafetensorsHeader(header);
  EXPECT_EQ(bytes.size() % 8, 0u);
  EXPECT_EQ(static_cast<unsigned char>(bytes[0]) + 256u * static_cast<unsigned char>(bytes[1]), bytes.size() - 8);
  const SafetensorsHeader again = ParseSafetensorsHeader(std::string_view(bytes).substr(8), 7, "");
  EXPECT_EQ(again.metadata, header.metadata);
  ASSERT_EQ(again.entries.size(), 2u);
  EXPECT_EQ(again.entries[0].name, "x.weight");
  EXPECT_EQ(again.entries[1].begin, 6u);
}

TEST(SafetensorsHeader, RefusesHostileHeadersSayingWhatIsWrong) {
  const struct {
    const char* json;
    uint64_t data_size;
    const char* message;
  } cases[] = {
      {"", 0, "not JSON"},
      {"[]", 0, "a list where none belongs"},
      {"3", 0, "a number where none belongs"},
      {"null", 0, "null"},
      {"\"text\"", 0, "text where none belongs"},
      {"{", 0, "not JSON"},
      {"{} {}", 0, "not JSON"},
      {"{\"\xff\": {}}", 0, "not JSON"},
      {R"({"t": 3})", 0, "a number where none belongs"},
      {R"({"t": []})", 0, "a list where none belongs"},
      {R"({"t": {}})", 0, "dtype, shape and data_offsets are needed"},
      {R"({"t": {"dtype": "F32", "shape": [1]}})", 4, "dtype, shape and data_offsets are needed"},
      {R"({"t": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4], "extra": 1}})", 4, "unknown field 'extra'"},
      {R"({"t": {"dtype": "F32", "dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", 4, "'dtype' stands twice"},
      {R"({"t": {"dtype": "F31", "shape": [1], "data_offsets": [0, 4]}})", 4, "unsupported dtype 'F31'"},
      {R"({"t": {"dtype": ["F32"], "shape": [1], "data_offsets": [0, 4]}})", 4, "a list where none belongs"},
      {R"({"t": {"dtype": "F32", "shape": "1", "data_offsets": [0, 4]}})", 4, "text where none belongs"},
      {R"({"t": {"dtype": "F32", "shape": {"a": 1}, "data_offsets": [0, 4]}})", 4, "an object where none belongs"},
      {R"({"t": {"dtype": "F32", "shape": [[1]], "data_offsets": [0, 4]}})", 4, "a list where none belongs"},
      {R"({"t": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}})", 4, "a negative number"},
      {R"({"t": {"dtype": "F32", "shape": [1.0], "data_offsets": [0, 4]}})", 4, "a fractional number"},
      {R"({"t": {"dtype": "F32", "shape": [true], "data_offsets": [0, 4]}})", 4, "a truth value"},
      {R"({"t": {"dtype": "F32", "shape": [18446744073709551615], "data_offsets": [0, 4]}})", 4, "over 2^63"},
      {R"({"t": {"dtype": "F32", "shape": [4294967296, 4294967296], "data_offsets": [0, 4]}})", 4, "its shape is too large"},
      {R"({"t": {"dtype": "F32", "shape": [1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1], "data_offsets": [0, 4]}})", 4, "over 16 dimensions"},
      {R"({"t": {"dtype": "F32", "shape": [2], "data_offsets": [0, 4]}})", 4, "needs 8 bytes"},
      {R"({"t": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}})", 4, "needs 4 bytes"},
      {R"({"t": {"dtype": "F32", "shape": [1], "data_offsets": [0]}})", 4, "data_offsets needs two numbers"},
      {R"({"t": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", 3, "describes 4 bytes of data, the file has 3"},
      {R"({"t": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}})", 5, "describes 4 bytes of data, the file has 5"},
      {R"({"t": {"dtype": "F32", "shape": [1], "data_offsets": [4, 8]}})", 8, "a gap before tensor 't'"},
      {R"({"t": {"dtype": "U8", "shape": [4], "data_offsets": [0, 4]}, "u": {"dtype": "U8", "shape": [4], "data_offsets": [2, 6]}})", 6,
       "tensor 'u' overlaps"},
      {R"({"t": {"dtype": "U8", "shape": [1], "data_offsets": [0, 1]}, "t": {"dtype": "U8", "shape": [1], "data_offsets": [1, 2]}})", 2,
       "'t' stands twice"},
      {R"({"__metadata__": {"a": 1}})", 0, "a number where none belongs"},
      {R"({"__metadata__": {"a": {"b": "c"}}})", 0, "an object where none belongs"},
      {R"({"__metadata__": {"a": "b", "a": "c"}})", 0, "'a' stands twice"},
  };
  for (const auto& hostile : cases) {
    const std::string message = Refusal(hostile.json, hostile.data_size);
    EXPECT_NE(message.find(hostile.message), std::string::npos) << hostile.json << "\n" << message;
  }
}

TEST(SafetensorsHeader, DeepNestingEndsAtOnce) {
  EXPECT_NE(Refusal(std::string(1'000'000, '['), 0), "");
  std::string objects;
  for (int i = 0; i < 100'000; ++i) objects += "{\"t\":";
  EXPECT_NE(Refusal(objects, 0), "");
}

TEST(SafetensorsHeader, DamagedHeadersAreReadOrRefusedButNeverCrash) {
  const std::string good = kGood;
  base::Random random(5, base::RandomPurpose::kSynthetic);
  for (int round = 0; round < 3000; ++round) {
    std::string damaged = good;
    for (int64_t changes = random.UniformInt(1, 3); changes > 0; --changes) {
      const auto at = static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(damaged.size()) - 1));
      damaged[at] = static_cast<char>(random.UniformInt(0, 255));
    }
    if (round % 3 == 0) damaged.resize(static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(damaged.size()))));
    try {
      for (const SafetensorsEntry& entry : ParseSafetensorsHeader(damaged, kGoodBytes, "").entries) {
        EXPECT_LE(entry.end, kGoodBytes);
      }
    } catch (const base::Error&) {
    }
  }
}

}  // namespace
}  // namespace deepmad::models
