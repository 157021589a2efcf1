#include "base/config/config.h"

#include <gtest/gtest.h>

#include <cmath>

#include "base/error.h"
#include "tests/temporary_folder.h"

namespace deepmad::base {
namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

template <typename Action>
std::string UsageMessage(const Action& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kUsage) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

TEST(ConfigGetters, ReadValuesOfEveryType) {
  const Config c = Config::FromText(
      "int: 18\nreal: 5.0e-5\nbool: true\ntext: resnet\nquoted: '3'\nints: [1, 2]\nreals: [0.1, 2]\ntexts: [a, b]\nlone: 7\n");
  EXPECT_EQ(c.GetInt("int", 0, 100), 18);
  EXPECT_EQ(c.GetDouble("real", 0, 1), 5e-5);
  EXPECT_EQ(c.GetDouble("int", 0, 100), 18.0);
  EXPECT_TRUE(c.GetBool("bool", false));
  EXPECT_EQ(c.GetString("text"), "resnet");
  EXPECT_EQ(c.GetString("quoted"), "3");
  EXPECT_EQ(c.GetString("int"), "18");
  EXPECT_EQ(c.GetInts("ints", {}, 0, 9), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(c.GetDoubles("reals", {}, 0, 9), (std::vector<double>{0.1, 2}));
  EXPECT_EQ(c.GetStrings("texts", {}), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(c.GetInts("lone", {}, 0, 9), (std::vector<int64_t>{7}));
  c.CheckAllRead();
}

TEST(ConfigGetters, GiveTheDefaultOfAnAbsentKey) {
  const Config c = Config::FromText("{}");
  EXPECT_EQ(c.GetInt("a", 3, 0, 9), 3);
  EXPECT_EQ(c.GetDouble("b", 0.5, 0, 1), 0.5);
  EXPECT_FALSE(c.GetBool("c", false));
  EXPECT_EQ(c.GetString("d", "x"), "x");
  EXPECT_EQ(c.GetChoice("e", "u", {"u", "v"}), "u");
  EXPECT_EQ(c.GetInts("f", {1}, 0, 9), (std::vector<int64_t>{1}));
  EXPECT_EQ(c.GetOptionalDouble("g", 0, 1), std::nullopt);
  EXPECT_EQ(c.GetInt("a", 3, 0, 9), 3);
}

TEST(ConfigGetters, AMissingKeyWithoutDefaultIsNamedWithItsSection) {
  const Config c = Config::FromText("data:\n  name: x\n", "run.yaml");
  EXPECT_EQ(UsageMessage([&] { c.Section("data").GetString("root"); }), "the key 'data.root' is missing: run.yaml:1");
}

struct IntCase {
  const char* text;
  std::optional<int64_t> value;
};

TEST(ConfigGetters, IntegersTakeExactFormsOnly) {
  const IntCase cases[] = {{"1e6", 1000000},
                           {"1_000", 1000},
                           {"+5", 5},
                           {"-7", -7},
                           {"3.0", 3},
                           {"9223372036854775807", INT64_MAX},
                           {"-9223372036854775808", INT64_MIN},
                           {"9223372036854775808", std::nullopt},
                           {"99999999999999999999999999", std::nullopt},
                           {"1e300", std::nullopt},
                           {"1e-3", std::nullopt},
                           {"3.5", std::nullopt},
                           {"0x10", std::nullopt},
                           {"1__0", std::nullopt},
                           {"_1", std::nullopt},
                           {"1_", std::nullopt},
                           {"'3'", std::nullopt},
                           {"3 apples", std::nullopt},
                           {"true", std::nullopt},
                           {"", std::nullopt},
                           {"[1]", std::nullopt},
                           {"+-1", std::nullopt},
                           {".inf", std::nullopt}};
  for (const IntCase& c : cases) {
    const Config config = Config::FromText(std::string("x: ") + c.text);
    if (c.value) {
      EXPECT_EQ(config.GetInt("x", INT64_MIN, INT64_MAX), *c.value) << c.text;
    } else {
      EXPECT_THROW(config.GetInt("x", INT64_MIN, INT64_MAX), Error) << c.text;
    }
  }
}

TEST(ConfigGetters, NumbersMustBeFiniteUnlessTheRangeSaysElse) {
  for (const char* text : {".nan", "nan", "inf", "1e400", ".inf", "-.inf", "0x1p3", "1.2.3", "''", "~"}) {
    EXPECT_THROW(Config::FromText(std::string("x: ") + text).GetDouble("x", -1e300, 1e300), Error) << text;
  }
  EXPECT_EQ(Config::FromText("x: .inf").GetDouble("x", 0, kInf), kInf);
  EXPECT_EQ(Config::FromText("x: -.inf").GetDouble("x", -kInf, 0), -kInf);
  EXPECT_THROW(Config::FromText("x: .nan").GetDouble("x", -kInf, kInf), Error);
}

TEST(ConfigGetters, AValueOutOfRangeIsNamedWithFileLineKeyValueAndRange) {
  const Config c = Config::FromText("train:\n  epochs: 0\n  lr: -0.5\n", "run.yaml");
  EXPECT_EQ(UsageMessage([&] { c.Section("train").GetInt("epochs", 18, 1, 10000); }),
            "train.epochs: expected an integer in [1, 10000], got '0': run.yaml:2");
  EXPECT_EQ(UsageMessage([&] { c.Section("train").GetDouble("lr", 0.1, 0, 10); }),
            "train.lr: expected a number in [0, 10], got '-0.5': run.yaml:3");
}

TEST(ConfigGetters, AWrongTypeIsNamed) {
  const Config c = Config::FromText("a: [1]\nb: {c: 1}\nd: null\ne: yes please\nf: [1, [2]]\n", "x");
  EXPECT_EQ(UsageMessage([&] { c.GetString("a"); }), "a: expected a text, got a list: x:1");
  EXPECT_EQ(UsageMessage([&] { c.GetInt("b", 0, 1); }), "b: expected an integer in [0, 1], got a mapping: x:2");
  EXPECT_EQ(UsageMessage([&] { c.GetBool("d", true); }), "d: expected true or false, got null: x:3");
  EXPECT_EQ(UsageMessage([&] { c.GetBool("e", true); }), "e: expected true or false, got 'yes please': x:4");
  EXPECT_EQ(UsageMessage([&] { c.GetInts("f", {}, 0, 9); }), "f.1: expected an integer in [0, 9], got a list: x:5");
  EXPECT_EQ(UsageMessage([&] { c.GetInts("b", {}, 0, 9); }), "b: expected a list, got a mapping: x:2");
  EXPECT_EQ(UsageMessage([&] { c.Section("a"); }), "a: expected a mapping, got a list: x:1");
  EXPECT_EQ(UsageMessage([&] { c.Sections("b"); }), "b: expected a list of mappings, got a mapping: x:2");
  EXPECT_EQ(UsageMessage([&] { c.Sections("a"); }), "a.0: expected a mapping, got '1': x:1");
}

TEST(ConfigGetters, ALongValueIsShortenedInTheMessage) {
  const Config c = Config::FromText("a: " + std::string(5000, 'x'));
  EXPECT_LT(UsageMessage([&] { c.GetInt("a", 0, 1); }).size(), 200u);
}

TEST(ConfigGetters, AChoiceNamesTheNearest) {
  const Config c = Config::FromText("train: {precision: bfloat}", "r.yaml");
  EXPECT_EQ(UsageMessage([&] {
              c.Section("train").GetChoice("precision", "float32", {"float32", "bfloat16"});
            }),
            "unknown train.precision 'bfloat': r.yaml:1: did you mean 'bfloat16'? known: float32, bfloat16");
}

TEST(ConfigShape, SaysWhatIsThere) {
  const Config c = Config::FromText("n: null\nm: {}\nl: []\ns: 1\n");
  EXPECT_TRUE(c.IsNull("n") && c.IsMap("m") && c.IsList("l") && c.IsScalar("s"));
  EXPECT_TRUE(c.Has("n"));
  EXPECT_TRUE(c.IsNull("absent"));
  EXPECT_FALSE(c.Has("absent") || c.IsMap("absent") || c.IsList("absent") || c.IsScalar("absent") || c.IsNull("m"));
}

TEST(ConfigShape, AnAbsentOrNullSectionIsEmpty) {
  const Config c = Config::FromText("ema: null\n", "r.yaml");
  EXPECT_EQ(c.Section("ema").GetDouble("decay", 0.9, 0, 1), 0.9);
  EXPECT_EQ(c.Section("none").Section("deeper").GetInt("x", 4, 0, 9), 4);
  EXPECT_TRUE(c.Sections("list").empty());
  EXPECT_FALSE(c.Has("none"));
  EXPECT_EQ(c.Section("ema").Path("decay"), "ema.decay");
  EXPECT_EQ(c.Section("ema").Where(), "r.yaml:1");
  c.CheckAllRead();
}

TEST(ConfigShape, ListsOfMappingsKeepOrderNamesAndLines) {
  const Config c = Config::FromText("blocks:\n  - {type: conv}\n  - {type: basic}\n", "n.yaml");
  const std::vector<Config> blocks = c.Sections("blocks");
  ASSERT_EQ(blocks.size(), 2u);
  EXPECT_EQ(blocks[1].GetString("type"), "basic");
  EXPECT_EQ(blocks[1].Path("type"), "blocks.1.type");
  EXPECT_EQ(blocks[1].Where("type"), "n.yaml:3");
}

TEST(ConfigShape, ACursorOutlivesTheRoot) {
  const Config inner = Config::FromText("a: {b: {c: 5}}").Section("a").Section("b");
  EXPECT_EQ(inner.GetInt("c", 0, 9), 5);
  EXPECT_EQ(inner.Path("c"), "a.b.c");
}

TEST(ConfigUnread, AMisspeltKeyNamesFileLineAndNearest) {
  const Config c = Config::FromText("train:\n  epohcs: 3\n", "run.yaml");
  c.Section("train").GetInt("epochs", 18, 1, 100);
  EXPECT_EQ(UsageMessage([&] { c.CheckAllRead(); }), "unknown key 'train.epohcs': run.yaml:2: did you mean 'epochs'? known: epochs");
}

TEST(ConfigUnread, ASectionNeverEnteredIsUnknown) {
  const Config c = Config::FromText("trian: {epochs: 3}\n", "run.yaml");
  c.Section("train");
  EXPECT_EQ(UsageMessage([&] { c.CheckAllRead(); }), "unknown key 'trian': run.yaml:1: did you mean 'train'? known: train");
}

TEST(ConfigUnread, LooksIntoListsOfMappings) {
  const Config c = Config::FromText("blocks:\n  - {type: conv, strid: 2}\n", "n.yaml");
  for (const Config& block : c.Sections("blocks")) {
    block.GetString("type");
    block.GetInt("stride", 1, 1, 4);
  }
  EXPECT_EQ(UsageMessage([&] { c.CheckAllRead(); }), "unknown key 'blocks.0.strid': n.yaml:2: did you mean 'stride'? known: stride, type");
}

TEST(ConfigUnread, AskingAboutAKeyDoesNotReadIt) {
  const Config c = Config::FromText("a: 1\n");
  EXPECT_TRUE(c.Has("a"));
  EXPECT_THROW(c.CheckAllRead(), Error);
  EXPECT_EQ(c.GetInt("a", 0, 9), 1);
  c.CheckAllRead();
}

TEST(ConfigUnread, AnExplicitNullThatWasLookedAtCountsAsRead) {
  const Config c = Config::FromText("clip_norm: null\nema: ~\n");
  EXPECT_EQ(c.GetOptionalDouble("clip_norm", 0, 10), std::nullopt);
  EXPECT_TRUE(c.IsNull("ema"));
  c.CheckAllRead();
}

TEST(ConfigUnread, ATreeHandedOnAsTextCanBeMarkedWhole) {
  const Config c = Config::FromText("design: {stages: [{depth: 3}]}\n");
  c.MarkRead("design");
  c.CheckAllRead();
}

TEST(ConfigUnread, WithoutAnyKnownKeySaysSo) {
  EXPECT_EQ(UsageMessage([] { Config::FromText("a: 1", "x").CheckAllRead(); }), "unknown key 'a': x:1: no key is used here");
}

TEST(ConfigOverride, ReplacesCreatesAndEntersLists) {
  Config c = Config::FromText("train: {epochs: 18}\nstages: [{depth: 1}, {depth: 2}]\nname: x\n");
  c.Override("train.epochs=3");
  c.Override("train.optimizer.name=sgd");
  c.Override("stages.1.depth=7");
  c.Override("mean=[1, 2]");
  c.Override("ema={decay: 0.5}");
  c.Override("name=a=b");
  c.Override("ema.decay=");
  EXPECT_EQ(c.Section("train").GetInt("epochs", 1, 100), 3);
  EXPECT_EQ(c.Section("train").Section("optimizer").GetString("name"), "sgd");
  EXPECT_EQ(c.Sections("stages")[1].GetInt("depth", 1, 9), 7);
  EXPECT_EQ(c.Sections("stages")[0].GetInt("depth", 1, 9), 1);
  EXPECT_EQ(c.GetInts("mean", {}, 0, 9), (std::vector<int64_t>{1, 2}));
  EXPECT_EQ(c.GetString("name"), "a=b");
  EXPECT_TRUE(c.Section("ema").IsNull("decay"));
  c.CheckAllRead();
}

TEST(ConfigOverride, FillsANullSection) {
  Config c = Config::FromText("ema: null\n");
  c.Override("ema.decay=0.5");
  EXPECT_EQ(c.Section("ema").GetDouble("decay", 0, 1), 0.5);
}

TEST(ConfigOverride, AMisspeltOneIsFoundAndNamed) {
  Config c = Config::FromText("train: {epochs: 18}\n");
  c.Override("train.epohcs=3");
  c.Section("train").GetInt("epochs", 1, 100);
  EXPECT_EQ(UsageMessage([&] { c.CheckAllRead(); }),
            "unknown key 'train.epohcs': override 'train.epohcs=3': did you mean 'epochs'? known: epochs");
}

TEST(ConfigOverride, AWrongFormIsAUsageError) {
  Config c = Config::FromText("a: 1\nlist: [{b: 1}]\n");
  for (const char* bad :
       {"", "a", "=3", ".a=1", "a.=1", "a..b=1", "a.b=1", "list.1.b=1", "list.x=1", "list.-1.b=2", "a={", "a=[1", "a={b: c: d}"}) {
    EXPECT_THROW(c.Override(bad), Error) << bad;
  }
  EXPECT_EQ(UsageMessage([&] { c.Override("a.b=1"); }), "'a' is a single value and has no key 'b': override 'a.b=1'");
  EXPECT_EQ(c.GetInt("a", 0, 9), 1);
}

TEST(ConfigOverride, AnOutOfRangeOneNamesTheOverride) {
  Config c = Config::FromText("{}");
  c.Override("epochs=-1");
  EXPECT_EQ(UsageMessage([&] { c.GetInt("epochs", 1, 9); }), "epochs: expected an integer in [1, 9], got '-1': override 'epochs=-1'");
}

TEST(ConfigPath, IsRelativeToTheFileThatNamesIt) {
  const TemporaryFolder folder;
  folder.Write("sub/data/x.txt", "");
  const std::string path = folder.Write("sub/run.yaml", "root: data/x.txt\nother: none.txt\nabs: /etc\n");
  const Config c = Config::FromFile(path);
  EXPECT_EQ(c.GetPath("root"), folder.File("sub/data/x.txt"));
  EXPECT_EQ(c.GetPath("other"), folder.File("sub/none.txt"));
  EXPECT_EQ(c.GetPath("abs"), "/etc");
  EXPECT_THROW(c.GetPath("absent"), Error);
  const Config again = Config::FromText(c.Resolved());
  EXPECT_EQ(again.GetPath("root"), folder.File("sub/data/x.txt"));
}

TEST(ConfigResolved, RoundTripsValuesDefaultsAndOverrides) {
  Config c = Config::FromText(
      "version: 1\nname: \"fashion: quick\"\nquoted: '12'\nempty: ''\nnull_text: 'null'\ntext: \"line\\nbreak \\\"x\\\" \\\\ \\x01\"\n"
      "ema: null\nbudgets: {flops: 1.82e9}\nstages:\n  - {depth: [1, 3], type: conv}\n  - {}\nnested: [[1, 2], [3]]\nnone: []\n"
      "dash: '-'\ncomma: a, b\nhash: 'a # b'\nneg: -3\ndot: .5\nunicode: é\n'odd key': 1\n'': 2\n");
  c.Override("train.epochs=3");
  c.Section("train").GetDouble("lr", 0.1, 0, 1);
  c.Section("train").GetOptionalDouble("clip_norm", 0, 1);
  c.Section("validate").GetString("interpolation", "bicubic");
  c.Section("never_filled");
  c.GetDoubles("mean", {0.485, 1.0 / 3}, 0, 1);
  c.GetStrings("words", {"true", "plain", "1"});
  c.GetDouble("limit", kInf, 0, kInf);
  c.GetBool("flag", true);
  const std::string resolved = c.Resolved();
  const Config again = Config::FromText(resolved);
  EXPECT_EQ(again.Resolved(), resolved);
  EXPECT_EQ(again.GetString("name"), "fashion: quick");
  EXPECT_EQ(again.GetString("quoted"), "12");
  EXPECT_THROW(again.GetInt("quoted", 0, 99), Error);
  EXPECT_EQ(again.GetString("empty"), "");
  EXPECT_EQ(again.GetString("null_text"), "null");
  EXPECT_EQ(again.GetString("text"), "line\nbreak \"x\" \\ \x01");
  EXPECT_TRUE(again.Has("ema") && again.IsNull("ema"));
  EXPECT_EQ(again.Section("budgets").GetDouble("flops", 0, 1e12), 1.82e9);
  EXPECT_EQ(again.Sections("stages")[0].GetInts("depth", {}, 0, 9), (std::vector<int64_t>{1, 3}));
  EXPECT_EQ(again.Sections("stages").size(), 2u);
  EXPECT_TRUE(again.IsList("none"));
  EXPECT_EQ(again.GetString("dash"), "-");
  EXPECT_EQ(again.GetString("comma"), "a, b");
  EXPECT_EQ(again.GetString("hash"), "a # b");
  EXPECT_EQ(again.GetInt("neg", -9, 0), -3);
  EXPECT_EQ(again.GetDouble("dot", 0, 1), 0.5);
  EXPECT_EQ(again.GetString("unicode"), "é");
  EXPECT_EQ(again.GetInt("odd key", 0, 9), 1);
  EXPECT_EQ(again.GetInt("", 0, 9), 2);
  EXPECT_EQ(again.Section("train").GetInt("epochs", 0, 9), 3);
  EXPECT_EQ(again.Section("train").GetDouble("lr", 0, 1), 0.1);
  EXPECT_TRUE(again.Section("train").Has("clip_norm"));
  EXPECT_EQ(again.Section("validate").GetString("interpolation"), "bicubic");
  EXPECT_FALSE(again.Has("never_filled"));
  EXPECT_EQ(again.GetDoubles("mean", {}, 0, 1), (std::vector<double>{0.485, 1.0 / 3}));
  EXPECT_EQ(again.GetStrings("words", {}), (std::vector<std::string>{"true", "plain", "1"}));
  EXPECT_EQ(again.GetDouble("limit", 0, kInf), kInf);
  EXPECT_TRUE(again.GetBool("flag", false));
}

TEST(ConfigResolved, IsReadable) {
  const Config c = Config::FromText("b: {c: [1, x]}\na:\n- {d: 1}\n- [1, 2]\n- [[1], {}]\n");
  EXPECT_EQ(c.Resolved(), "b:\n  c: [1, x]\na:\n  -\n    d: 1\n  - [1, 2]\n  -\n    - [1]\n    - {}\n");
  EXPECT_EQ(Config::FromText("{}").Resolved(), "{}\n");
  EXPECT_EQ(c.Section("b").Resolved(), "c: [1, x]\n");
}

}  // namespace
}  // namespace deepmad::base
