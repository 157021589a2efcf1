#include "mad/network/tinynas_structure.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/build_info.h"
#include "base/random.h"
#include "mad/network/python_literal.h"

namespace deepmad::mad {
namespace {

constexpr char kText[] = R"({ 'best_structures': [ [   # a comment
    {'class': 'ConvKXBNRELU', 'in': 3, 'k': 3, 'out': 16, 's': 2},
    { 'L': 2, 'btn': 24, 'class': "SuperResK1KXK1", 'in': 16, 'inner_class': 'ResK1KXK1', 'k': 5, 'out': 40, 's': 2},]],
 'best_scores': (1.5, -2e3, None, True), 'space_arch': 'CnnNet'}
)";

std::string ErrorOf(const std::string& text, const ReleasedTextOptions& options = {}) {
  try {
    NetworkFromReleasedText(text, "net.txt", options);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos);
    return error.what();
  }
  return "no error";
}

std::string Replaced(const std::string& from, const std::string& to) {
  std::string text = kText;
  return text.replace(text.find(from), from.size(), to);
}

TEST(ReleasedTextTest, ReadsAListOfStructures) {
  const NetworkSpec network = NetworkFromReleasedText(kText, "net.txt", {.name = "mine"});
  EXPECT_EQ(network.name, "mine");
  EXPECT_EQ(network.input.channels, 3);
  ASSERT_EQ(network.blocks.size(), 2u);
  EXPECT_EQ(network.blocks[1].type, "bottleneck");
  EXPECT_EQ(network.blocks[1].depth, 2);
  EXPECT_EQ(network.blocks[1].bottleneck_channels, 24);
  EXPECT_EQ(network.blocks[1].kernel, 5);
}

TEST(ReleasedTextTest, EveryPublishedStructureSurvivesTheRoundTrip) {
  int structures = 0;
  for (const auto& entry : std::filesystem::directory_iterator(base::ConfigsFolder() + "/arch")) {
    const NetworkSpec network = LoadNetwork(entry.path().string());
    const bool torchvision = network.name.starts_with("resnet") && network.name.find('-') == std::string::npos;
    if (torchvision || network.name == "mobilenetv2") {
      EXPECT_THROW(NetworkToReleasedText(network), base::Error);
      continue;
    }
    const ReleasedTextOptions options{.name = network.name, .input = network.input, .head = network.head};
    EXPECT_EQ(NetworkFromReleasedText(NetworkToReleasedText(network), "text", options), network) << network.name;
    ++structures;
  }
  EXPECT_GE(structures, 27);
}

TEST(ReleasedTextTest, BitWidthsCountInQuantisedStructuresOnly) {
  const std::string bits = "'nbitsA': [4, 4, 4, 4, 4, 4], 'nbitsW': [4, 5, 4, 4, 4, 4], ";
  EXPECT_TRUE(NetworkFromReleasedText(Replaced("'L': 2, ", "'L': 2, " + bits), "t", {}).blocks[1].weight_bits.empty());
  std::string text = Replaced("'L': 2, ", "'L': 2, " + bits);
  text.replace(text.find("SuperResK1KXK1"), 14, "SuperQuantResK1KXK1");
  const NetworkSpec network = NetworkFromReleasedText(text, "t", {});
  EXPECT_EQ(network.blocks[1].activation_bits, std::vector<int>{4});
  EXPECT_EQ(network.blocks[1].weight_bits, (std::vector<int>{4, 5, 4, 4, 4, 4}));
  EXPECT_EQ(network.head.bits, 8);
}

TEST(ReleasedTextTest, EveryMistakeIsNamedWithItsPlace) {
  const std::pair<std::string, std::string> mistakes[] = {
      {Replaced("SuperResK1KXK1", "SuperResK1KXK2"), "unknown block class 'SuperResK1KXK2': net.txt:3:35"},
      {Replaced("'L': 2", "'LL': 2"), "unknown key 'LL': net.txt:3:13"},
      {Replaced("'in': 16", "'in': 8"), "'in' 8 behind 'out' 16"},
      {Replaced("'out': 40", "'out': -40"), "'out' is no count"},
      {Replaced("'btn': 24, ", ""), "a block without 'btn'"},
      {Replaced("'k': 5", "'k': 4"), "kernel 4"},
      {Replaced("'k': 5", "'k': os.system('x')"), "'os.system' is no literal"},
      {Replaced("'k': 5", "'k': 5, 'k': 3"), "key 'k' is given twice"},
      {Replaced("best_structures", "structures"), "no 'best_structures'"},
      {Replaced("'CnnNet'}", "'CnnNet"), "a string ends on its line"},
      {Replaced("'CnnNet'}", "'CnnNet'"), "the text ends where ',' is due"},
      {Replaced("'CnnNet'}", "'CnnNet'} 1"), "text behind the value"},
      {"", "the text ends where a value is due"},
      {"[]", "no list of blocks"},
      {"[1]", "a block that is no dictionary"},
      {"[99999999999999999999]", "is no literal"},
      {std::string(1000, '['), "nested deeper than 32"},
      {std::string((1 << 20) + 1, ' '), "a structure text of 1048577 bytes"},
  };
  for (const auto& [text, message] : mistakes) EXPECT_NE(ErrorOf(text).find(message), std::string::npos) << ErrorOf(text);
  EXPECT_NE(ErrorOf(kText, {.index = 1}).find("no structure 1"), std::string::npos);
}

TEST(ReleasedTextTest, DamagedTextsAreErrorsOrNetworks) {
  base::Random random(5, base::RandomPurpose::kSynthetic);
  const std::string text = kText;
  for (int trial = 0; trial < 3000; ++trial) {
    std::string damaged = trial < static_cast<int>(text.size()) ? text.substr(0, static_cast<size_t>(trial)) : text;
    for (int64_t flips = random.UniformInt(0, 3); flips > 0 && !damaged.empty(); --flips) {
      damaged[static_cast<size_t>(random.UniformInt(0, static_cast<int64_t>(damaged.size()) - 1))] =
          static_cast<char>(random.UniformInt(0, 255));
    }
    try {
      Validate(NetworkFromReleasedText(damaged, "net.txt", {}));
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    }
  }
}

}  // namespace
}  // namespace deepmad::mad
