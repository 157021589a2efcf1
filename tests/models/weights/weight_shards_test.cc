#include "models/weights/weight_shards.h"

#include <ATen/ops/equal.h>
#include <gtest/gtest.h>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/json.h"
#include "models/weights/load.h"
#include "models/weights/safetensors.h"
#include "tests/models/networks.h"
#include "tests/temporary_folder.h"

namespace deepmad::models {
namespace {

// The network's tensors in two shards, every second one in each, and the index.
std::string WriteShards(const TemporaryFolder& folder, const NamedTensors& state, const std::string& prefix = "") {
  NamedTensors shards[2];
  base::Json map = base::Json::object();
  for (size_t i = 0; i < state.size(); ++i) {
    shards[i % 2].emplace_back(prefix + state[i].first, state[i].second);
    map[prefix + state[i].first] = i % 2 == 0 ? "model-00001-of-00002.safetensors" : "model-00002-of-00002.safetensors";
  }
  WriteSafetensors(folder.File("model-00001-of-00002.safetensors"), shards[0], {{"format", "pt"}});
  WriteSafetensors(folder.File("model-00002-of-00002.safetensors"), shards[1], {{"format", "pt"}});
  return folder.Write("model.safetensors.index.json", base::Json({{"metadata", {{"total_size", 1}}}, {"weight_map", map}}).dump());
}

void ExpectLoads(const std::string& path, const NamedTensors& expected) {
  const auto network = InitializedNetwork(SmallStructure(), 2);
  ASSERT_NO_THROW(LoadWeights(*network, WeightsPlace{path}, HeadPolicy::kStrict)) << path;
  const NamedTensors loaded = network->StateDict();
  for (size_t i = 0; i < expected.size(); ++i) EXPECT_TRUE(at::equal(loaded[i].second, expected[i].second)) << loaded[i].first;
}

std::string Refusal(const std::string& path) {
  try {
    LoadWeights(*InitializedNetwork(SmallStructure(), 2), WeightsPlace{path}, HeadPolicy::kStrict);
    return "";
  } catch (const base::Error& error) {
    return error.what();
  }
}

bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(WeightShards, AreReadByTheirIndexAndByTheirFolder) {
  const NamedTensors state = InitializedNetwork(SmallStructure(), 1)->StateDict();
  for (const char* prefix : {"", "module.", "model._orig_mod."}) {
    const TemporaryFolder folder;
    ExpectLoads(WriteShards(folder, state, prefix), state);
    ExpectLoads(folder.path(), state);
  }
}

TEST(WeightShards, OneOfSeveralIsNamedAsThat) {
  const TemporaryFolder folder;
  WriteShards(folder, InitializedNetwork(SmallStructure(), 1)->StateDict());
  EXPECT_TRUE(Contains(Refusal(folder.File("model-00001-of-00002.safetensors")), "this is one of several shards: give their index"));
}

TEST(WeightShards, AnIndexThatDisagreesWithItsShardsIsRefused) {
  const TemporaryFolder folder;
  const std::string index = WriteShards(folder, InitializedNetwork(SmallStructure(), 1)->StateDict());
  base::Json document = base::Json::parse(base::ReadFile(index));
  const auto refusal = [&](const base::Json& map) {
    return Refusal(folder.Write("other.index.json", base::Json({{"weight_map", map}}).dump()));
  };
  base::Json more = document["weight_map"], fewer = more, outside = more, absent = more;
  more["another"] = "model-00002-of-00002.safetensors";
  fewer.erase(fewer.begin());
  outside.begin().value() = "../model-00001-of-00002.safetensors";
  for (auto& shard : absent) {
    if (shard == "model-00002-of-00002.safetensors") shard = "model-00003-of-00003.safetensors";
  }
  EXPECT_TRUE(Contains(refusal(more), " tensors are not in their shards"));
  EXPECT_TRUE(Contains(refusal(fewer), "is not there by the index"));
  EXPECT_TRUE(Contains(refusal(outside), "is no file beside the index"));
  EXPECT_TRUE(Contains(refusal(absent), "model-00003-of-00003.safetensors")) << refusal(absent);
  for (const char* text : {"", "[]", "{}", R"({"weight_map": {}})", R"({"weight_map": [1]})"})
    EXPECT_TRUE(Contains(Refusal(folder.Write("x.json", text)), "not an index of shards: it has no weight_map")) << text;
  EXPECT_TRUE(Contains(Refusal(folder.Write("x.json", R"({"weight_map": {"a": 1}})")), "the shard of 'a' is no file beside the index"));
}

TEST(WeightShards, AFolderStandsForItsOnlyFileOfWeights) {
  const TemporaryFolder folder;
  EXPECT_TRUE(Contains(Refusal(folder.path()), "a folder without weights"));
  const NamedTensors state = InitializedNetwork(SmallStructure(), 1)->StateDict();
  WriteSafetensors(folder.File("model.safetensors"), state);
  folder.Write("config.json", "{}");
  ExpectLoads(folder.path(), state);
  WriteSafetensors(folder.File("best.safetensors"), state);
  EXPECT_TRUE(Contains(Refusal(folder.path()), "2 files of weights: best.safetensors, model.safetensors"));
}

}  // namespace
}  // namespace deepmad::models
