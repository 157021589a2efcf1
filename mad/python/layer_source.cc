#include "mad/python/layer_source.h"

#include <fmt/format.h>

#include <vector>

#include "mad/recipe/layer.h"

namespace deepmad::mad {
namespace {

// In this order in the file. {0}: the axes of a map; {1}, {2}: eps and momentum of batch norms; {3}: eps of layer norms; {4}: a one for
// each axis.
constexpr PythonPiece kPieces[] = {
    {"attach", R"(def attach(root: nn.Module, path: str, module: nn.Module) -> None:
    """Hangs a module at a dotted path, through containers that are made as needed: the names of the weights' file."""
    *parents, last = path.split(".")
    for parent, child in zip(parents, [*parents[1:], last]):
        if parent not in root._modules:
            root.add_module(parent, nn.ModuleList() if child == "0" else nn.Module())
        root = root._modules[parent]
    root.add_module(last, module)
)"},
    {"half", R"(def half(kernel):
    return kernel // 2 if isinstance(kernel, int) else tuple(side // 2 for side in kernel)
)"},
    {"conv", R"(def conv(cin: int, cout: int, kernel, stride=1, groups: int = 1, bias: bool = False) -> nn.Module:
    return nn.Conv{0}d(cin, cout, kernel, stride, half(kernel), groups=groups, bias=bias)
)"},
    {"batch_norm", R"(def batch_norm(channels: int) -> nn.Module:
    return nn.BatchNorm{0}d(channels, eps={1}, momentum={2})
)"},
    {"ChannelNorm", R"(class ChannelNorm(nn.Module):
    """Layer norm over the channels of each position."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return F.layer_norm(x.movedim(1, -1), self.weight.shape, self.weight, self.bias, {3}).movedim(-1, 1)
)"},
    {"ChannelScale", R"(class ChannelScale(nn.Module):
    """A factor for each channel."""

    def __init__(self, channels: int):
        super().__init__()
        self.gamma = nn.Parameter(torch.full((channels,), 1e-6))

    def forward(self, x):
        return x * self.gamma.view(-1, {4}).to(x.dtype)
)"},
    {"attend", R"(def attend(x):
    """Mixes the positions of a map of queries, keys and values, in heads of at least 32 channels."""
    channels = x.shape[1] // 3
    heads = max(1, channels // 32)
    while channels % heads != 0:
        heads -= 1
    tokens = x.flatten(2).transpose(1, 2)
    q, k, v = tokens.unflatten(2, (3, heads, channels // heads)).permute(2, 0, 3, 1, 4).unbind(0)
    mixed = F.scaled_dot_product_attention(q, k, v)
    return mixed.transpose(1, 2).flatten(2).transpose(1, 2).unflatten(2, x.shape[2:])
)"},
    {"quantise", R"(def quantise(x, step, bits: int):
    levels = 2 ** (bits - 1)
    return torch.round(torch.clamp(x / step, -levels, levels - 1)) * step
)"},
    {"add_steps", R"(def add_steps(layer: nn.Module) -> None:
    """The buffers of a quantised layer, as published; only the two steps are used."""
    cout = layer.weight.shape[0]
    layer.register_buffer("weightq", torch.zeros_like(layer.weight))
    layer.register_buffer("alpha", torch.zeros(cout))
    layer.register_buffer("scalar", torch.zeros(1))
    attach(layer, "act_quan", nn.Module())
    layer.act_quan.register_buffer("s", torch.ones(1))
    attach(layer, "weight_quan", nn.Module())
    layer.weight_quan.register_buffer("s", torch.ones([cout] + [1] * (layer.weight.dim() - 1)))
)"},
    {"QuantisedConv", R"(class QuantisedConv(nn.Conv{0}d):
    """Sees its input and weights in steps (LSQ, arXiv 1902.08153). bits: of the input and of the weights."""

    def __init__(self, cin: int, cout: int, kernel, stride=1, groups: int = 1, bias: bool = False, bits=(8, 8)):
        super().__init__(cin, cout, kernel, stride, half(kernel), groups=groups, bias=bias)
        add_steps(self)
        self.input_bits, self.weight_bits = bits

    def forward(self, x):
        x = quantise(x, self.act_quan.s, self.input_bits)
        return self._conv_forward(x, quantise(self.weight, self.weight_quan.s, self.weight_bits), self.bias)
)"},
    {"QuantisedLinear", R"(class QuantisedLinear(nn.Linear):
    def __init__(self, cin: int, cout: int, bits: int):
        super().__init__(cin, cout)
        add_steps(self)
        self.bits = bits

    def forward(self, x):
        return F.linear(quantise(x, self.act_quan.s, self.bits), quantise(self.weight, self.weight_quan.s, self.bits), self.bias)
)"},
};

}  // namespace

std::string PythonPieces(const std::string& source, std::span<const PythonPiece> pieces) {
  std::vector<bool> used(pieces.size(), false);
  std::string all = source;
  for (bool found = true; found;) {
    found = false;
    for (size_t i = 0; i < pieces.size(); ++i) {
      if (used[i] || all.find(std::string(pieces[i].name) + "(") == std::string::npos) continue;
      used[i] = found = true;
      all += pieces[i].text;
    }
  }
  std::string text;
  for (size_t i = 0; i < pieces.size(); ++i) {
    if (used[i]) text += std::string("\n\n") + pieces[i].text;
  }
  return text;
}

std::string PythonLayers(const std::string& source, int spatial_dims, double eps, double momentum) {
  std::vector<std::string> texts;
  std::vector<PythonPiece> pieces;
  for (const PythonPiece& piece : kPieces) {
    texts.push_back(
        fmt::format(fmt::runtime(piece.text), spatial_dims, eps, momentum, kLayerNormEps, spatial_dims == 3 ? "1, 1, 1" : "1, 1"));
  }
  for (size_t i = 0; i < texts.size(); ++i) pieces.push_back({kPieces[i].name, texts[i].c_str()});
  return PythonPieces(source, pieces);
}

}  // namespace deepmad::mad
