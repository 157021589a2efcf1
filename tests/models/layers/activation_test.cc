#include "models/layers/activation.h"

#include <ATen/ops/clamp.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/erf.h>
#include <ATen/ops/linspace.h>
#include <gtest/gtest.h>

#include <cmath>

namespace deepmad::models {
namespace {

at::Tensor Defined(mad::ActivationKind kind, const at::Tensor& x) {
  const at::Tensor sigmoid = 1 / (1 + (-x).exp()), hard_sigmoid = at::clamp(x + 3, 0, 6) / 6;
  switch (kind) {
    case mad::ActivationKind::kNone:
      return x;
    case mad::ActivationKind::kRelu:
      return at::clamp(x, 0);
    case mad::ActivationKind::kRelu6:
      return at::clamp(x, 0, 6);
    case mad::ActivationKind::kSilu:
      return x * sigmoid;
    case mad::ActivationKind::kSigmoid:
      return sigmoid;
    case mad::ActivationKind::kGelu:
      return x * (1 + at::erf(x / std::sqrt(2.0))) / 2;
    case mad::ActivationKind::kHardSwish:
      return x * hard_sigmoid;
    case mad::ActivationKind::kHardSigmoid:
      return hard_sigmoid;
  }
  return {};
}

TEST(Activation, EveryKindFollowsItsDefinitionInPlaceOrNot) {
  const at::Tensor x = at::linspace(-7, 8, 101, at::kDouble);
  for (const mad::ActivationTraits& traits : mad::kActivationTraits) {
    SCOPED_TRACE(traits.name);
    const at::Tensor input = x.clone(), expected = Defined(traits.kind, x);
    EXPECT_LE((Activate(traits.kind, input, /*in_place=*/false) - expected).abs().max().item<double>(), 1e-14);
    EXPECT_TRUE(at::equal(input, x));
    const at::Tensor written = Activate(traits.kind, input, /*in_place=*/true);
    EXPECT_TRUE(written.is_same(input));
    EXPECT_LE((written - expected).abs().max().item<double>(), 1e-14);
  }
}

// Numbers beside the kinks, where the differences are exact.
TEST(Activation, GradientsEqualFiniteDifferencesInPlaceWhereTrainingDoesThat) {
  constexpr double kStep = 1e-6;
  for (const mad::ActivationTraits& traits : mad::kActivationTraits) {
    SCOPED_TRACE(traits.name);
    const at::Tensor x = at::linspace(-7.3, 8.1, 101, at::kDouble).set_requires_grad(true);
    Activate(traits.kind, x * 1, traits.trains_in_place).sum().backward();
    const at::Tensor plain = x.detach();
    const at::Tensor slope = (Defined(traits.kind, plain + kStep) - Defined(traits.kind, plain - kStep)) / (2 * kStep);
    EXPECT_LE((x.grad() - slope).abs().max().item<double>(), 1e-6);
  }
}

}  // namespace
}  // namespace deepmad::models
