// Norms by blocks of threads, run on the processor, against the separate operations in float64.
#include "models/norm/block_norm.h"

#include <ATen/core/grad_mode.h>
#include <ATen/ops/allclose.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <cmath>
#include <limits>
#include <map>

#include "tests/models/formula_fill.h"
#include "tests/models/networks.h"
#include "tests/models/norm/host_blocks.h"

namespace deepmad::models {
namespace {

struct Case {
  std::vector<int64_t> shape;
  bool channels_last = true, training = true, residual = false, relu = false;
};

Case Variant(const std::vector<int64_t>& shape, int variant) {
  return {shape, (variant & 1) != 0, (variant & 2) != 0, (variant & 4) != 0, (variant & 8) != 0};
}

at::MemoryFormat LayoutOf(const Case& of) {
  if (!of.channels_last) return at::MemoryFormat::Contiguous;
  return of.shape.size() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
}

// Values that bfloat16 and float16 hold exactly, so that every type starts from the same numbers.
at::Tensor Values(uint64_t key, const Case& of, at::ScalarType type) {
  return FormulaTensor(key, of.shape, 1.5, 0.25).to(at::kBFloat16).to(at::kHalf).to(type).contiguous(LayoutOf(of));
}

NormArguments Norm(const Case& of, at::ScalarType type) {
  const int64_t channels = of.shape[1];
  const auto numbers = [&](uint64_t key, double scale, double offset) {
    return FormulaTensor(key, {channels}, scale, offset).to(at::kFloat).to(type == at::kDouble ? at::kDouble : at::kFloat);
  };
  return {numbers(3, 0.7, 0.4).set_requires_grad(true),
          numbers(4, 0.5, 0).set_requires_grad(true),
          numbers(5, 0.5, 0),
          numbers(6, 0.4, 1),
          of.training,
          0.1,
          1e-5};
}

using Operation = std::function<at::Tensor(const at::Tensor&, const NormArguments&, const NormTail&)>;

Operation Blocks(const BlockRunner& runner) {
  return [&runner](const at::Tensor& x, const NormArguments& norm, const NormTail& tail) { return BlockNormAct(runner, x, norm, tail); };
}

// 0 where the input of the ReLU is so near to 0 that rounding decides whether the gradient passes.
at::Tensor OutputGradient(const Case& of) {
  const at::NoGradGuard no_grad;
  at::Tensor before = NormActByOperations(Values(1, of, at::kDouble), Norm(of, at::kDouble), {});
  if (of.residual) before = before + Values(2, of, at::kDouble);
  return Values(7, of, at::kDouble) * (before.abs() > 1e-3);
}

// Output, running statistics and gradients of x, weight, bias and the residual, all float64.
std::vector<at::Tensor> PassOf(const Operation& operation, const Case& of, at::ScalarType type) {
  const at::Tensor x = Values(1, of, type).set_requires_grad(true);
  const at::Tensor residual = of.residual ? Values(2, of, type).set_requires_grad(true) : at::Tensor();
  const NormArguments norm = Norm(of, type);
  const at::Tensor y = operation(x, norm, {residual, of.relu});
  EXPECT_EQ(y.scalar_type(), type);
  EXPECT_TRUE(y.is_contiguous(LayoutOf(of)));
  y.backward(OutputGradient(of).to(type));
  std::vector<at::Tensor> result = {y.detach(), norm.running_mean, norm.running_var, x.grad(), norm.weight.grad(), norm.bias.grad()};
  if (of.residual) result.push_back(residual.grad());
  for (at::Tensor& tensor : result) tensor = tensor.to(at::kDouble);
  return result;
}

// The tensors of a pass that are rounded to the maps' type.
bool IsMap(size_t tensor) { return tensor == 0 || tensor == 3 || tensor == 6; }

struct Tolerance {
  at::ScalarType type;
  double map, numbers;  // of the largest value
};
// Maps: half a unit in the last place, and in float32 the sums too.
const std::vector<Tolerance> kTolerances = {
    {at::kDouble, 1e-12, 1e-12}, {at::kFloat, 4e-6, 4e-6}, {at::kBFloat16, 1.0 / 256, 4e-6}, {at::kHalf, 1.0 / 2048, 4e-6}};

// The largest differences, relative to each tensor's largest value.
struct Worst {
  double map = 0, numbers = 0;
};

void Compare(const Case& of, const Tolerance& tolerance, Worst& worst) {
  const HostBlocks runner;
  const auto actual = PassOf(Blocks(runner), of, tolerance.type), expected = PassOf(NormActByOperations, of, at::kDouble);
  ASSERT_EQ(actual.size(), expected.size());
  for (size_t i = 0; i < actual.size(); ++i) {
    const double difference = (actual[i] - expected[i]).abs().max().item<double>() / std::max(1.0, expected[i].abs().max().item<double>());
    EXPECT_LE(difference, IsMap(i) ? tolerance.map : tolerance.numbers)
        << "tensor " << i << " of a map of " << of.shape << ", " << c10::toString(tolerance.type) << ", channels_last " << of.channels_last
        << ", training " << of.training << ", residual " << of.residual << ", relu " << of.relu;
    double& largest = IsMap(i) ? worst.map : worst.numbers;
    largest = std::max(largest, difference);
  }
}

void Record(const Tolerance& tolerance, const Worst& worst) {
  const std::string type = c10::toString(tolerance.type);
  testing::Test::RecordProperty(type + " maps", std::to_string(worst.map * 1e9) + "e-9");
  testing::Test::RecordProperty(type + " numbers", std::to_string(worst.numbers * 1e9) + "e-9");
}

TEST(BlockNorm, EqualsTheSeparateOperations) {
  // Odd sizes; vectors that fill channels and planes and that do not; several chunks of rows in each layout; time; single pixels.
  const std::vector<std::vector<int64_t>> shapes = {{4, 3, 5, 7},   {2, 64, 9, 9}, {3, 130, 4, 5},  {4, 24, 20, 20},
                                                    {3, 2, 37, 41}, {5, 16, 1, 1}, {2, 6, 3, 4, 5}, {2, 8, 2, 2, 4}};
  for (const Tolerance& tolerance : kTolerances) {
    Worst worst;
    for (const auto& shape : shapes) {
      for (int variant = 0; variant < 16; ++variant) Compare(Variant(shape, variant), tolerance, worst);
    }
    Record(tolerance, worst);
  }
}

TEST(BlockNorm, TakesAnyNumberOfChannels) {
  for (const Tolerance& tolerance : kTolerances) {
    Worst worst;
    for (const int64_t channels : {1, 2, 3, 4, 7, 8, 9, 24, 33, 64, 257, 1000, 2048}) {
      for (const bool channels_last : {true, false}) Compare({{3, channels, 2, 4}, channels_last, true, true, true}, tolerance, worst);
    }
    Record(tolerance, worst);
  }
}

TEST(BlockNorm, TakesMapsOfOneElement) {
  Worst worst;
  for (const Tolerance& tolerance : kTolerances) {
    for (int variant = 0; variant < 16; ++variant) {
      const Case of = Variant({1, 1, 1, 1}, variant);
      if (!of.training) Compare(of, tolerance, worst);
    }
  }
  // A single value a channel has no variance, and training moves the running one to what is not a number, as the operations do.
  const Case one{{1, 3, 1, 1}};
  const HostBlocks runner;
  const auto actual = PassOf(Blocks(runner), one, at::kFloat), expected = PassOf(NormActByOperations, one, at::kDouble);
  for (size_t i = 0; i < actual.size(); ++i) EXPECT_TRUE(at::allclose(actual[i], expected[i], 1e-5, 1e-5, /*equal_nan=*/true)) << i;
  EXPECT_TRUE(std::isnan(actual[2].sum().item<double>()));
}

TEST(BlockNorm, LeavesEmptyMapsToTheOperations) {
  int steps = 0;
  const HostBlocks runner(ThreadOrder::kForward, [&](NormStep, at::ScalarType, NormWork&) { ++steps; });
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{0, 3, 4, 4}, {2, 3, 0, 4}}) {
    for (const bool channels_last : {true, false}) {
      const Case of{shape, channels_last, /*training=*/false, /*residual=*/true, /*relu=*/true};
      const auto actual = PassOf(Blocks(runner), of, at::kFloat), expected = PassOf(NormActByOperations, of, at::kFloat);
      for (size_t i = 0; i < actual.size(); ++i) EXPECT_TRUE(at::equal(actual[i], expected[i])) << i;
      EXPECT_EQ(actual[0].sizes(), at::IntArrayRef(shape));
    }
  }
  EXPECT_EQ(steps, 0);
}

TEST(BlockNorm, LeavesWhatItDoesNotTakeToTheOperations) {
  int steps = 0;
  const HostBlocks runner(ThreadOrder::kForward, [&](NormStep, at::ScalarType, NormWork&) { ++steps; });
  const Case of{{3, 6, 4, 8}, false, true, false, true};
  const at::Tensor whole = Values(1, of, at::kFloat);
  const auto same = [&](const at::Tensor& x, const NormArguments& norm, const NormArguments& again, const NormTail& tail) {
    const at::NoGradGuard no_grad;
    EXPECT_TRUE(at::equal(BlockNormAct(runner, x, norm, tail), NormActByOperations(x, again, tail)));
  };
  same(whole.slice(3, 0, 8, 2), Norm(of, at::kFloat), Norm(of, at::kFloat), {{}, true});
  same(whole, Norm(of, at::kFloat), Norm(of, at::kFloat), {Values(2, of, at::kFloat).contiguous(at::MemoryFormat::ChannelsLast), true});
  EXPECT_EQ(steps, 0);
  const at::NoGradGuard no_grad;
  BlockNormAct(runner, whole, Norm(of, at::kFloat), {{}, true});
  EXPECT_EQ(steps, 3);
}

// A step that lacked a barrier between two of its parts, or whose threads wrote to the same place, would depend on the order.
TEST(BlockNorm, GivesTheSameBitsInAnyOrderOfThreads) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{4, 24, 20, 20}, {3, 2, 37, 41}, {2, 9, 3, 3}}) {
    for (int variant = 0; variant < 16; ++variant) {
      for (const at::ScalarType type : {at::kFloat, at::kHalf}) {
        const Case of = Variant(shape, variant);
        const HostBlocks forward, backward(ThreadOrder::kBackward), scattered(ThreadOrder::kScattered);
        const auto one = PassOf(Blocks(forward), of, type), two = PassOf(Blocks(backward), of, type);
        const auto three = PassOf(Blocks(scattered), of, type);
        for (size_t i = 0; i < one.size(); ++i) EXPECT_TRUE(at::equal(one[i], two[i]) && at::equal(one[i], three[i])) << i;
      }
    }
  }
}

// A copy of x inside a larger piece of memory that is not a number everywhere else.
at::Tensor Framed(const at::Tensor& x, at::Tensor& memory) {
  constexpr int64_t kFrame = 4096;
  memory = at::full({x.numel() + 2 * kFrame}, std::numeric_limits<double>::quiet_NaN(), x.options());
  const at::Tensor inside = memory.narrow(0, kFrame, x.numel()).as_strided(x.sizes(), x.strides(), kFrame);
  inside.copy_(x);
  return inside;
}

// What is read outside of a map spoils the result; what is written there shows.
TEST(BlockNorm, StaysInsideTheMaps) {
  for (const std::vector<int64_t>& shape : {std::vector<int64_t>{3, 24, 7, 8}, {2, 5, 9, 11}, {1, 2048, 2, 1}, {2, 3, 65, 64}}) {
    for (const bool channels_last : {true, false}) {
      const Case of{shape, channels_last, true, true, true};
      at::Tensor around_x, around_residual, around_result;
      const Operation framed = [&](const at::Tensor& x, const NormArguments& norm, const NormTail& tail) {
        const HostBlocks runner(ThreadOrder::kForward, [&](NormStep step, at::ScalarType, NormWork& work) {
          if (step != NormStep::kForward) return;
          const at::Tensor result = Framed(x, around_result);
          work.result = result.data_ptr();
        });
        const at::NoGradGuard no_grad;
        BlockNormAct(runner, Framed(x, around_x), norm, {Framed(tail.residual, around_residual), tail.relu});
        return around_result;
      };
      const at::Tensor x = Values(1, of, at::kHalf), residual = Values(2, of, at::kHalf);
      const at::Tensor memory = framed(x, Norm(of, at::kHalf), {residual, true});
      const int64_t frame = (memory.numel() - x.numel()) / 2;
      EXPECT_TRUE(memory.narrow(0, 0, frame).isnan().all().item<bool>());
      EXPECT_TRUE(memory.narrow(0, frame + x.numel(), frame).isnan().all().item<bool>());
      const HostBlocks plain;
      const at::NoGradGuard no_grad;
      const at::Tensor expected = BlockNormAct(plain, x, Norm(of, at::kHalf), {residual, true});
      EXPECT_TRUE(at::equal(memory.as_strided(x.sizes(), x.strides(), frame), expected));
      EXPECT_FALSE(expected.isnan().any().item<bool>());
    }
  }
}

TEST(BlockNorm, SharesOutEveryRowOnce) {
  for (const int64_t channels : {1, 3, 24, 2048}) {
    for (const int64_t rows : {1, 255, 256, 4097, 100'000, 3'211'264}) {
      for (const int vector : {1, 8}) {
        if (channels % vector != 0) continue;
        const NormShape shape(channels, rows, rows, /*last=*/true, vector);
        EXPECT_EQ(shape.columns * static_cast<uint32_t>(vector), channels);
        EXPECT_GE(shape.tiles() * shape.tile, shape.columns);
        EXPECT_GE(uint64_t{shape.chunks} * shape.chunk_rows, shape.rows);
        EXPECT_LT(uint64_t{shape.chunks - 1} * shape.chunk_rows, shape.rows);
        EXPECT_LE(shape.chunks * shape.tiles(), NormShape::kMostBlocks + shape.tiles());
      }
    }
  }
}

TEST(BlockNorm, TakesAGradientOfAnyLayout) {
  const HostBlocks runner;
  const Case of{{3, 6, 4, 5}, true, /*training=*/false};
  const at::Tensor x = Values(1, of, at::kDouble).set_requires_grad(true);
  NormArguments norm = Norm(of, at::kDouble);
  BlockNormAct(runner, x, norm, {}).sum().backward();  // one number, expanded
  const at::Tensor slope = norm.weight.detach() / (norm.running_var + 1e-5).sqrt();
  EXPECT_LT((x.grad() - slope.view({1, 6, 1, 1})).abs().max().item<double>(), 1e-12);
}

TEST(BlockNorm, KeepsTheVarianceOfValuesFarFromZero) {
  const HostBlocks runner;
  for (const bool channels_last : {true, false}) {
    const Case of{{8, 4, 32, 32}, channels_last};
    const at::Tensor x = (FormulaTensor(1, of.shape, 1) + 1000).to(at::kFloat).contiguous(LayoutOf(of));
    NormArguments norm = Norm(of, at::kFloat);
    norm.momentum = 1;
    BlockNormAct(runner, x, norm, {});
    const at::Tensor expected = x.to(at::kDouble).permute({1, 0, 2, 3}).reshape({4, -1}).var(1);
    EXPECT_LT((norm.running_var.to(at::kDouble) / expected - 1).abs().max().item<double>(), 1e-5);
  }
}

TEST(BlockNorm, NotANumberStaysOne) {
  const HostBlocks runner;
  for (const bool training : {true, false}) {
    const Case of{{2, 8, 3, 3}, true, training};
    const at::Tensor x = Values(1, of, at::kFloat);
    x[0][0][0][0] = std::numeric_limits<float>::quiet_NaN();
    EXPECT_TRUE(std::isnan(BlockNormAct(runner, x, Norm(of, at::kFloat), {{}, true}).sum().item<double>()));
  }
}

TEST(BlockNorm, KeepsNothingWithoutGradients) {
  const HostBlocks runner;
  const Case of{{2, 8, 3, 3}, true, /*training=*/false, false, true};
  const at::Tensor x = Values(1, of, at::kFloat).set_requires_grad(true);
  at::Tensor without;
  {
    const at::NoGradGuard no_grad;
    without = BlockNormAct(runner, x, Norm(of, at::kFloat), {{}, true});
  }
  EXPECT_FALSE(without.requires_grad());
  EXPECT_TRUE(at::equal(without, BlockNormAct(runner, x, Norm(of, at::kFloat), {{}, true}).detach()));
}

// A network with shortcuts of all kinds, by blocks and by operations: the same features and gradients.
TEST(BlockNorm, RunsAWholeNetwork) {
  const HostBlocks runner;
  const auto run = [&](const BlockRunner* with, bool recompute) {
    const auto network = BuildNetwork(SmallStructure());
    network->ConvertTo(at::kDouble);
    FillByFormula(*network, {});
    network->batch_norm_settings().fused = with != nullptr;
    network->batch_norm_settings().runner = with;
    network->SetRecompute(recompute);
    const at::Tensor logits = network->Forward(FormulaImages(BatchShape(network->spec(), 3)));
    logits.square().sum().backward();
    std::vector<at::Tensor> result = {logits.detach()};
    for (const at::Tensor& parameter : network->parameters()) result.push_back(parameter.grad());
    for (const at::Tensor& statistic : network->MovingStatistics()) result.push_back(statistic);
    return result;
  };
  const auto expected = run(nullptr, false);
  for (const bool recompute : {false, true}) {
    const auto actual = run(&runner, recompute);
    ASSERT_EQ(actual.size(), expected.size());
    for (size_t i = 0; i < actual.size(); ++i) {
      EXPECT_LE((actual[i] - expected[i]).abs().max().item<double>(), 1e-9 * std::max(1.0, expected[i].abs().max().item<double>())) << i;
    }
  }
}

}  // namespace
}  // namespace deepmad::models
