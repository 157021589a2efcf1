#include "models/formats/onnx_file.h"

#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <bit>
#include <exception>
#include <stdexcept>
#include <utility>

#include "base/atomic_file.h"
#include "base/build_info.h"
#include "onnx.pb.h"  // generated

namespace deepmad::models {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are written as they lie in memory");

void Set(onnx::AttributeProto& proto, const OnnxAttribute& attribute) {
  proto.set_name(attribute.name);
  if (const auto* number = std::get_if<int64_t>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::INT);
    proto.set_i(*number);
  } else if (const auto* real = std::get_if<float>(&attribute.value)) {
    proto.set_type(onnx::AttributeProto::FLOAT);
    proto.set_f(*real);
  } else {
    proto.set_type(onnx::AttributeProto::INTS);
    for (const int64_t number_of_list : std::get<std::vector<int64_t>>(attribute.value)) proto.add_ints(number_of_list);
  }
}

void Set(onnx::NodeProto& proto, const OnnxNode& node) {
  proto.set_op_type(node.op);
  proto.set_name(node.name);
  for (const std::string& input : node.inputs) proto.add_input(input);
  for (const std::string& output : node.outputs) proto.add_output(output);
  for (const OnnxAttribute& attribute : node.attributes) Set(*proto.add_attribute(), attribute);
}

onnx::TensorProto::DataType TypeOf(OnnxType type) {
  switch (type) {
    case OnnxType::kInt8:
      return onnx::TensorProto::INT8;
    case OnnxType::kInt64:
      return onnx::TensorProto::INT64;
    default:
      return onnx::TensorProto::FLOAT;
  }
}

void Set(onnx::TensorProto& proto, OnnxTensor&& tensor) {
  proto.set_name(tensor.name);
  proto.set_data_type(TypeOf(tensor.type));
  for (const int64_t size : tensor.dims) proto.add_dims(size);
  proto.set_raw_data(std::move(tensor.bytes));
}

void Set(onnx::ValueInfoProto& proto, const OnnxValue& value) {
  proto.set_name(value.name);
  onnx::TypeProto::Tensor& type = *proto.mutable_type()->mutable_tensor_type();
  type.set_elem_type(TypeOf(value.type));
  for (const int64_t size : value.dims) {
    onnx::TensorShapeProto::Dimension& dim = *type.mutable_shape()->add_dim();
    if (size == kAnyBatch || size == kAnyCount) {
      dim.set_dim_param(size == kAnyBatch ? "batch" : "detections");
    } else {
      dim.set_dim_value(size);
    }
  }
}

onnx::ModelProto ToProto(OnnxModel&& model) {
  onnx::ModelProto proto;
  proto.set_ir_version(kOnnxIrVersion);
  proto.add_opset_import()->set_version(kOnnxOpset);
  proto.set_producer_name("deepmad");
  proto.set_producer_version(base::Version());
  for (const auto& [key, value] : model.metadata) {
    onnx::StringStringEntryProto& entry = *proto.add_metadata_props();
    entry.set_key(key);
    entry.set_value(value);
  }
  onnx::GraphProto& graph = *proto.mutable_graph();
  graph.set_name(model.name);
  for (const OnnxValue& value : model.inputs) Set(*graph.add_input(), value);
  for (const OnnxValue& value : model.outputs) Set(*graph.add_output(), value);
  for (const OnnxNode& node : model.nodes) Set(*graph.add_node(), node);
  for (OnnxTensor& tensor : model.weights) Set(*graph.add_initializer(), std::move(tensor));
  return proto;
}

// Passes on what protobuf writes. An exception waits until protobuf, whose destructors write too, is out of the way.
class AppendingStream : public google::protobuf::io::CopyingOutputStream {
 public:
  explicit AppendingStream(const base::AppendBytes& append) : append_(append) {}
  bool Write(const void* data, int size) override {
    try {
      append_(data, static_cast<size_t>(size));
      return true;
    } catch (...) {
      error_ = std::current_exception();
      return false;
    }
  }
  void RethrowError() const {
    if (error_) std::rethrow_exception(error_);
  }

 private:
  const base::AppendBytes& append_;
  std::exception_ptr error_;
};

}  // namespace

void WriteOnnx(const std::string& path, OnnxModel model) {
  const onnx::ModelProto proto = ToProto(std::move(model));
  base::WriteFileAtomically(path, [&](const base::AppendBytes& append) {
    AppendingStream bytes(append);
    google::protobuf::io::CopyingOutputStreamAdaptor stream(&bytes);
    const bool written = proto.SerializeToZeroCopyStream(&stream) && stream.Flush();
    bytes.RethrowError();
    if (!written) throw std::logic_error("an ONNX file of 2 GB or more");
  });
}

}  // namespace deepmad::models
