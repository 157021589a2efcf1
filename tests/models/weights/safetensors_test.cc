#include "models/weights/safetensors.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/atomic_file.h"
#include "base/error.h"
#include "tests/places.h"
#include "tests/temporary_folder.h"

namespace deepmad::models {
namespace {

NamedTensors EveryType() {
  NamedTensors tensors;
  for (const auto type :
       {at::kBool, at::kFloat, at::kLong, at::kHalf, at::kDouble, at::kBFloat16, at::kInt, at::kShort, at::kChar, at::kByte}) {
    tensors.emplace_back(std::string("t.") + c10::toString(type), at::arange(15).sub(3).to(type).view({3, 5}));
  }
  tensors.emplace_back("scalar", at::full({}, 7, at::kLong));
  tensors.emplace_back("empty", at::empty({0, 3}));
  return tensors;
}

std::string RefusalOf(const std::string& path) {
  try {
    ReadSafetensors(path);
    return "";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kFailed);
    EXPECT_EQ(error.where(), path);
    return error.what();
  }
}

TEST(Safetensors, EveryTypeComesBackUnderItsNameInOrder) {
  const TemporaryFolder folder;
  const NamedTensors tensors = EveryType();
  WriteSafetensors(folder.File("w.safetensors"), tensors, {{"format", "pt"}});
  const TensorFile file = ReadSafetensors(folder.File("w.safetensors"));
  ASSERT_EQ(file.tensors.size(), tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    EXPECT_EQ(file.tensors[i].first, tensors[i].first);
    EXPECT_EQ(file.tensors[i].second.scalar_type(), tensors[i].second.scalar_type());
    EXPECT_TRUE(at::equal(file.tensors[i].second, tensors[i].second)) << tensors[i].first;
  }
  EXPECT_EQ(file.metadata.at("format"), "pt");
}

TEST(Safetensors, WritesValuesNotLayouts) {
  const TemporaryFolder folder;
  const at::Tensor values = at::arange(120).to(at::kFloat).view({2, 3, 4, 5});
  WriteSafetensors(folder.File("w"), {{"last", values.contiguous(at::MemoryFormat::ChannelsLast)},
                                      {"cut", values.select(1, 2)},
                                      {"trained", values.clone().set_requires_grad(true)}});
  const TensorFile file = ReadSafetensors(folder.File("w"));
  EXPECT_TRUE(at::equal(file.tensors[0].second, values));
  EXPECT_TRUE(at::equal(file.tensors[1].second, values.select(1, 2)));
  EXPECT_TRUE(at::equal(file.tensors[2].second, values));
  EXPECT_FALSE(file.tensors[2].second.requires_grad());
}

TEST(Safetensors, RefusesToWriteWhatTheFormatCannotHold) {
  const TemporaryFolder folder;
  const at::Tensor one = at::ones({1});
  EXPECT_THROW(WriteSafetensors(folder.File("w"), {{"a", one}, {"a", one}}), base::Error);
  EXPECT_THROW(WriteSafetensors(folder.File("w"), {{"a", at::ones({1}, at::kComplexFloat)}}), base::Error);
  EXPECT_THROW(WriteSafetensors(folder.File("missing/w"), {{"a", one}}), base::Error);
  EXPECT_FALSE(std::filesystem::exists(folder.File("w")));
}

TEST(Safetensors, EveryCutOfAFileIsRefused) {
  const TemporaryFolder folder;
  const std::string path = folder.File("w");
  WriteSafetensors(path, EveryType());
  const std::string whole = base::ReadFile(path);
  for (size_t size = 0; size < whole.size(); size += 13) {
    std::ofstream(path, std::ios::binary) << whole.substr(0, size);
    EXPECT_NE(RefusalOf(path), "") << size << " bytes";
  }
  std::ofstream(path, std::ios::binary) << whole + "x";
  EXPECT_NE(RefusalOf(path).find("bytes of data"), std::string::npos);
}

TEST(Safetensors, AChecksumOfTheContentIsWrittenAndHoldsForAnyOrder) {
  const TemporaryFolder folder;
  NamedTensors tensors = EveryType();
  WriteSafetensors(folder.File("a"), tensors, {{"classes", "2"}});
  std::reverse(tensors.begin(), tensors.end());
  WriteSafetensors(folder.File("b"), tensors, {{"classes", "2"}});
  const std::string checksum = ReadSafetensors(folder.File("a")).metadata.at(kChecksumKey);
  EXPECT_EQ(ReadSafetensors(folder.File("b")).metadata.at(kChecksumKey), checksum);
  WriteSafetensors(folder.File("b"), tensors, {{"classes", "3"}});
  EXPECT_NE(ReadSafetensors(folder.File("b")).metadata.at(kChecksumKey), checksum);

  std::string content = base::ReadFile(folder.File("a"));
  content[content.size() - 40] ^= 1;  // among the values
  std::ofstream(folder.File("a"), std::ios::binary) << content;
  EXPECT_NE(RefusalOf(folder.File("a")).find("damaged"), std::string::npos);
}

TEST(Safetensors, AFileWithoutChecksumIsTakenAsItIs) {
  const TemporaryFolder folder;
  std::string json = R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})";
  json.resize(56, ' ');
  std::ofstream(folder.File("w"), std::ios::binary) << std::string("\x38\0\0\0\0\0\0\0", 8) << json << std::string("\0\0\x80\x3f", 4);
  EXPECT_EQ(ReadSafetensors(folder.File("w")).tensors.at(0).second.item<double>(), 1);
}

TEST(Safetensors, RefusesMissingFilesFoldersAndAbsurdHeaders) {
  const TemporaryFolder folder;
  EXPECT_NE(RefusalOf(folder.File("missing")).find("no such file"), std::string::npos);
  std::filesystem::create_directory(folder.File("folder"));
  EXPECT_NE(RefusalOf(folder.File("folder")).find("no such file"), std::string::npos);
  const std::string path = folder.File("absurd");
  std::ofstream(path, std::ios::binary) << std::string(8, '\xff') << "{}";
  EXPECT_NE(RefusalOf(path).find("gives its header"), std::string::npos);
  std::ofstream(path, std::ios::binary) << std::string("\x40\0\0\0\0\0\0\0{}", 10);
  EXPECT_NE(RefusalOf(path).find("gives its header 64 bytes"), std::string::npos);
}

// A Python with safetensors and numpy opens our files by the same names, and we open its files.
TEST(SafetensorsPeer, PythonReadsOurFilesAndWeReadIts) {
  const std::string python = PeersPython();
  if (python.empty()) GTEST_SKIP() << "no Python peers: run scripts/setup.sh --peers";
  const TemporaryFolder folder;
  WriteSafetensors(folder.File("ours"), {{"a.weight", at::arange(6).to(at::kFloat).view({2, 3})}, {"a.count", at::full({}, 7, at::kLong)}},
                   {{"format", "pt"}});
  std::ofstream(folder.File("peer.py")) << R"(
import sys
import numpy
from safetensors import safe_open
from safetensors.numpy import save_file
with safe_open(sys.argv[1], framework="numpy") as file:
    assert file.metadata().keys() == {"format", "deepmad_crc32"}
    assert sorted(file.keys()) == ["a.count", "a.weight"]
    weight = file.get_tensor("a.weight")
    assert weight.dtype == numpy.float32 and (weight == numpy.arange(6).reshape(2, 3)).all()
    assert file.get_tensor("a.count").dtype == numpy.int64 and file.get_tensor("a.count") == 7
save_file({"half": numpy.array([1.5, -2], dtype=numpy.float16), "long": numpy.array([[3]])}, sys.argv[2])
)";
  const std::string command = python + " " + folder.File("peer.py") + " " + folder.File("ours") + " " + folder.File("theirs");
  ASSERT_EQ(std::system(command.c_str()), 0);
  std::map<std::string, at::Tensor> theirs;
  for (const auto& [name, tensor] : ReadSafetensors(folder.File("theirs")).tensors) theirs[name] = tensor;
  ASSERT_EQ(theirs.size(), 2u);
  EXPECT_EQ(theirs["half"].scalar_type(), at::kHalf);
  EXPECT_EQ(theirs["half"][0].item<double>(), 1.5);
  EXPECT_EQ(theirs["long"][0][0].item<int64_t>(), 3);
}

}  // namespace
}  // namespace deepmad::models
