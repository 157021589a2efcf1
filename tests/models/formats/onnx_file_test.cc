// ONNX files as protobuf reads them back.
#include "models/formats/onnx_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "base/atomic_file.h"
#include "base/build_info.h"
#include "base/error.h"
#include "onnx.pb.h"  // generated
#include "tests/temporary_folder.h"

namespace deepmad::models {
namespace {

OnnxModel SmallModel() {
  OnnxModel model;
  model.name = "net";
  model.metadata = {{"network", "version: 1"}, {"classes", "[\"cat\"]"}};
  model.inputs = {{"images", {kAnyBatch, 3, 8, 9}}};
  model.outputs = {{"logits", {kAnyBatch, 2}}};
  model.weights = {{"conv.weight", OnnxType::kFloat, {2, 1}, std::string("\0\0\x80\x3f\0\0\0\x40", 8)},
                   {"zero", OnnxType::kInt8, {}, std::string("\xff", 1)}};
  model.nodes = {{"Conv", "conv", {"images", "conv.weight"}, {"conv"}, {{"pads", std::vector<int64_t>{0, 1}}, {"group", int64_t{0}}}},
                 {"Norm", "norm", {"conv"}, {"logits"}, {{"epsilon", 0.25F}}}};
  return model;
}

onnx::ModelProto Parsed(const std::string& path) {
  onnx::ModelProto proto;
  EXPECT_TRUE(proto.ParseFromString(base::ReadFile(path)));
  return proto;
}

TEST(OnnxFile, HoldsVersionsInputsAndOutputsWithAnyBatch) {
  const TemporaryFolder folder;
  WriteOnnx(folder.File("net.onnx"), SmallModel());
  const onnx::ModelProto proto = Parsed(folder.File("net.onnx"));
  EXPECT_EQ(proto.ir_version(), 8);
  ASSERT_EQ(proto.opset_import_size(), 1);
  EXPECT_EQ(proto.opset_import(0).version(), 17);
  EXPECT_EQ(proto.opset_import(0).domain(), "");
  EXPECT_EQ(proto.producer_name(), "deepmad");
  EXPECT_EQ(proto.producer_version(), base::Version());
  ASSERT_EQ(proto.metadata_props_size(), 2);
  EXPECT_EQ(proto.metadata_props(1).key(), "network");
  EXPECT_EQ(proto.metadata_props(1).value(), "version: 1");

  const onnx::GraphProto& graph = proto.graph();
  EXPECT_EQ(graph.name(), "net");
  ASSERT_EQ(graph.input_size(), 1);
  EXPECT_EQ(graph.input(0).name(), "images");
  const onnx::TypeProto::Tensor& type = graph.input(0).type().tensor_type();
  EXPECT_EQ(type.elem_type(), onnx::TensorProto::FLOAT);
  ASSERT_EQ(type.shape().dim_size(), 4);
  EXPECT_EQ(type.shape().dim(0).dim_param(), "batch");
  EXPECT_EQ(type.shape().dim(3).dim_value(), 9);
  ASSERT_EQ(graph.output_size(), 1);
  EXPECT_EQ(graph.output(0).name(), "logits");
  EXPECT_EQ(graph.output(0).type().tensor_type().shape().dim(0).dim_param(), "batch");
}

TEST(OnnxFile, HoldsNodesAndWeightsAsGiven) {
  const TemporaryFolder folder;
  WriteOnnx(folder.File("net.onnx"), SmallModel());
  const onnx::GraphProto graph = Parsed(folder.File("net.onnx")).graph();
  ASSERT_EQ(graph.node_size(), 2);
  const onnx::NodeProto& conv = graph.node(0);
  EXPECT_EQ(conv.op_type(), "Conv");
  EXPECT_EQ(conv.name(), "conv");
  ASSERT_EQ(conv.input_size(), 2);
  EXPECT_EQ(conv.input(1), "conv.weight");
  EXPECT_EQ(conv.output(0), "conv");
  ASSERT_EQ(conv.attribute_size(), 2);
  EXPECT_EQ(conv.attribute(0).type(), onnx::AttributeProto::INTS);
  ASSERT_EQ(conv.attribute(0).ints_size(), 2);
  EXPECT_EQ(conv.attribute(0).ints(1), 1);
  EXPECT_EQ(conv.attribute(1).type(), onnx::AttributeProto::INT);
  EXPECT_TRUE(conv.attribute(1).has_i());  // 0 is said, not left out
  EXPECT_EQ(graph.node(1).attribute(0).type(), onnx::AttributeProto::FLOAT);
  EXPECT_EQ(graph.node(1).attribute(0).f(), 0.25F);

  ASSERT_EQ(graph.initializer_size(), 2);
  const onnx::TensorProto& weight = graph.initializer(0);
  EXPECT_EQ(weight.name(), "conv.weight");
  EXPECT_EQ(weight.data_type(), onnx::TensorProto::FLOAT);
  ASSERT_EQ(weight.dims_size(), 2);
  EXPECT_EQ(weight.dims(0), 2);
  EXPECT_EQ(weight.raw_data(), SmallModel().weights[0].bytes);
  EXPECT_EQ(graph.initializer(1).data_type(), onnx::TensorProto::INT8);
  EXPECT_EQ(graph.initializer(1).dims_size(), 0);
}

TEST(OnnxFile, TheSameModelGivesTheSameBytes) {
  const TemporaryFolder folder;
  WriteOnnx(folder.File("a.onnx"), SmallModel());
  WriteOnnx(folder.File("b.onnx"), SmallModel());
  EXPECT_EQ(base::ReadFile(folder.File("a.onnx")), base::ReadFile(folder.File("b.onnx")));
}

// Files of this process end at `bytes` for the lifetime, as on a full disk.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) : handler_(std::signal(SIGXFSZ, SIG_IGN)) {
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{bytes, before_.rlim_max};
    setrlimit(RLIMIT_FSIZE, &limit);
  }
  ~FileLimit() {
    setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  rlimit before_{};
  void (*handler_)(int);
};

// What is said of a write that fails, which it must.
std::string Failure(const std::string& path, const OnnxModel& model) {
  try {
    WriteOnnx(path, model);
    return "";
  } catch (const base::Error& error) {
    EXPECT_EQ(error.kind(), base::ErrorKind::kFailed);
    EXPECT_EQ(error.where(), path);
    return error.what();
  }
}

TEST(OnnxFile, AWriteThatFailsHalfwaySaysSoAndLeavesTheOldFile) {
  const TemporaryFolder folder;
  folder.Write("net.onnx", "old");
  OnnxModel large = SmallModel();
  large.weights[0].bytes.resize(1 << 20);
  std::string message;
  {
    const FileLimit limit(1 << 16);
    message = Failure(folder.File("net.onnx"), large);
  }
  EXPECT_NE(message.find("File too large"), std::string::npos) << message;
  EXPECT_EQ(base::ReadFile(folder.File("net.onnx")), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder.path()), {}), 1);
}

TEST(OnnxFile, NamesAFolderThatIsNotThere) {
  const TemporaryFolder folder;
  const std::string message = Failure(folder.File("no/net.onnx"), SmallModel());
  EXPECT_NE(message.find("No such file or directory"), std::string::npos) << message;
}

}  // namespace
}  // namespace deepmad::models
