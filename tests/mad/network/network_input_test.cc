// Networks beyond what the program takes, whether they come from a file or from code.
#include <gtest/gtest.h>

#include <functional>

#include "base/error.h"
#include "mad/network/network_spec.h"

namespace deepmad::mad {
namespace {

NetworkSpec Valid() {
  NetworkSpec spec;
  spec.input = {3, 16, 16};
  BlockSpec stem, block;
  stem.stride = 2;
  stem.out_channels = 8;
  block.type = "basic";
  block.out_channels = block.bottleneck_channels = 8;
  spec.blocks = {stem, block};
  return spec;
}

TEST(NetworkInput, EveryLimitIsNamedInOneLine) {
  EXPECT_NO_THROW(Validate(Valid(), "net.yaml"));
  const struct {
    const char* message;
    std::function<void(NetworkSpec&)> change;
  } cases[] = {
      {"input channels 0", [](NetworkSpec& n) { n.input.channels = 0; }},
      {"input height 65537", [](NetworkSpec& n) { n.input.height = 65537; }},
      {"input frames 5000", [](NetworkSpec& n) { n.input.frames = 5000; }},
      {"without blocks", [](NetworkSpec& n) { n.blocks.clear(); }},
      {"1001 blocks", [](NetworkSpec& n) { n.blocks.resize(1001, n.blocks[1]); }},
      {"33 strides of 2",
       [](NetworkSpec& n) {
         n.blocks[1].stride = 2;
         n.blocks.resize(33, n.blocks[1]);
       }},
      {"100001 units in all", [](NetworkSpec& n) { n.blocks[1].depth = 100000; }},
      {"block 1 (basic): depth 0", [](NetworkSpec& n) { n.blocks[1].depth = 0; }},
      {"block 0 (conv): depth 2", [](NetworkSpec& n) { n.blocks[0].depth = 2; }},
      {"block 1 (basic): kernel 33", [](NetworkSpec& n) { n.blocks[1].kernel = 33; }},
      {"out_channels 0", [](NetworkSpec& n) { n.blocks[1].out_channels = 0; }},
      {"bottleneck_channels -8", [](NetworkSpec& n) { n.blocks[1].bottleneck_channels = -8; }},
      {"head with 0 classes", [](NetworkSpec& n) { n.head.classes = 0; }},
      {"unknown head 'uppernet'", [](NetworkSpec& n) { n.head.type = "uppernet"; }},
      {"head with 0 channels", [](NetworkSpec& n) { n.head.type = "upernet"; }},
      {"head upernet takes maps of strides 4, 8, 16, 32, the backbone gives ",
       [](NetworkSpec& n) {
         n.head.type = "upernet";
         n.head.channels = 8;
       }},
      {"head fcos with 40 channels",
       [](NetworkSpec& n) {
         n.head.type = "fcos";
         n.head.channels = 40;
       }},
      {"head upernet with bits or levels",
       [](NetworkSpec& n) {
         n.head.type = "upernet";
         n.head.channels = 8;
         n.head.levels = {0};
       }},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.message);
    NetworkSpec spec = Valid();
    c.change(spec);
    try {
      Validate(spec, "net.yaml");
      ADD_FAILURE() << "was accepted";
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kUsage);
      EXPECT_NE(std::string(error.what()).find(c.message), std::string::npos) << error.what();
      EXPECT_NE(std::string(error.what()).find("net.yaml"), std::string::npos) << error.what();
    }
  }
}

}  // namespace
}  // namespace deepmad::mad
