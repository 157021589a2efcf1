#include "models/norm/block_trial.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/sin.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <vector>

#include "models/norm/block_norm.h"

namespace deepmad::models {
namespace {

struct Case {
  std::vector<int64_t> shape;
  at::ScalarType type;
  bool channels_last, training, residual, relu;
};

// Vectors that fill channels or planes and that do not, several pieces of a map in each layout, single pixels, time.
const std::array<std::vector<int64_t>, 5> kShapes = {{{4, 24, 20, 20}, {4, 5, 33, 33}, {2, 40, 4, 8}, {7, 16, 1, 1}, {2, 6, 3, 4, 4}}};

constexpr std::array<const char*, 7> kNames = {"output",
                                               "running mean",
                                               "running variance",
                                               "gradient of x",
                                               "gradient of the weight",
                                               "gradient of the bias",
                                               "gradient of the residual"};
constexpr bool IsMap(size_t tensor) { return tensor == 0 || tensor == 3 || tensor == 6; }

// Values of no pattern, about as large as those of a network.
at::Tensor Values(int key, at::IntArrayRef shape) {
  int64_t count = 1;
  for (const int64_t size : shape) count *= size;
  const at::Tensor steps = at::arange(count, at::TensorOptions(at::kDouble));
  return at::sin(steps * steps * 0.7123 + steps * (0.31 * key + 1.7) + key).mul_(1.5).add_(0.25).view(shape);
}

// The same numbers for every type: those of the case's.
class Inputs {
 public:
  Inputs(const Case& of, at::Device device) : of_(of), device_(device) {}

  at::Tensor Map(int key, at::ScalarType type) const {
    const auto last = of_.shape.size() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
    return Values(key, of_.shape).to(of_.type).to(type).to(device_).contiguous(of_.channels_last ? last : at::MemoryFormat::Contiguous);
  }
  NormArguments Norm(at::ScalarType type) const {
    const at::ScalarType kept = type == at::kDouble ? at::kDouble : at::kFloat;
    const auto numbers = [&](int key, double scale, double shift) {
      return Values(key, {of_.shape[1]}).mul_(scale).add_(shift).to(at::kFloat).to(kept).to(device_);
    };
    return {numbers(3, 0.4, 0.5).set_requires_grad(true),
            numbers(4, 0.3, 0).set_requires_grad(true),
            numbers(5, 0.3, 0),
            numbers(6, 0.2, 1),
            of_.training,
            0.1,
            1e-5};
  }

 private:
  const Case& of_;
  at::Device device_;
};

// In the order of kNames, float64 on the CPU. `forward` takes x, norm and tail; `grad_output` is that of its result.
template <typename Forward>
std::vector<at::Tensor> PassOf(const Case& of, const Inputs& inputs, at::ScalarType type, const at::Tensor& grad_output,
                               const Forward& forward) {
  const at::Tensor x = inputs.Map(1, type).set_requires_grad(true);
  const at::Tensor residual = of.residual ? inputs.Map(2, type).set_requires_grad(true) : at::Tensor();
  const NormArguments norm = inputs.Norm(type);
  const at::Tensor y = forward(x, norm, NormTail{residual, of.relu});
  y.backward(grad_output.to(type));
  std::vector<at::Tensor> result = {y.detach(), norm.running_mean, norm.running_var, x.grad(), norm.weight.grad(), norm.bias.grad()};
  if (of.residual) result.push_back(residual.grad());
  for (at::Tensor& tensor : result) tensor = tensor.cpu().to(at::kDouble);
  return result;
}

// Where the input of the ReLU is next to 0, rounding decides whether a gradient passes: there it is 0.
at::Tensor GradientAwayFromTheKink(const Case& of, const Inputs& inputs) {
  const at::NoGradGuard no_grad;
  const NormArguments norm = inputs.Norm(at::kDouble);
  at::Tensor before = NormActByOperations(inputs.Map(1, at::kDouble), norm, {});
  if (of.residual) before = before + inputs.Map(2, at::kDouble);
  return inputs.Map(7, at::kDouble) * (before.abs() > 1e-3);
}

// Of the largest value: half a unit in the last place of the maps' type for what is rounded to it, with room for the sums before.
double ToleranceOf(at::ScalarType type, bool map) {
  if (type == at::kDouble) return 1e-10;
  if (map && type == at::kBFloat16) return 1.0 / 256;
  if (map && type == at::kHalf) return 1.0 / 2048;
  return 2e-5;
}

std::string Describe(const Case& of) {
  return fmt::format("{}, {}{}{}{}, {} channels", c10::toString(of.type), of.channels_last ? "channels_last" : "planes",
                     of.training ? ", training" : "", of.residual ? ", shortcut" : "", of.relu ? ", ReLU" : "", of.shape[1]);
}

std::string FaultOfCase(const BlockRunner& runner, const Case& of, at::Device device) {
  const Inputs inputs(of, at::kCPU);
  const at::Tensor grad_output = GradientAwayFromTheKink(of, inputs);
  const auto expected = PassOf(of, inputs, at::kDouble, grad_output, NormActByOperations);
  const auto actual =
      PassOf(of, Inputs(of, device), of.type, grad_output.to(device),
             [&](const at::Tensor& x, const NormArguments& norm, const NormTail& tail) { return BlockNormAct(runner, x, norm, tail); });
  for (size_t i = 0; i < expected.size(); ++i) {
    const double difference = (actual[i] - expected[i]).abs().max().item<double>();
    const double scale = std::max(1.0, expected[i].abs().max().item<double>());
    if (difference <= ToleranceOf(of.type, IsMap(i)) * scale) continue;  // not a number is never within
    return fmt::format("{}: {} differs by {:.2g}", Describe(of), kNames[i], difference);
  }
  return "";
}

}  // namespace

std::string FaultOf(const BlockRunner& runner, at::Device device) {
  const at::AutoGradMode grad(true);
  try {
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16, at::kHalf, at::kDouble}) {
      for (const auto& shape : kShapes) {
        for (int variant = 0; variant < 16; ++variant) {
          const Case of{shape, type, (variant & 1) != 0, (variant & 2) != 0, (variant & 4) != 0, (variant & 8) != 0};
          if (const std::string fault = FaultOfCase(runner, of, device); !fault.empty()) return fault;
        }
      }
    }
  } catch (const std::exception& error) {
    const std::string text = error.what();
    return text.substr(0, text.find('\n'));
  }
  return "";
}

}  // namespace deepmad::models
