// Names, order and shapes of the tensors of the published structures against those of the published checkpoints (tests/golden).
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "tests/models/networks.h"
#include "tests/places.h"

namespace deepmad::models {
namespace {

using Lines = std::vector<std::string>;

std::string Shape(std::vector<int64_t> sizes) {
  std::string text;
  for (const int64_t size : sizes) text += " " + std::to_string(size);
  return text;
}

// "conv1.bn1.norm=40" below "block_list.3." as one line "NAME SIZES" for each tensor; the golden file explains the kinds.
void Append(const std::string& prefix, const std::string& entry, Lines& tensors) {
  const size_t equals = entry.find('=');
  const std::string name = prefix + entry.substr(0, equals);
  std::vector<int64_t> sizes;
  std::istringstream numbers(entry.substr(equals + 1));
  for (std::string size; std::getline(numbers, size, 'x');) sizes.push_back(std::stoll(size));

  const std::string kind = name.substr(name.rfind('.') + 1);
  const std::string stem = name.substr(0, name.size() - kind.size());
  if (kind == "norm") {
    for (const char* part : {"weight", "bias", "running_mean", "running_var"}) tensors.push_back(stem + part + Shape(sizes));
    tensors.push_back(stem + "num_batches_tracked");
  } else if (kind == "lsq") {
    std::vector<int64_t> steps(sizes.size(), 1);
    steps[0] = sizes[0];
    for (const char* part : {"weight", "weightq"}) tensors.push_back(stem + part + Shape(sizes));
    tensors.push_back(stem + "alpha" + Shape({sizes[0]}));
    for (const char* part : {"scalar", "act_quan.s"}) tensors.push_back(stem + part + Shape({1}));
    tensors.push_back(stem + "weight_quan.s" + Shape(steps));
  } else {
    tensors.push_back(name + Shape(sizes));
  }
}

std::map<std::string, Lines> PublishedTensors() {
  std::map<std::string, Lines> networks;
  std::ifstream file(GoldenFolder() + "/state_dicts.txt");
  Lines* tensors = nullptr;
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string prefix, entry;
    words >> prefix;
    if (prefix == "#") continue;
    if (prefix == "network") {
      words >> entry;
      tensors = &networks[entry];
      continue;
    }
    Lines entries;
    while (words >> entry) entries.push_back(entry);
    const size_t dot = prefix.rfind('.');
    const size_t dash = prefix.find('-');
    const int first = dash == std::string::npos ? 0 : std::stoi(prefix.substr(dot + 1));
    const int last = dash == std::string::npos ? 0 : std::stoi(prefix.substr(dash + 1));
    for (int index = first; index <= last; ++index) {
      const std::string place = dash == std::string::npos ? prefix : prefix.substr(0, dot + 1) + std::to_string(index);
      for (const std::string& one : entries) Append(place + ".", one, *tensors);
    }
  }
  return networks;
}

TEST(StateDictGolden, HasThePublishedNamesOrderAndShapes) {
  const auto published = PublishedTensors();
  ASSERT_EQ(published.size(), 18u);
  for (const auto& [name, tensors] : published) {
    Lines ours;
    for (const auto& [key, tensor] : BuildNetwork(PublishedStructure(name))->StateDict()) {
      ours.push_back(key + Shape(tensor.sizes().vec()));
      EXPECT_EQ(tensor.scalar_type(), key.ends_with("num_batches_tracked") ? at::kLong : at::kFloat) << key;
    }
    EXPECT_EQ(ours, tensors) << name;
  }
}

}  // namespace
}  // namespace deepmad::models
