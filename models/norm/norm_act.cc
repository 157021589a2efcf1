#include "models/norm/norm_act.h"

#include <ATen/Parallel.h>
#include <ATen/ops/batch_norm.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/relu.h>
#include <torch/csrc/autograd/custom_function.h>

#include <cmath>
#include <optional>

#include "models/norm/norm_kernels.h"

namespace deepmad::models {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kTileElements = 64;      // at least, so that narrow maps fill vectors
constexpr int64_t kPieceElements = 32768;  // about; one piece is one thread's work at a time and stays in its cache

at::MemoryFormat ChannelsLastOf(const at::Tensor& x) {
  return x.dim() == 5 ? at::MemoryFormat::ChannelsLast3d : at::MemoryFormat::ChannelsLast;
}

bool Fits(const at::Tensor& tensor, const at::Tensor& x) {
  return tensor.sizes() == x.sizes() && tensor.scalar_type() == x.scalar_type() && tensor.is_contiguous(ChannelsLastOf(x));
}

bool HasOwnPass(const at::Tensor& x, const NormArguments& norm, const NormTail& tail) {
  const at::ScalarType type = x.scalar_type();
  if (!x.is_cpu() || (x.dim() != 4 && x.dim() != 5) || x.numel() == 0) return false;
  if (type != at::kFloat && type != at::kDouble && type != at::kBFloat16) return false;
  const at::ScalarType wanted = type == at::kBFloat16 ? at::kFloat : type;
  for (const at::Tensor& tensor : {norm.weight, norm.bias, norm.running_mean, norm.running_var}) {
    if (tensor.scalar_type() != wanted || !tensor.is_contiguous()) return false;
  }
  return Fits(x, x) && (!tail.residual.defined() || Fits(tail.residual, x));
}

// The bfloat16 of ATen as the kernels know it.
template <typename T>
T* Pointer(const at::Tensor& tensor) {
  return tensor.defined() ? static_cast<T*>(tensor.data_ptr()) : nullptr;
}

template <typename Work>
auto ByType(at::ScalarType type, const Work& work) {
  if (type == at::kFloat) return work(float{});
  if (type == at::kDouble) return work(double{});
  return work(Bfloat16Bits{});
}

// How a map is cut into pieces and tiles.
struct Cut {
  explicit Cut(const at::Tensor& x) : channels(x.size(1)), rows(x.numel() / channels), repeats((kTileElements + channels - 1) / channels) {
    rows_a_piece = std::max<int64_t>(1, kPieceElements / (channels * repeats)) * repeats;
    pieces = (rows + rows_a_piece - 1) / rows_a_piece;
  }
  int64_t width() const { return channels * repeats; }

  // work(piece, first element)
  template <typename T, typename Work>
  void EachPiece(const T* x, const Work& work) const {
    at::parallel_for(0, pieces, 1, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t first = i * rows_a_piece;
        const NormPiece<T> piece{x + first * channels, std::min(rows_a_piece, rows - first) * channels, width()};
        work(piece, first * channels, i);
      }
    });
  }

  // Per channel, in the order of the pieces.
  NormSums Total(const std::vector<NormSums>& sums) const {
    NormSums total(channels);
    for (const NormSums& piece : sums) {
      for (int64_t i = 0; i < width(); ++i) {
        total.first[i % channels] += piece.first[i];
        total.second[i % channels] += piece.second[i];
      }
    }
    return total;
  }

  // value(channel), repeated to a tile.
  template <typename A, typename Value>
  std::vector<A> Tile(const Value& value) const {
    std::vector<A> tile(width());
    for (int64_t c = 0; c < channels; ++c) tile[c] = static_cast<A>(value(c));
    for (int64_t i = channels; i < width(); ++i) tile[i] = tile[i - channels];
    return tile;
  }

  int64_t channels, rows, repeats, rows_a_piece, pieces;
};

// Mean and 1 / sqrt(variance + eps) of each channel, as the pass uses them.
struct Statistics {
  std::vector<double> mean, inverse;
};

template <typename T>
Statistics BatchStatistics(const Cut& cut, const T* x, const NormArguments& norm) {
  using A = typename NormArithmetic<T>::Type;
  // Sums about a point near the mean do not cancel: the mean of some pixels.
  constexpr int64_t kSample = 8;
  const NormPiece<T> all{x, cut.channels, cut.channels};
  std::vector<double> near(cut.channels);
  const std::vector<A> zero(cut.channels);
  for (int64_t i = 0; i < kSample; ++i) {
    NormPiece<T> pixel = all;
    pixel.input += i * cut.rows / kSample * cut.channels;
    const NormSums sums = SumMoments(pixel, zero.data());
    for (int64_t c = 0; c < cut.channels; ++c) near[c] += sums.first[c] / kSample;
  }
  const std::vector<A> center = cut.Tile<A>([&](int64_t c) { return near[c]; });

  std::vector<NormSums> pieces(cut.pieces, NormSums(0));
  cut.EachPiece(x, [&](const NormPiece<T>& piece, int64_t, int64_t i) { pieces[i] = SumMoments(piece, center.data()); });
  const NormSums total = cut.Total(pieces);
  const auto count = static_cast<double>(cut.rows);
  A* running_mean = Pointer<A>(norm.running_mean);
  A* running_var = Pointer<A>(norm.running_var);
  Statistics statistics{std::vector<double>(cut.channels), std::vector<double>(cut.channels)};
  for (int64_t c = 0; c < cut.channels; ++c) {
    const double offset = total.first[c] / count;
    const double squares = total.second[c] - total.first[c] * offset;
    const double deviations = squares < 0 ? 0 : squares;  // not a number stays one
    statistics.mean[c] = center[c] + offset;
    statistics.inverse[c] = 1 / std::sqrt(deviations / count + norm.eps);
    running_mean[c] = static_cast<A>((1 - norm.momentum) * running_mean[c] + norm.momentum * statistics.mean[c]);
    running_var[c] = static_cast<A>((1 - norm.momentum) * running_var[c] + norm.momentum * deviations / (count - 1));
  }
  return statistics;
}

template <typename A>
Statistics RunningStatistics(const Cut& cut, const NormArguments& norm) {
  Statistics statistics{std::vector<double>(cut.channels), std::vector<double>(cut.channels)};
  for (int64_t c = 0; c < cut.channels; ++c) {
    statistics.mean[c] = Pointer<A>(norm.running_mean)[c];
    statistics.inverse[c] = 1 / std::sqrt(Pointer<A>(norm.running_var)[c] + norm.eps);
  }
  return statistics;
}

template <typename A>
std::vector<A> Scale(const Cut& cut, const at::Tensor& weight, const double* inverse) {
  return cut.Tile<A>([&](int64_t c) { return Pointer<A>(weight)[c] * inverse[c]; });
}

template <typename A>
std::vector<A> Offset(const Cut& cut, const NormArguments& norm, const double* mean, const double* inverse) {
  return cut.Tile<A>([&](int64_t c) { return Pointer<A>(norm.bias)[c] - mean[c] * Pointer<A>(norm.weight)[c] * inverse[c]; });
}

template <typename T>
at::Tensor Forward(const at::Tensor& x, const NormArguments& norm, const NormTail& tail, const Statistics& statistics) {
  using A = typename NormArithmetic<T>::Type;
  const Cut cut(x);
  const std::vector<A> scale = Scale<A>(cut, norm.weight, statistics.inverse.data());
  const std::vector<A> offset = Offset<A>(cut, norm, statistics.mean.data(), statistics.inverse.data());
  const at::Tensor y = at::empty_like(x);
  T* output = Pointer<T>(y);
  const T* residual = Pointer<T>(tail.residual);
  cut.EachPiece(Pointer<T>(x), [&](const NormPiece<T>& piece, int64_t first, int64_t) {
    NormForward<T>(piece, scale.data(), offset.data(), {tail.relu, residual == nullptr ? nullptr : residual + first}, output + first);
  });
  return y;
}

// What one backward pass gives; `residual` undefined where it is the output's own gradient.
struct Gradients {
  at::Tensor input, weight, bias, residual;
};

template <typename T>
Gradients Backward(const at::Tensor& grad, const at::Tensor& x, const at::Tensor& y, const NormArguments& norm, const double* mean_of,
                   const double* inverse, bool relu) {
  using A = typename NormArithmetic<T>::Type;
  const Cut cut(x);
  const std::vector<A> scale = Scale<A>(cut, norm.weight, inverse), offset = Offset<A>(cut, norm, mean_of, inverse);
  const std::vector<A> mean = cut.Tile<A>([&](int64_t c) { return mean_of[c]; });
  Gradients result{at::empty_like(x), at::empty_like(norm.weight), at::empty_like(norm.bias),
                   y.defined() ? at::empty_like(x) : at::Tensor()};
  NormGradient<T> base{Pointer<T>(grad)};
  if (y.defined()) {
    base.output = Pointer<T>(y);
    base.gradient = Pointer<T>(result.residual);
  } else if (relu) {
    base.scale = scale.data();
    base.offset = offset.data();
  }

  std::vector<NormSums> pieces(cut.pieces, NormSums(0));
  cut.EachPiece(Pointer<T>(x), [&](const NormPiece<T>& piece, int64_t first, int64_t i) {
    NormGradient<T> gradient = base;
    gradient.output_gradient += first;
    if (gradient.output != nullptr) {
      gradient.output += first;
      gradient.gradient += first;
    }
    pieces[i] = SumGradients(piece, gradient, mean.data());
  });
  const NormSums total = cut.Total(pieces);
  for (int64_t c = 0; c < cut.channels; ++c) {
    Pointer<A>(result.bias)[c] = static_cast<A>(total.first[c]);
    Pointer<A>(result.weight)[c] = static_cast<A>(total.second[c] * inverse[c]);
  }

  // Batch statistics depend on x; running ones do not.
  const double share = norm.training ? 1 / static_cast<double>(cut.rows) : 0;
  const std::vector<A> mean_gradient = cut.Tile<A>([&](int64_t c) { return total.first[c] * share; });
  const std::vector<A> slope = cut.Tile<A>([&](int64_t c) { return total.second[c] * share * inverse[c] * inverse[c]; });
  if (y.defined()) base = {base.gradient};  // is masked already
  cut.EachPiece(Pointer<T>(x), [&](const NormPiece<T>& piece, int64_t first, int64_t) {
    NormGradient<T> gradient = base;
    gradient.output_gradient += first;
    NormBackward(piece, gradient, mean.data(), scale.data(), mean_gradient.data(), slope.data(), Pointer<T>(result.input) + first);
  });
  return result;
}

Statistics StatisticsOf(const at::Tensor& x, const NormArguments& norm) {
  return ByType(x.scalar_type(), [&]<typename T>(T) {
    if (norm.training) return BatchStatistics<T>(Cut(x), Pointer<T>(x), norm);
    return RunningStatistics<typename NormArithmetic<T>::Type>(Cut(x), norm);
  });
}

at::Tensor ForwardOf(const at::Tensor& x, const NormArguments& norm, const NormTail& tail, const Statistics& statistics) {
  return ByType(x.scalar_type(), [&]<typename T>(T) { return Forward<T>(x, norm, tail, statistics); });
}

struct NormActFunction : torch::autograd::Function<NormActFunction> {
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias,
                            const std::optional<at::Tensor>& residual, const NormArguments& norm, bool relu) {
    const Statistics statistics = StatisticsOf(x, norm);
    const at::Tensor y = ForwardOf(x, norm, {residual.value_or(at::Tensor()), relu}, statistics);
    const int64_t channels = x.size(1);
    const at::Tensor kept = at::empty({2, channels}, at::kDouble);
    std::copy(statistics.mean.begin(), statistics.mean.end(), kept.mutable_data_ptr<double>());
    std::copy(statistics.inverse.begin(), statistics.inverse.end(), kept.mutable_data_ptr<double>() + channels);
    // With a residual the input of the ReLU cannot be had from x alone; the result is kept by the next layer anyhow.
    context->save_for_backward({x, weight, bias, kept, relu && residual ? y : at::Tensor()});
    context->saved_data["relu"] = relu;
    context->saved_data["training"] = norm.training;
    context->saved_data["residual"] = residual.has_value();
    return y;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const variable_list saved = context->get_saved_variables();
    const at::Tensor& x = saved[0];
    const at::Tensor grad = gradients[0].contiguous(ChannelsLastOf(x));
    const NormArguments norm{saved[1], saved[2], {}, {}, context->saved_data["training"].toBool(), 0, 0};
    const double* statistics = saved[3].const_data_ptr<double>();
    const Gradients result = ByType(x.scalar_type(), [&]<typename T>(T) {
      return Backward<T>(grad, x, saved[4], norm, statistics, statistics + x.size(1), context->saved_data["relu"].toBool());
    });
    at::Tensor residual;
    if (context->saved_data["residual"].toBool()) residual = result.residual.defined() ? result.residual : grad;
    return {result.input, result.weight, result.bias, residual, at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor NormActByOperations(const at::Tensor& x, const NormArguments& norm, const NormTail& tail) {
  at::Tensor y = at::batch_norm(x, norm.weight, norm.bias, norm.running_mean, norm.running_var, norm.training, norm.momentum, norm.eps,
                                /*cudnn_enabled=*/true);
  if (tail.residual.defined()) y.add_(tail.residual);
  return tail.relu ? at::relu_(y) : y;
}

at::Tensor NormAct(const at::Tensor& x, const NormArguments& norm, const NormTail& tail) {
  if (!HasOwnPass(x, norm, tail)) return NormActByOperations(x, norm, tail);
  if (!at::GradMode::is_enabled()) return ForwardOf(x, norm, tail, StatisticsOf(x, norm));
  const std::optional<at::Tensor> residual = tail.residual.defined() ? std::optional(tail.residual) : std::nullopt;
  return NormActFunction::apply(x, norm.weight, norm.bias, residual, norm, tail.relu);
}

}  // namespace deepmad::models
