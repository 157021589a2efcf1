#include "mad/report/structure_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/progress.h"
#include "mad/cost/network_cost.h"

namespace deepmad::mad {
namespace {

constexpr double kTop = 64, kPlotHeight = 220, kLabelHeight = 92, kGap = 14, kMargin = 24;
// One colour a stage, from stem to head.
constexpr const char* kStageColours[] = {"#4e79a7", "#59a14f", "#edc948", "#f28e2b", "#e15759", "#b07aa1", "#76b7b2", "#9c755f"};

std::string Escape(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string TypeLabel(const BlockSpec& block) { return fmt::format("{} x{}", block.type, block.depth); }

double BoxLength(int depth) { return 44 + 14 * std::sqrt(static_cast<double>(depth) - 1); }
// Room for the box and for the type below it, 6 units a letter.
double SlotLength(const BlockSpec& block) {
  return std::max({64.0, BoxLength(block.depth), 6.0 * static_cast<double>(TypeLabel(block).size())});
}

std::string Label(double x, double y, const char* style, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" class=\"{}\" text-anchor=\"middle\">{}</text>\n", x, y, style, text);
}

}  // namespace

std::string StructureSvg(const NetworkSpec& network) {
  const std::vector<PlacedBlock> blocks = PlaceBlocks(network);
  const NetworkCost cost = Cost(network);
  double length = 2 * kMargin;
  int widest = 1;
  for (const PlacedBlock& block : blocks) {
    length += SlotLength(*block.spec) + kGap;
    widest = std::max({widest, block.spec->out_channels, block.spec->bottleneck_channels});
  }
  length = std::max(length, 420.0);
  const double height = kTop + kPlotHeight + kLabelHeight;
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0:.0f} {1:.0f}\" width=\"{0:.0f}\" height=\"{1:.0f}\">\n"
      "<style>text{{font-family:sans-serif;fill:#222}}.title{{font-size:16px;font-weight:bold}}.sub{{font-size:12px;fill:#555}}"
      ".label{{font-size:11px}}.small{{font-size:10px;fill:#555}}</style>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      length, height);
  svg += fmt::format("<text x=\"{}\" y=\"26\" class=\"title\">{}</text>\n", kMargin, Escape(network.name));
  svg += fmt::format("<text x=\"{}\" y=\"46\" class=\"sub\">{} input, {}MACs, {}parameters, {} layers</text>\n", kMargin,
                     InputText(network.input), base::FormatCount(cost.macs), base::FormatCount(cost.params) + " ", cost.layers);
  const double scale = kPlotHeight / std::sqrt(static_cast<double>(widest));
  const double middle = kTop + kPlotHeight / 2;
  double x = kMargin;
  for (const PlacedBlock& block : blocks) {
    const BlockSpec& spec = *block.spec;
    const double box = BoxLength(spec.depth);
    const double slot = SlotLength(spec);
    const double left = x + (slot - box) / 2, centre = x + slot / 2;
    const double out_height = scale * std::sqrt(static_cast<double>(spec.out_channels));
    const char* colour = kStageColours[static_cast<size_t>(block.stage) % std::size(kStageColours)];
    svg += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"4\" fill=\"{}\" fill-opacity=\"0.85\"/>\n",
                       left, middle - out_height / 2, box, out_height, colour);
    if (spec.bottleneck_channels > 0) {
      const double inner = scale * std::sqrt(static_cast<double>(spec.bottleneck_channels));
      svg += fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"#fff\" fill-opacity=\"0.45\"/>\n",
                         left + box / 4, middle - inner / 2, box / 2, inner);
    }
    const double labels = kTop + kPlotHeight + 18;
    svg += Label(centre, labels, "label", Escape(TypeLabel(spec)));
    svg += Label(centre, labels + 16, "label",
                 spec.bottleneck_channels > 0 ? fmt::format("{} / {}", spec.bottleneck_channels, spec.out_channels)
                                              : std::to_string(spec.out_channels));
    svg += Label(centre, labels + 32, "small", fmt::format("k{} s{}", KernelText(spec), spec.stride));
    svg += Label(centre, labels + 46, "small", fmt::format("{}x{}", block.out_size.h, block.out_size.w));
    x += slot + kGap;
  }
  return svg + "</svg>\n";
}

}  // namespace deepmad::mad
