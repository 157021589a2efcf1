// Input made to break the reader: each case must end in a usage error, never in a crash, a hang or a wrong value.
#include <gtest/gtest.h>

#include "base/config/config.h"
#include "base/error.h"
#include "base/random.h"
#include "tests/temporary_folder.h"

namespace deepmad::base {
namespace {

std::string Repeat(const std::string& text, int count) {
  std::string out;
  for (int i = 0; i < count; ++i) out += text;
  return out;
}

std::string NestedMaps(int depth) {
  std::string out;
  for (int i = 0; i < depth; ++i) out += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  return out;
}

// Ten lines that mean 10^9 values.
std::string AliasBomb() {
  std::string out = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    out += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" + last + Repeat(", " + last, 9) + "]\n";
  }
  return out;
}

// One long text that aliases repeat.
std::string LongTextBomb() { return "a: &a " + std::string(1 << 18, 'x') + "\nb: [" + Repeat("*a, ", 1000) + "*a]\n"; }

struct HostileCase {
  const char* name;
  std::string text;
  const char* part_of_message;
};

TEST(ConfigHostile, EveryCaseEndsInAUsageError) {
  const HostileCase cases[] = {
      {"empty", "", "expected a mapping"},
      {"comment only", "# nothing\n", "expected a mapping"},
      {"scalar root", "hello", "expected a mapping"},
      {"list root", "[1, 2]", "expected a mapping"},
      {"null root", "~", "expected a mapping"},
      {"two documents", "a: 1\n---\nb: 2\n", "more than one YAML document"},
      {"unclosed list", "a: [1, 2\n", "not valid YAML"},
      {"unclosed mapping", "a: {b: 1\n", "not valid YAML"},
      {"closing bracket", "a: ]\n", "not valid YAML"},
      {"a stray bracket at the start", "]\n", ""},
      {"a stray brace and comma", "}, {a: 1}\n", ""},
      {"a stray bracket after the end", "[1, 2] ]\n", "not valid YAML"},
      {"text after the end", "{a: 1} b\n", "more than one YAML document"},
      {"tab indentation", "a:\n\tb: 1\n", "not valid YAML"},
      {"bad indentation", "a: 1\n  b: 2\n", "not valid YAML"},
      {"open double quote", "a: \"x", "a quote is not closed"},
      {"open double quote, line ended", "a: \"x\n", "a quote is not closed"},
      {"open single quote, line ended", "a: 'x\n", "a quote is not closed"},
      {"open quote at the very end", "a: \"", "a quote is not closed"},
      {"open quote over the rest of the file", "a: \"x\nb: 1\nc: 2\n", "a quote is not closed"},
      {"open quote in a list", "a: [\"x, 2]\n", "a quote is not closed"},
      {"UTF-16 with its mark",
       std::string("\xff\xfe"
                   "a\0:\0 \0"
                   "1\0",
                   10),
       "not a text in UTF-8"},
      {"UTF-16 without",
       std::string("a\0:\0 \0"
                   "1\0",
                   8),
       "not a text in UTF-8"},
      {"a zero byte on line 2", std::string("a: 1\nb: \0\n", 10), "hostile.yaml:2"},
      {"larger than the limit", "a: " + std::string(size_t{513} << 10, 'x') + "\n", "exceed 512 KiB"},
      {"duplicate key", "a: 1\nb: 2\na: 3\n", "duplicate key 'a'"},
      {"duplicate key below", "x: {a: 1, a: 1}\n", "duplicate key 'x.a'"},
      {"duplicate include", "include: a\ninclude: b\n", "duplicate key 'include'"},
      {"unknown alias", "a: *nobody\n", "not valid YAML"},
      {"anchor in itself", "a: &a [*a]\n", "nested more than 100 levels"},
      {"anchored mapping in itself", "a: &a {b: *a}\n", "nested more than 100 levels"},
      {"alias bomb", AliasBomb(), "more than 200000 values"},
      {"long text by alias", LongTextBomb(), "MiB of text"},
      {"mapping as key", "? {a: 1}\n: 2\n", "a key must be plain text"},
      {"list as key", "[a, b]: 2\n", "a key must be plain text"},
      {"null key", "~: 2\n", "a key must be plain text"},
      {"flow lists 101 deep", "a: " + Repeat("[", 101) + Repeat("]", 101), "nested more than 100 levels"},
      {"flow lists 100000 deep", "a: " + Repeat("[", 100000), "nested more than 100 levels"},
      {"flow lists 100000 deep, closed", "a: " + Repeat("[", 100000) + Repeat("]", 100000), "nested more than 100 levels"},
      {"flow mappings 100000 deep", Repeat("{a: ", 100000), "nested more than 100 levels"},
      {"block lists 100000 deep", "a:\n" + Repeat("- ", 100000) + "x\n", "nested more than 100 levels"},
      {"complex keys 100000 deep", Repeat("? ", 100000) + "x\n", "nested more than 100 levels"},
      {"block mappings 101 deep", NestedMaps(102), "nested more than 100 levels"},
      {"block mappings 700 deep", NestedMaps(700), "nested more than 100 levels"},
      {"many values", "a: [" + Repeat("1,", 200001) + "1]\n", "more than 200000 values"},
      {"unknown directive version", "%YAML 9.9\n---\na: 1\n", "not valid YAML"},
      {"png header", std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16), ""},
      {"control characters", std::string("\0\x01\x02\x03", 4), ""},
      {"binary key", std::string("\xff\xfe\xfd: \x80", 6), ""},
  };
  for (const HostileCase& c : cases) {
    SCOPED_TRACE(c.name);
    try {
      Config::FromText(c.text, "hostile.yaml").CheckAllRead();
      ADD_FAILURE() << "was accepted";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
      EXPECT_NE(std::string(error.what()).find(c.part_of_message), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("hostile.yaml:"), std::string::npos) << error.what();
      EXPECT_LT(std::string(error.what()).size(), 400u);
    }
  }
}

TEST(ConfigHostile, NestingUpToTheLimitIsRead) {
  Config c = Config::FromText("a: " + Repeat("{a: ", 98) + "1" + Repeat("}", 98));
  for (int i = 0; i < 98; ++i) c = c.Section("a");
  EXPECT_EQ(c.GetInt("a", 0, 1), 1);
}

TEST(ConfigHostile, OverridesObeyTheSameLimits) {
  Config c = Config::FromText("{}");
  EXPECT_THROW(c.Override("a" + Repeat(".a", 100) + "=1"), Error);
  EXPECT_THROW(c.Override("b=" + Repeat("[", 100000)), Error);
  EXPECT_THROW(c.Override("c=[&a [*a]]"), Error);
  EXPECT_THROW(c.Override("d={x: 1, x: 2}"), Error);
  EXPECT_THROW(c.Override("e=1\n---\n2"), Error);
  EXPECT_THROW(c.Override("f=[1], {y:}] 2}]"), Error);  // yaml-cpp alone would never end here
}

TEST(ConfigHostile, AFileThatIsTooLargeIsRefused) {
  const TemporaryFolder folder;
  const std::string path = folder.Write("large.yaml", "# " + std::string(size_t{513} << 10, 'x') + "\na: 1\n");
  EXPECT_THROW(Config::FromFile(path), Error);
  EXPECT_THROW(Config::FromFile("/dev/zero"), Error);
  EXPECT_THROW(Config::FromFile(folder.path()), Error);
}

TEST(ConfigHostile, RandomBytesNeverCrash) {
  const std::string alphabet = "ab:{}[],-?&*!|>'\"%@`#\n\t 01~<\\\x01\x80\xff";
  for (uint64_t round = 0; round < 3000; ++round) {
    Random random(1, RandomPurpose::kSynthetic, 0, round);
    std::string text = "a: ";
    const int64_t length = random.UniformInt(1, 40);
    for (int64_t i = 0; i < length; ++i) {
      text += alphabet[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(alphabet.size()) - 1))];
    }
    try {
      const Config c = Config::FromText(text);
      const std::string resolved = c.Resolved();
      EXPECT_EQ(Config::FromText(resolved).Resolved(), resolved) << text;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::kUsage) << text;
    }
  }
}

}  // namespace
}  // namespace deepmad::base
