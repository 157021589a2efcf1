#include "data/annotations/json_stream.h"

#include <gtest/gtest.h>

#include "tests/data/pictures.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

class JsonStreamOf : public testing::Test {
 protected:
  JsonStream Open(const std::string& text) { return JsonStream(folder_.Write("some.json", text)); }

  // What walking over a whole file says, where it should fail.
  std::string Failure(const std::string& text) {
    try {
      JsonStream stream = Open(text);
      if (stream.Peek() == '[') {
        stream.EnterArray();
        while (stream.NextElement()) stream.Value();
      } else {
        stream.EnterObject();
        for (std::string key; stream.NextMember(&key);) stream.SkipValue();
      }
      stream.End();
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kFailed);
      return error.what();
    }
    return "no error";
  }

  TemporaryFolder folder_;
};

TEST_F(JsonStreamOf, GivesMembersAndElementsAsTheyAreWritten) {
  JsonStream stream =
      Open(R"( {"a" : {"x":[1,{"y":"]}"}]} ,"skipped":["\"}", {}], "list": [ 1.5e3 ,"te\\",[ ],{"k":"\"}"},null ], "c":true}  )");
  std::string key;
  stream.EnterObject();
  ASSERT_TRUE(stream.NextMember(&key));
  EXPECT_EQ(key, "a");
  EXPECT_EQ(stream.Value(), R"({"x":[1,{"y":"]}"}]})");
  ASSERT_TRUE(stream.NextMember(&key));
  EXPECT_EQ(key, "skipped");
  stream.SkipValue();
  ASSERT_TRUE(stream.NextMember(&key));
  EXPECT_EQ(key, "list");
  stream.EnterArray();
  for (const char* element : {"1.5e3", R"("te\\")", "[ ]", R"({"k":"\"}"})", "null"}) {
    ASSERT_TRUE(stream.NextElement());
    EXPECT_EQ(stream.Value(), element);
  }
  EXPECT_FALSE(stream.NextElement());
  ASSERT_TRUE(stream.NextMember(&key));
  EXPECT_EQ(stream.Value(), "true");
  EXPECT_FALSE(stream.NextMember(&key));
  stream.End();
}

TEST_F(JsonStreamOf, EmptyListsAndObjectsEndAtOnce) {
  std::string key;
  JsonStream object = Open("{}");
  object.EnterObject();
  EXPECT_FALSE(object.NextMember(&key));
  object.End();
  JsonStream list = Open(" [\n] ");
  list.EnterArray();
  EXPECT_FALSE(list.NextElement());
  list.End();
}

// The window is 1 MiB: values lie across its end, and one is larger than it.
TEST_F(JsonStreamOf, ValuesMayBeLongerThanTheWindow) {
  std::string text = "[";
  std::vector<std::string> values;
  for (int i = 0; i < 3000; ++i) values.push_back("{\"i\": \"" + std::string(static_cast<size_t>(i) % 1000, 'x') + "\"}");
  values.push_back("[\"" + std::string(3 << 20, 'y') + "\"]");
  values.push_back("7");
  for (const std::string& value : values) text += value + (&value == &values.back() ? "]" : ", ");
  JsonStream kept = Open(text), skipped = Open(text);
  kept.EnterArray();
  skipped.EnterArray();
  for (const std::string& value : values) {
    ASSERT_TRUE(kept.NextElement() && skipped.NextElement());
    ASSERT_TRUE(kept.Value() == value);
    skipped.SkipValue();
  }
  EXPECT_FALSE(kept.NextElement() || skipped.NextElement());
}

TEST_F(JsonStreamOf, BrokenTextIsAnErrorThatNamesTheByte) {
  const struct {
    const char* text;
    const char* words;
  } cases[] = {
      {"", "the file ends where an object should come: "},
      {"   ", "some.json: byte 3"},
      {"7", "expected an object, got '7'"},
      {"\xef\xbb{}", "expected an object, got byte 0xef"},
      {"[1 2]", "expected ',' or ']', got '2': "},
      {"[1,]", "expected a value, got ']'"},
      {"[,1]", "expected a value, got ','"},
      {"[1", "the file ends where ',' or ']' should come"},
      {"[1,", "the file ends in the middle of a list or object"},
      {"[[1,{", "the file ends in the middle of a list or object"},
      {"[\"abc", "the file ends in the middle of a text"},
      {"[\"abc\\", "the file ends in the middle of a value"},
      {"[1] x", "expected the end of the file, got 'x'"},
      {"{\"a\" 1}", "expected ':', got '1'"},
      {"{\"a\":1,}", "expected a value, got '}'"},
      {"{a:1}", "expected a name in quotes, got 'a'"},
      {"{\"a\":", "the file ends in the middle of a value"},
      {"{\"a\":1", "the file ends where ',' or '}' should come"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.text);
    const std::string failure = Failure(c.text);
    ExpectContains(failure, c.words);
    ExpectContains(failure, "some.json");
    ExpectContains(failure, ": byte ");
  }
}

TEST_F(JsonStreamOf, AnotherEncodingIsNamed) {
  const std::string failure = Failure("\xff\xfe{");
  ExpectContains(failure, "not a text in UTF-8 but in UTF-16 or UTF-32: ");
  ExpectContains(failure, "some.json");
}

TEST_F(JsonStreamOf, AByteOrderMarkIsPassedOver) {
  JsonStream stream(folder_.Write("marked.json", "\xEF\xBB\xBF {\"a\": [1]}\n"));
  std::string key;
  stream.EnterObject();
  ASSERT_TRUE(stream.NextMember(&key));
  EXPECT_EQ(key, "a");
  EXPECT_EQ(stream.Value(), "[1]");
  EXPECT_FALSE(stream.NextMember(&key));
  stream.End();
  JsonStream inside(folder_.Write("inside.json", "[\xEF\xBB\xBF]"));
  inside.EnterArray();
  EXPECT_TRUE(inside.NextElement()) << "only the start of a file may have one";
}

TEST_F(JsonStreamOf, AnAbsentFileOrAFolderIsNamed) {
  EXPECT_THROW(JsonStream("/absent/file.json"), base::Error);
  try {
    JsonStream(folder_.path()).Peek();
    FAIL();
  } catch (const base::Error& error) {
    ExpectContains(error.what(), "cannot read");
    ExpectContains(error.what(), folder_.path());
  }
}

}  // namespace
}  // namespace deepmad::data
