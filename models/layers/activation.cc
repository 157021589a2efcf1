#include "models/layers/activation.h"

#include <ATen/ops/gelu.h>
#include <ATen/ops/hardsigmoid.h>
#include <ATen/ops/hardswish.h>
#include <ATen/ops/hardtanh.h>
#include <ATen/ops/relu.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/silu.h>

#include <stdexcept>

namespace deepmad::models {

at::Tensor Activate(mad::ActivationKind kind, at::Tensor x, bool in_place) {
  switch (kind) {
    case mad::ActivationKind::kNone:
      return x;
    case mad::ActivationKind::kRelu:
      return in_place ? at::relu_(x) : at::relu(x);
    case mad::ActivationKind::kRelu6:
      return in_place ? at::hardtanh_(x, 0, 6) : at::hardtanh(x, 0, 6);
    case mad::ActivationKind::kSilu:
      return in_place ? at::silu_(x) : at::silu(x);
    case mad::ActivationKind::kSigmoid:
      return in_place ? at::sigmoid_(x) : at::sigmoid(x);
    case mad::ActivationKind::kGelu:
      return in_place ? at::gelu_(x) : at::gelu(x);
    case mad::ActivationKind::kHardSwish:
      return in_place ? at::hardswish_(x) : at::hardswish(x);
    case mad::ActivationKind::kHardSigmoid:
      return in_place ? at::hardsigmoid_(x) : at::hardsigmoid(x);
  }
  throw std::logic_error("activation without a function");
}

std::optional<OneDnnPostOp> OneDnnPostOpOf(mad::ActivationKind kind) {
  switch (kind) {
    case mad::ActivationKind::kNone:
      return OneDnnPostOp{"none"};
    case mad::ActivationKind::kRelu:
      return OneDnnPostOp{"relu"};
    case mad::ActivationKind::kRelu6:
      return OneDnnPostOp{"hardtanh", {0, 6}};
    case mad::ActivationKind::kSilu:
      return OneDnnPostOp{"swish"};
    case mad::ActivationKind::kSigmoid:
      return OneDnnPostOp{"sigmoid"};
    case mad::ActivationKind::kGelu:
      return OneDnnPostOp{"gelu", {}, "none"};
    case mad::ActivationKind::kHardSwish:
      return OneDnnPostOp{"hardswish"};
    case mad::ActivationKind::kHardSigmoid:
      return OneDnnPostOp{"hardsigmoid"};
  }
  throw std::logic_error("activation without a oneDNN post-operation");
}

}  // namespace deepmad::models
