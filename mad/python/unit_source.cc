#include "mad/python/unit_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <stdexcept>

#include "mad/network/block_units.h"
#include "mad/recipe/fused_plan.h"

namespace deepmad::mad {
namespace {

// Numbers that no other can be mistaken for: where a unit built with them has one, the class has a parameter.
struct Parameter {
  const char* name;
  int value;
};
constexpr std::array<Parameter, 3> kParameters{{{"cin", 1009}, {"mid", 2003}, {"cout", 4001}}};
constexpr int kSymbolicKernel = 31, kSymbolicTime = 29;

bool IsNumber(const std::string& word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::isdigit(c) != 0; });
}

std::vector<std::string> Words(const std::string& path) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    words.push_back(path.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

std::string ExtentText(const Extent& extent, int spatial_dims) {
  if (spatial_dims == 3) return fmt::format("({}, {}, {})", extent.t, extent.h, extent.w);
  return extent.h == extent.w ? std::to_string(extent.h) : fmt::format("({}, {})", extent.h, extent.w);
}

// The same unit with the numbers above in place of its widths and kernel. A kernel of 1 stays: units may have other layers with it.
Unit<double> Symbolic(const PlacedBlock& block, int index) {
  UnitForm form = block.form;
  if (form.kernel.h > 1) form.kernel = {form.kernel.t > 1 ? kSymbolicTime : 1, kSymbolicKernel, kSymbolicKernel};
  form.bits = {};
  const BlockLayout layout{block.type, form, block.spec->stride, block.ChangesChannels()};
  const auto value = [](size_t parameter) { return static_cast<double>(kParameters[parameter].value); };
  const BlockDims<double> dims{value(0), value(2), value(1)};
  return MakeUnit(*block.type, index == 0 ? FirstUnitDims(layout, dims) : OtherUnitDims(layout, dims));
}

// Writes one unit's statements.
class BodyWriter {
 public:
  // `literal`: numbers are written out and not taken from parameters.
  BodyWriter(int spatial_dims, bool literal, PythonTree& tree) : dims_(spatial_dims), literal_(literal), tree_(tree) {}

  PythonBody Write(const Unit<double>& unit, const Unit<double>& symbolic) {
    const Plan plan = PlanOf(unit), named = PlanOf(symbolic);
    for (size_t i = 0; i < plan.size(); ++i) WriteBranch(plan[i], named[i]);
    return std::move(body_);
  }

  bool uses_kernel() const { return uses_kernel_; }
  bool Uses(const char* parameter) const { return used_.contains(parameter); }
  // Of the quantised convolutions, in order.
  const std::vector<Bits>& bits() const { return bits_; }

 private:
  using Layers = std::vector<FusedLayer<double>>;
  using Plan = std::vector<FusedBranch<double>>;

  // Each layer alone. No size of a map is written, so any will do.
  static Plan PlanOf(const Unit<double>& unit) {
    Extent size;
    return FusedPlan(unit, Fusion::kNone, size);
  }

  void Say(const std::string& statement) { body_.forward.push_back(statement); }

  void WriteBranch(const FusedBranch<double>& branch, const FusedBranch<double>& symbolic) {
    if (branch.sum && branch.shortcut.empty()) Say("shortcut = x");
    WriteLayers(branch.shortcut, symbolic.shortcut, "x", "shortcut");
    WriteLayers(branch.main, symbolic.main, "x", "x");
    if (branch.sum) Say("x = x + shortcut");
    WriteLayers(branch.post, symbolic.post, "x", "x");
  }

  void WriteLayers(const Layers& layers, const Layers& symbolic, const std::string& from, const std::string& to) {
    for (size_t i = 0; i < layers.size(); ++i) WriteLayer(layers[i], symbolic[i], i == 0 ? from : to, to);
  }

  void WriteLayer(const FusedLayer<double>& fused, const FusedLayer<double>& named, const std::string& from, const std::string& to) {
    const Layer<double>&layer = fused.layer, &symbolic = named.layer;
    switch (fused.op) {
      case FusedOp::kConv:
      case FusedOp::kDepthwise:
        return Call(layer.name, ConvText(layer, symbolic), from, to);
      case FusedOp::kBatchNorm:
        return Call(layer.name, "batch_norm(" + Number(layer.out, symbolic.out) + ")", from, to);
      case FusedOp::kLayerNorm:
        return Call(layer.name, "ChannelNorm(" + Number(layer.out, symbolic.out) + ")", from, to);
      case FusedOp::kLayerScale:
        return Call(layer.name, "ChannelScale(" + Number(layer.out, symbolic.out) + ")", from, to);
      case FusedOp::kActivation:
        return Say(fmt::format("{} = {}", to, ActivationText(fused.activation, from)));
      case FusedOp::kSqueezeExcite:
        Say(fmt::format("gate = {}.mean({}, keepdim=True)", from, dims_ == 3 ? "(2, 3, 4)" : "(2, 3)"));
        WriteLayers(fused.inner, named.inner, "gate", "gate");
        return Say(fmt::format("{} = {} * gate", to, from));
      case FusedOp::kAveragePool:
        return Say(fmt::format("{} = F.avg_pool{}d({}, {}, ceil_mode=True, count_include_pad=False)", to, dims_, from,
                               ExtentText(layer.kernel, dims_)));
      case FusedOp::kMaxPool: {
        const Extent half{layer.kernel.t / 2, layer.kernel.h / 2, layer.kernel.w / 2};
        return Say(fmt::format("{} = F.max_pool{}d({}, {}, {}, {})", to, dims_, from, ExtentText(layer.kernel, dims_),
                               ExtentText(layer.stride, dims_), ExtentText(half, dims_)));
      }
      case FusedOp::kAttention:
        return Say(fmt::format("{} = attend({})", to, from));
      case FusedOp::kQuantise:
      case FusedOp::kAdd:
      case FusedOp::kInput:
      case FusedOp::kClassifier:
        break;  // in no plan of single layers
    }
    throw std::logic_error("layer without Python source");
  }

  void Call(const std::string& path, const std::string& module, const std::string& from, const std::string& to) {
    body_.init.push_back(tree_.Attach(path, module));
    Say(fmt::format("{} = {}({})", to, tree_.Access(path), from));
  }

  std::string ConvText(const Layer<double>& layer, const Layer<double>& symbolic) {
    std::string text =
        fmt::format("({}, {}, {}", Number(layer.in, symbolic.in), Number(layer.out, symbolic.out), KernelText(layer, symbolic));
    if (layer.stride.Volume() > 1) text += ", stride=" + ExtentText(layer.stride, dims_);
    if (layer.depthwise) text += ", groups=" + Number(layer.in, symbolic.in);
    if (layer.bias) text += ", bias=True";
    if (!layer.bits.Quantised()) return "conv" + text + ")";
    bits_.push_back(layer.bits);
    const std::string bits =
        literal_ ? fmt::format("({}, {})", layer.bits.activation, layer.bits.weight) : fmt::format("bits[{}]", bits_.size() - 1);
    return "QuantisedConv" + text + ", bits=" + bits + ")";
  }

  // A parameter, a multiple of one, or the number itself.
  std::string Number(double value, double symbolic) {
    if (!literal_) {
      for (const Parameter& parameter : kParameters) {
        const double factor = symbolic / parameter.value;
        if (factor < 1 || factor != std::floor(factor) || factor > 8) continue;
        used_.insert(parameter.name);
        return factor == 1 ? parameter.name : fmt::format("{:.0f} * {}", factor, parameter.name);
      }
    }
    return std::to_string(std::llround(value));
  }

  static bool IsSymbolic(const Extent& kernel) { return kernel.h == kSymbolicKernel; }

  std::string KernelText(const Layer<double>& layer, const Layer<double>& symbolic) {
    if (literal_ || !IsSymbolic(symbolic.kernel)) return ExtentText(layer.kernel, dims_);
    uses_kernel_ = true;
    if (dims_ == 2) return "kernel";
    return symbolic.kernel.t == layer.kernel.t ? fmt::format("({}, kernel, kernel)", layer.kernel.t) : "(time, kernel, kernel)";
  }

  static std::string ActivationText(ActivationKind kind, const std::string& x) {
    switch (kind) {
      case ActivationKind::kNone:
        return x;
      case ActivationKind::kRelu:
        return fmt::format("F.relu({})", x);
      case ActivationKind::kRelu6:
        return fmt::format("F.relu6({})", x);
      case ActivationKind::kSilu:
        return fmt::format("F.silu({})", x);
      case ActivationKind::kSigmoid:
        return fmt::format("torch.sigmoid({})", x);
      case ActivationKind::kGelu:
        return fmt::format("F.gelu({})", x);
      case ActivationKind::kHardSwish:
        return fmt::format("F.hardswish({})", x);
      case ActivationKind::kHardSigmoid:
        return fmt::format("F.hardsigmoid({})", x);
    }
    throw std::logic_error("activation without Python source");
  }

  int dims_;
  bool literal_;
  PythonTree& tree_;
  PythonBody body_;
  std::set<std::string> used_;
  bool uses_kernel_ = false;
  std::vector<Bits> bits_;
};

// "dw_se_bottleneck" -> "DwSeBottleneck".
std::string ClassName(const std::string& type) {
  std::string name;
  bool upper = true;
  for (const char c : type) {
    if (c != '_') name += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = c == '_';
  }
  return name;
}

std::string BitsText(const std::vector<Bits>& all) {
  std::string text;
  for (const Bits& bits : all) text += fmt::format("({}, {}), ", bits.activation, bits.weight);
  return "(" + text.substr(0, text.size() - (all.size() > 1 ? 2 : 1)) + ")";
}

}  // namespace

std::string PythonTree::Attach(const std::string& path, const std::string& module) {
  std::string parent;
  for (const std::string& word : Words(path)) {
    const std::string own = parent.empty() ? word : parent + "." + word;
    if (known_.insert(own).second && word == "0" && !parent.empty()) lists_.insert(parent);
    parent = own;
  }
  return fmt::format("attach(self, \"{}\", {})", path, module);
}

// Whether all children up to this one are there, so that its name is its place.
bool PythonTree::IsPlaceOfList(const std::string& parent, const std::string& word) const {
  if (!lists_.contains(parent)) return false;
  for (int i = 0; i < std::stoi(word); ++i) {
    if (!known_.contains(fmt::format("{}.{}", parent, i))) return false;
  }
  return true;
}

std::string PythonTree::Access(const std::string& path) const {
  std::string expression = "self", parent;
  for (const std::string& word : Words(path)) {
    if (!IsNumber(word)) {
      expression += "." + word;
    } else if (IsPlaceOfList(parent, word)) {
      expression += "[" + word + "]";
    } else {
      expression = fmt::format("getattr({}, \"{}\")", expression, word);
    }
    parent = parent.empty() ? word : parent + "." + word;
  }
  return expression;
}

std::string PythonUnits::Make(const PlacedBlock& block, int index, const Unit<double>& unit) {
  PythonTree tree;
  BodyWriter writer(spatial_dims_, /*literal=*/false, tree);
  const PythonBody body = writer.Write(unit, Symbolic(block, index));

  const std::array<double, 3> widths = {static_cast<double>(index == 0 ? block.in_channels : block.spec->out_channels),
                                        static_cast<double>(block.spec->bottleneck_channels),
                                        static_cast<double>(block.spec->out_channels)};
  std::vector<std::string> parameters, arguments;
  for (size_t i = 0; i < kParameters.size(); ++i) {
    if (!writer.Uses(kParameters[i].name)) continue;
    parameters.push_back(std::string(kParameters[i].name) + ": int");
    arguments.push_back(std::to_string(std::llround(widths[i])));
  }
  if (writer.uses_kernel()) {
    parameters.emplace_back("kernel: int");
    arguments.push_back(fmt::format("kernel={}", block.form.kernel.h));
    if (spatial_dims_ == 3 && block.form.kernel.t > 1) {
      parameters.emplace_back("time: int");
      arguments.push_back(fmt::format("time={}", block.form.kernel.t));
    }
  }
  if (!writer.bits().empty()) {
    parameters.emplace_back("bits");
    arguments.push_back("bits=" + BitsText(writer.bits()));
  }

  std::string text =
      fmt::format("    def __init__(self{}{}):\n        super().__init__()\n", parameters.empty() ? "" : ", ", fmt::join(parameters, ", "));
  for (const std::string& line : body.init) text += "        " + line + "\n";
  text += "\n    def forward(self, x):\n";
  for (const std::string& line : body.forward) text += "        " + line + "\n";
  text += "        return x\n";

  std::string& name = names_[text];
  if (name.empty()) {
    const std::string base = ClassName(block.spec->type) + (index == 0 && block.type->traits.repeats ? "Entry" : "");
    name = base;
    const auto taken = [&] { return std::any_of(classes_.begin(), classes_.end(), [&](const auto& one) { return one.first == name; }); };
    for (int number = 2; taken(); ++number) name = base + std::to_string(number);
    classes_.emplace_back(name, text);
  }
  return fmt::format("{}({})", name, fmt::join(arguments, ", "));
}

PythonBody PythonUnits::Inline(const PlacedBlock& block, int index, const Unit<double>& unit, PythonTree& tree) const {
  return BodyWriter(spatial_dims_, /*literal=*/true, tree).Write(unit, Symbolic(block, index));
}

std::string PythonUnits::Classes() const {
  std::string text;
  for (const auto& [name, body] : classes_) text += fmt::format("\n\nclass {}(nn.Module):\n{}", name, body);
  return text;
}

}  // namespace deepmad::mad
