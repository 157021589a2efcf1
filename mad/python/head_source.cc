#include "mad/python/head_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/error.h"
#include "mad/python/layer_source.h"

namespace deepmad::mad {
namespace {

constexpr PythonPiece kPieces[] = {
    {"resize", R"(def resize(x, size: List[int]):
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)
)"},
    {"ConvNormRelu", R"(class ConvNormRelu(nn.Module):
    def __init__(self, cin: int, cout: int, kernel: int):
        super().__init__()
        self.conv = conv(cin, cout, kernel)
        self.bn = batch_norm(cout)

    def forward(self, x):
        return F.relu(self.bn(self.conv(x)))
)"},
    {"UPerHead", R"(class UPerHead(nn.Module):
    """Pyramid pooling and a feature pyramid over four maps (Xiao et al., arXiv 1807.10221)."""

    def __init__(self, cins: List[int], channels: int, classes: int):
        super().__init__()
        self.psp_modules = nn.ModuleList(
            [nn.Sequential(nn.AdaptiveAvgPool2d(size), ConvNormRelu(cins[3], channels, 1)) for size in (1, 2, 3, 6)])
        self.bottleneck = ConvNormRelu(cins[3] + 4 * channels, channels, 3)
        self.lateral_convs = nn.ModuleList([ConvNormRelu(cin, channels, 1) for cin in cins[:3]])
        self.fpn_convs = nn.ModuleList([ConvNormRelu(channels, channels, 3) for _ in range(3)])
        self.fpn_bottleneck = ConvNormRelu(4 * channels, channels, 3)
        self.conv_seg = nn.Conv2d(channels, classes, 1)

    def forward(self, features: List[Tensor]):
        last = features[3]
        pooled = [last]
        for pool in self.psp_modules:
            pooled.append(resize(pool(last), last.shape[2:]))
        x = self.bottleneck(torch.cat(pooled, 1))
        laterals: List[Tensor] = []
        for i, lateral in enumerate(self.lateral_convs):
            laterals.append(lateral(features[i]))
        sums = [x]
        for i in range(2, -1, -1):
            x = laterals[i] + resize(x, laterals[i].shape[2:])
            sums.insert(0, x)
        size = x.shape[2:]
        maps: List[Tensor] = []
        for i, smooth in enumerate(self.fpn_convs):
            maps.append(resize(smooth(sums[i]), size))
        maps.append(resize(sums[3], size))
        return self.conv_seg(self.fpn_bottleneck(torch.cat(maps, 1)))
)"},
    {"AuxiliaryHead", R"(class AuxiliaryHead(nn.Module):
    """Of training: a second opinion from the third map."""

    def __init__(self, cin: int, channels: int, classes: int):
        super().__init__()
        self.convs = nn.ModuleList([ConvNormRelu(cin, channels, 3)])
        self.conv_seg = nn.Conv2d(channels, classes, 1)

    def forward(self, x):
        for layer in self.convs:
            x = layer(x)
        return self.conv_seg(x)
)"},
    {"PlainConv", R"(class PlainConv(nn.Module):
    def __init__(self, cin: int, cout: int, kernel: int, stride: int = 1):
        super().__init__()
        self.conv = nn.Conv2d(cin, cout, kernel, stride, kernel // 2)

    def forward(self, x):
        return self.conv(x)
)"},
    {"Pyramid", R"(class Pyramid(nn.Module):
    """Maps of strides 8 to 128 from three of strides 8, 16 and 32."""

    def __init__(self, cins: List[int], channels: int, relu_before_last: bool):
        super().__init__()
        self.lateral_convs = nn.ModuleList([PlainConv(cin, channels, 1) for cin in cins])
        self.fpn_convs = nn.ModuleList([PlainConv(channels, channels, 3, 1 if i < 3 else 2) for i in range(5)])
        self.relu_before_last = relu_before_last

    def forward(self, features: List[Tensor]):
        laterals: List[Tensor] = []
        for i, lateral in enumerate(self.lateral_convs):
            laterals.append(lateral(features[i]))
        x = laterals[2]
        sums = [x]
        for i in range(1, -1, -1):
            x = laterals[i] + F.interpolate(x, size=laterals[i].shape[2:], mode="nearest")
            sums.insert(0, x)
        maps: List[Tensor] = []
        for i, smooth in enumerate(self.fpn_convs):
            if i < 3:
                maps.append(smooth(sums[i]))
            elif i == 3:
                maps.append(smooth(maps[-1]))
            else:
                maps.append(smooth(F.relu(maps[-1]) if self.relu_before_last else maps[-1]))
        return maps
)"},
    {"TowerLayer", R"(class TowerLayer(nn.Module):
    def __init__(self, channels: int, bias: bool):
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1, bias=bias)
        self.gn = nn.GroupNorm(32, channels)

    def forward(self, x):
        return F.relu(self.gn(self.conv(x)))
)"},
    {"Scale", R"(class Scale(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(1.0))

    def forward(self, x):
        return x * self.scale
)"},
    {"in_float", R"(def in_float(x):
    return x if x.dtype == torch.float64 else x.float()
)"},
    {"FcosHead", R"(class FcosHead(nn.Module):
    """Classes, centreness and distances in pixels at each point of each level (Tian et al., arXiv 1904.01355)."""

    def __init__(self, channels: int, classes: int, plain: bool):
        super().__init__()
        self.cls_convs = nn.ModuleList([TowerLayer(channels, not plain) for _ in range(4)])
        self.reg_convs = nn.ModuleList([TowerLayer(channels, not plain) for _ in range(4)])
        self.conv_cls = nn.Conv2d(channels, classes, 3, padding=1)
        self.conv_reg = nn.Conv2d(channels, 4, 3, padding=1)
        self.conv_centerness = nn.Conv2d(channels, 1, 3, padding=1)
        self.scales = nn.ModuleList([Scale() for _ in range(5)])
        self.plain = plain

    def forward(self, maps: List[Tensor]) -> List[Tuple[Tensor, Tensor, Tensor]]:
        levels: List[Tuple[Tensor, Tensor, Tensor]] = []
        for i, scale in enumerate(self.scales):
            kinds, sides = maps[i], maps[i]
            for layer in self.cls_convs:
                kinds = layer(kinds)
            for layer in self.reg_convs:
                sides = layer(sides)
            distances = scale(in_float(self.conv_reg(sides)))
            distances = torch.exp(distances) if self.plain else F.relu(distances) * (8 * 2 ** i)
            centreness = self.conv_centerness(kinds if self.plain else sides)
            levels.append((in_float(self.conv_cls(kinds)), in_float(centreness), distances))
        return levels
)"},
    {"GflHead", R"(class GflHead(nn.Module):
    """Classes, quality and distances in pixels at each cell of each level; distances as distributions (Li et al., arXiv 2011.12885)."""

    def __init__(self, channels: int, classes: int):
        super().__init__()
        self.cls_convs = nn.ModuleList([TowerLayer(channels, False) for _ in range(4)])
        self.reg_convs = nn.ModuleList([TowerLayer(channels, False) for _ in range(4)])
        self.gfl_cls = nn.Conv2d(channels, classes, 3, padding=1)
        self.gfl_reg = nn.Conv2d(channels, 4 * 17, 3, padding=1)
        self.reg_conf = nn.Sequential(nn.Conv2d(4 * 5, 64, 1), nn.ReLU(), nn.Conv2d(64, 1, 1))
        self.scales = nn.ModuleList([Scale() for _ in range(5)])

    def forward(self, maps: List[Tensor]) -> List[Tuple[Tensor, Tensor, Tensor]]:
        levels: List[Tuple[Tensor, Tensor, Tensor]] = []
        for i, scale in enumerate(self.scales):
            kinds, sides = maps[i], maps[i]
            for layer in self.cls_convs:
                kinds = layer(kinds)
            for layer in self.reg_convs:
                sides = layer(sides)
            sides = scale(in_float(self.gfl_reg(sides)))
            p = sides.unflatten(1, [4, 17]).softmax(2)
            largest = p.topk(4, 2)[0]
            shape = torch.cat([largest, largest.mean(2, keepdim=True)], 2).flatten(1, 2)
            bins = torch.arange(17, dtype=p.dtype, device=p.device).view(1, 1, 17, 1, 1)
            distances = (p * bins).sum(2) * (8 * 2 ** i)
            levels.append((in_float(self.gfl_cls(kinds)), in_float(self.reg_conf(shape)), distances))
        return levels
)"},
    {"suppress", R"(def suppress(boxes, scores, labels, overlap: float, most: int):
    """Greedy suppression within each class; the places of the boxes that stay, by falling score."""
    order = torch.sort(scores, descending=True, stable=True)[1]
    boxes, labels = boxes[order], labels[order]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    waiting = torch.ones_like(labels, dtype=torch.bool)
    kept = []
    for i in range(len(order)):
        if len(kept) == most:
            break
        if not waiting[i]:
            continue
        kept.append(i)
        low = torch.maximum(boxes[i, :2], boxes[:, :2])
        high = torch.minimum(boxes[i, 2:], boxes[:, 2:])
        both = (high - low).clamp(min=0).prod(1)
        waiting &= ~((both / (areas[i] + areas - both) > overlap) & (labels == labels[i]))
    return order[torch.tensor(kept, dtype=torch.long, device=order.device)]
)"},
    {"detect",
     R"(def detect(levels, height: float, width: float, least_score: float = 0.05, cells: int = 1000, overlap: float = OVERLAP, most: int = 100):
    """Boxes [n, 4] (left, top, right, bottom in pixels of the images), scores and labels of each image, best first.

    levels: what Network.forward returned. height, width: of the images without padding."""
    found = []
    for n in range(levels[0][0].shape[0]):
        boxes, scores, labels = [], [], []
        for i, (classes, quality, distances) in enumerate(levels):
            stride, columns = 8 * 2 ** i, classes.shape[3]
            kinds, sides = classes[n].flatten(1).t(), distances[n].flatten(1).t()
            sure = quality[n].flatten().sigmoid()
            best = kinds.max(1)[0].sigmoid() * sure
            chosen = best.topk(cells)[1].sort()[0] if len(best) > cells else torch.arange(len(best), device=best.device)
            alone = kinds[chosen].sigmoid()
            joint = alone * sure[chosen, None]
            place, label = (THRESHOLD > least_score).nonzero(as_tuple=True)
            cell = chosen[place]
            x, y = cell % columns * stride + HALF, torch.div(cell, columns, rounding_mode="floor") * stride + HALF
            left, top, right, bottom = sides[cell].unbind(1)
            boxes.append(torch.stack([(x - left).clamp(0, width), (y - top).clamp(0, height),
                                      (x + right).clamp(0, width), (y + bottom).clamp(0, height)], 1))
            scores.append(joint[place, label])
            labels.append(label)
        all_boxes, all_scores, all_labels = torch.cat(boxes), torch.cat(scores), torch.cat(labels)
        kept = suppress(all_boxes, all_scores, all_labels, overlap, most)
        found.append((all_boxes[kept], all_scores[kept], all_labels[kept]))
    return found
)"},
};

std::string Replaced(std::string text, const std::string& word, const std::string& by) {
  for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size())) text.replace(at, word.size(), by);
  return text;
}

std::vector<int> LevelChannels(const NetworkSpec& spec) {
  std::vector<int> channels;
  for (const FeatureLevel& level : HeadLevels(spec)) channels.push_back(level.channels);
  return channels;
}

PythonHead UPerNetSource(const NetworkSpec& spec) {
  const std::vector<int> cins = LevelChannels(spec);
  PythonHead head;
  head.init = {fmt::format("self.decode_head = UPerHead([{}], {}, {})", fmt::join(cins, ", "), spec.head.channels, spec.head.classes),
               fmt::format("self.auxiliary_head = AuxiliaryHead({}, {}, {})", cins.at(2), spec.head.channels / 2, spec.head.classes)};
  head.methods = {"    def forward(self, images):\n        return self.decode_head(self.head_features(images))\n",
                  "    def forward_auxiliary(self, images):\n        return self.auxiliary_head(self.head_features(images)[2])\n"};
  return head;
}

PythonHead DetectorSource(const NetworkSpec& spec) {
  const bool gfl = spec.head.type == "gflv2", plain = spec.head.type == "fcos_plain";
  PythonHead head;
  head.init = {
      fmt::format("self.neck = Pyramid([{}], {}, {})", fmt::join(LevelChannels(spec), ", "), spec.head.channels, gfl ? "False" : "True"),
      gfl ? fmt::format("self.bbox_head = GflHead({}, {})", spec.head.channels, spec.head.classes)
          : fmt::format("self.bbox_head = FcosHead({}, {}, plain={})", spec.head.channels, spec.head.classes, plain ? "True" : "False")};
  head.methods = {
      "    def forward(self, images) -> List[Tuple[Tensor, Tensor, Tensor]]:\n        return "
      "self.bbox_head(self.neck(self.head_features(images)))\n"};
  return head;
}

}  // namespace

PythonHead PythonDenseHead(const NetworkSpec& spec) {
  const std::string& type = spec.head.type;
  const bool detector = type == "gflv2" || type == "fcos" || type == "fcos_plain";
  if (!detector && type != "upernet") throw base::FailedError("head '" + type + "' has no form in Python", spec.name);
  PythonHead head = detector ? DetectorSource(spec) : UPerNetSource(spec);
  std::string calls = fmt::format("{}\n", fmt::join(head.init, "\n"));
  if (detector) calls += "detect(";
  std::string pieces = PythonPieces(calls, kPieces);
  pieces = Replaced(pieces, "OVERLAP", type == "fcos_plain" ? "0.5" : "0.6");
  pieces = Replaced(pieces, "THRESHOLD", type == "gflv2" ? "joint" : "alone");
  head.pieces = Replaced(pieces, " + HALF", type == "gflv2" ? "" : " + stride // 2");
  return head;
}

}  // namespace deepmad::mad
