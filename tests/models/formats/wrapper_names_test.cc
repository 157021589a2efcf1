#include "models/formats/wrapper_names.h"

#include <gtest/gtest.h>

namespace deepmad::models {
namespace {

std::vector<std::string> Plain(const std::vector<std::string>& names) {
  std::vector<std::string> plain;
  for (const PlainName& one : PlainNames(names)) plain.push_back(one.name);
  return plain;
}

using Names = std::vector<std::string>;

TEST(WrapperNames, PrefixesComeOffUntilNoneIsLeft) {
  for (const char* prefix : {"", "module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.", "module.module.",
                             "_forward_module._orig_mod.", "_fsdp_wrapped_module."}) {
    EXPECT_EQ(Plain({std::string(prefix) + "a.w", std::string(prefix) + "b.w"}), (Names{"a.w", "b.w"})) << prefix;
  }
  EXPECT_EQ(Plain({"module.a", "b"}), (Names{"module.a", "b"})) << "a part of the network of that name";
  EXPECT_EQ(Plain({"modules.a"}), Names{"modules.a"});
  EXPECT_TRUE(Plain({}).empty());
}

TEST(WrapperNames, CountersOfAveragesAndProfilersAreLeftOut) {
  const std::vector<PlainName> plain = PlainNames({"n_averaged", "module.a.w", "module.b.w"});
  ASSERT_EQ(plain.size(), 2u);
  EXPECT_EQ(plain[1].name, "b.w");
  EXPECT_EQ(plain[1].index, 2u);
  EXPECT_EQ(Plain({"steps", "module.module.w"}), Names{"w"});
  EXPECT_EQ(Plain({"_orig_mod.n_averaged", "_orig_mod.module.w"}), Names{"w"});
  EXPECT_EQ(Plain({"steps", "w"}), (Names{"steps", "w"})) << "a tensor of the network";
  EXPECT_EQ(Plain({"total_ops", "total_params", "a.total_ops", "a.w", "subtotal_ops"}), (Names{"a.w", "subtotal_ops"}));
}

}  // namespace
}  // namespace deepmad::models
