#include "mad/network/network_spec.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/build_info.h"
#include "mad/cost/layer_table.h"
#include "mad/cost/network_cost.h"
#include "mad/problem/problem.h"
#include "mad/report/design_report.h"
#include "mad/report/network_comparison.h"
#include "mad/report/structure_svg.h"

namespace deepmad::mad {
namespace {

constexpr char kNetwork[] = R"(version: 1
name: "two \"words\""
input: {channels: 1, height: 33, width: 20}
blocks:
  - {type: conv, kernel: 3, stride: 2, out_channels: 8, activation: silu}
  - {type: basic, depth: 2, kernel: 5, stride: 1, bottleneck_channels: 8, out_channels: 8}
  - {type: bottleneck, depth: 3, kernel: 3, stride: 2, bottleneck_channels: 16, out_channels: 24}
head: {type: classifier, classes: 7}
)";

NetworkSpec Parse(const std::string& text) {
  const base::Config config = base::Config::FromText(text, "net.yaml");
  NetworkSpec spec = NetworkFromConfig(config);
  config.CheckAllRead();
  return spec;
}

// The message of the error that the network with one piece of text replaced gives.
std::string ErrorWith(const std::string& from, const std::string& to) {
  std::string text = kNetwork;
  text.replace(text.find(from), from.size(), to);
  try {
    Parse(text);
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
    return error.what();
  }
  return "no error";
}

TEST(NetworkSpecTest, YamlRoundTrips) {
  const NetworkSpec spec = Parse(kNetwork);
  EXPECT_EQ(spec.name, "two \"words\"");
  EXPECT_EQ(spec.blocks[0].activation, ActivationKind::kSilu);
  EXPECT_EQ(Parse(NetworkToYaml(spec)), spec);
}

TEST(NetworkSpecTest, PlacesBlocksByStrideWithCeilingSizes) {
  const NetworkSpec spec = Parse(kNetwork);
  const std::vector<PlacedBlock> placed = PlaceBlocks(spec);
  EXPECT_EQ(placed[1].in_size, (Extent{1, 17, 10}));
  EXPECT_EQ(placed[2].out_size, (Extent{1, 9, 5}));
  EXPECT_EQ(placed[1].stage, 0);
  EXPECT_EQ(placed[2].stage, 1);
  const std::vector<FeatureLevel> levels = FeatureLevels(spec);
  ASSERT_EQ(levels.size(), 2u);
  EXPECT_EQ(levels[1].channels, 24);
  EXPECT_EQ(levels[1].stride, 4);
  EXPECT_EQ(UnitPrefix(placed[0], 0), "block_list.0.");
  EXPECT_EQ(UnitPrefix(placed[2], 1), "block_list.2.block_list.1.");
}

TEST(NetworkSpecTest, EveryMistakeIsNamed) {
  EXPECT_NE(ErrorWith("kernel: 5", "kernel: 4").find("kernel 4"), std::string::npos);
  EXPECT_NE(ErrorWith("stride: 1", "stride: 3").find("stride 3"), std::string::npos);
  EXPECT_NE(ErrorWith("bottleneck_channels: 16, ", "").find("bottleneck_channels missing"), std::string::npos);
  EXPECT_NE(ErrorWith("stride: 2, out_channels: 8", "bottleneck_channels: 4, out_channels: 8").find("bottleneck_channels given"),
            std::string::npos);
  EXPECT_NE(ErrorWith("{type: conv, ", "{type: conv, depth: 2, ").find("depth 2"), std::string::npos);
  EXPECT_NE(ErrorWith("type: basic", "type: basik").find("did you mean 'basic'"), std::string::npos);
  EXPECT_NE(ErrorWith("silu", "sulu").find("did you mean 'silu'"), std::string::npos);
  EXPECT_NE(ErrorWith("version: 1", "version: 9").find("version 9"), std::string::npos);
  EXPECT_NE(ErrorWith("classes: 7", "classes: 0").find("head.classes"), std::string::npos);
  EXPECT_NE(ErrorWith("type: classifier", "type: segmenter").find("segmenter"), std::string::npos);
  EXPECT_NE(ErrorWith("depth: 3", "dept: 3").find("did you mean 'depth'"), std::string::npos);
}

TEST(NetworkSpecTest, KeysThatDoNotFitTheTypeAreNamed) {
  EXPECT_NE(ErrorWith("type: basic,", "type: basic, kernel_t: 3,").find("kernel_t 3"), std::string::npos);
  EXPECT_NE(ErrorWith("type: basic,", "type: basic, se_ratio: 0.5,").find("se_ratio given"), std::string::npos);
  EXPECT_NE(ErrorWith("type: basic,", "type: dw_se_bottleneck, se_ratio: 5,").find("se_ratio"), std::string::npos);
  EXPECT_NE(ErrorWith("type: conv,", "type: conv, shortcut: none,").find("shortcut given"), std::string::npos);
  EXPECT_NE(ErrorWith("type: basic,", "type: basic, layer_scale: true,").find("layer_scale given"), std::string::npos);
  EXPECT_NE(ErrorWith("type: basic,", "type: basic, shortcut: projekt,").find("did you mean 'project'"), std::string::npos);
  EXPECT_NE(ErrorWith("type: basic,", "type: basic, weight_bits: 4,").find("activation_bits without weight_bits"), std::string::npos);
  EXPECT_NE(ErrorWith("type: basic,", "type: basic, activation_bits: 4, weight_bits: [4, 4],").find("each of the 4 convolutions"),
            std::string::npos);
  EXPECT_NE(ErrorWith("type: basic,", "type: basic, activation_bits: 4, weight_bits: 9,").find("weight_bits 9"), std::string::npos);
  EXPECT_NE(ErrorWith("type: basic,", "type: dw_bottleneck3d,").find("2-D and 3-D"), std::string::npos);
  EXPECT_NE(ErrorWith("channels: 1,", "channels: 1, frames: 4,").find("4 frames for 2-D blocks"), std::string::npos);
  EXPECT_NE(ErrorWith("blocks:\n", "blocks:\n  - {type: max_pool, out_channels: 5}\n").find("out_channels 5 behind 1"), std::string::npos);
  EXPECT_NE(ErrorWith("blocks:\n", "blocks:\n  - {type: resnet_conv, out_channels: 1}\n  - {type: resnet_conv, out_channels: 1}\n")
                .find("names are taken"),
            std::string::npos);
  EXPECT_NE(ErrorWith("classes: 7", "classes: 7, bits: 1").find("1 bits"), std::string::npos);
  EXPECT_NE(ErrorWith("classifier, classes: 7", "features, levels: [0, 2]").find("head level 2"), std::string::npos);
  EXPECT_NE(ErrorWith("classifier, classes: 7", "features, levels: [0]").find("head levels without the last"), std::string::npos);
}

TEST(NetworkSpecTest, TorchvisionsNamesFollowFromThePlaceOfABlock) {
  const NetworkSpec resnet = LoadNetwork(base::ConfigsFolder() + "/arch/resnet50.yaml");
  const std::vector<LayerRow> rows = LayerRows(resnet);
  EXPECT_EQ(rows.front().name, "conv1");
  EXPECT_EQ(rows[4].name, "layer1.0.downsample.0");
  EXPECT_EQ(rows.back().name, "fc");
  const std::vector<LayerRow> mobile = LayerRows(LoadNetwork(base::ConfigsFolder() + "/arch/mobilenetv2.yaml"));
  EXPECT_EQ(mobile[1].name, "features.1.conv.0.0");
  EXPECT_EQ(mobile[mobile.size() - 2].name, "features.18.0");
  EXPECT_EQ(mobile.back().name, "classifier.1");
}

TEST(NetworkSpecTest, LayerRowsAddUpToTheCost) {
  for (const std::string& network : {std::string(kNetwork), NetworkToYaml(LoadNetwork(base::ConfigsFolder() + "/arch/deepmad-r18.yaml"))}) {
    const NetworkSpec spec = Parse(network);
    const NetworkCost cost = Cost(spec);
    double macs = 0, params = 0;
    for (const LayerRow& row : LayerRows(spec)) {
      macs += row.macs;
      params += row.params;
    }
    EXPECT_EQ(macs, cost.macs);
    EXPECT_EQ(params, cost.params);
  }
}

TEST(NetworkSpecTest, ReceptiveFieldFollowsKernelsAndStrides) {
  const std::vector<LayerRow> rows = LayerRows(Parse(kNetwork));
  EXPECT_EQ(rows[0].receptive_field, 3);
  EXPECT_EQ(rows[1].receptive_field, 3 + 4 * 2);
  EXPECT_EQ(rows[4].receptive_field, 3 + 4 * 4 * 2);
}

TEST(NetworkSpecTest, TheDrawingHasOneBoxABlockAndEscapesNames) {
  NetworkSpec spec = Parse(kNetwork);
  spec.name = "<a & b>";
  const std::string svg = StructureSvg(spec);
  EXPECT_NE(svg.find("&lt;a &amp; b&gt;"), std::string::npos);
  size_t boxes = 0;
  for (size_t at = svg.find("fill-opacity=\"0.85\""); at != std::string::npos; at = svg.find("fill-opacity=\"0.85\"", at + 1)) ++boxes;
  EXPECT_EQ(boxes, spec.blocks.size());
}

TEST(ComparisonTest, HasALineForEachStageOfTheLongerNetwork) {
  const auto load = [](const std::string& name) { return LoadNetwork(base::ConfigsFolder() + "/arch/" + name + ".yaml"); };
  const NetworkSpec left = load("maedet-s"), right = load("mobilenetv2");
  const auto assess = [](const NetworkSpec& network) { return Assess(NeutralProblem(network, PaperFormulation()), network); };
  const std::string table = ComparisonTable(left, assess(left), right, assess(right));
  EXPECT_NE(table.find("mobilenetv2"), std::string::npos);
  EXPECT_NE(table.find("\n  4       2048      15x15     10"), std::string::npos) << table;
  EXPECT_NE(table.find("|  1280        7x7"), std::string::npos) << table;
}

TEST(ConfigFilesTest, EveryStructureAndProblemOfTheProjectLoads) {
  int structures = 0, problems = 0;
  for (const auto& entry : std::filesystem::directory_iterator(base::ConfigsFolder() + "/arch")) {
    const NetworkSpec spec = LoadNetwork(entry.path().string());
    EXPECT_EQ(spec.name + ".yaml", entry.path().filename());
    EXPECT_EQ(Parse(NetworkToYaml(spec)), spec);
    ++structures;
  }
  for (const auto& entry : std::filesystem::directory_iterator(base::ConfigsFolder() + "/design")) {
    EXPECT_EQ(LoadProblem(entry.path().string()).name + ".yaml", entry.path().filename());
    ++problems;
  }
  EXPECT_GE(structures, 3);
  EXPECT_GE(problems, 6);
}

}  // namespace
}  // namespace deepmad::mad
