#include "train/report/page.h"

#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace deepmad::train {
namespace {

constexpr const char* kStyle = R"(
:root { color-scheme: light; --ink: #1b2430; --soft: #5b6776; --line: #dfe4ea; --accent: #0b62a4; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 1080px; padding: 32px 24px 64px; color: var(--ink); background: #fff;
       font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
h1 { font-size: 26px; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 17px; margin: 36px 0 10px; padding-bottom: 4px; border-bottom: 1px solid var(--line); }
.subtitle { color: var(--soft); margin: 2px 0 0; overflow-wrap: anywhere; }
.figures { display: flex; flex-wrap: wrap; gap: 12px; margin: 24px 0 0; }
.figure { flex: 1 1 130px; border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; }
.figure b { display: block; font-size: 22px; color: var(--accent); font-variant-numeric: tabular-nums; }
.figure span { color: var(--soft); font-size: 13px; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: 4px 14px 4px 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { font-weight: 600; color: var(--soft); }
.numbers th, .numbers td { text-align: right; padding: 4px 0 4px 18px; }
.scroll { overflow-x: auto; }
img { max-width: 100%; height: auto; display: block; }
.pictures { display: flex; flex-wrap: wrap; gap: 16px; }
figure { margin: 0; width: 160px; }
figcaption { color: var(--soft); font-size: 13px; overflow-wrap: anywhere; }
@media print { body { max-width: none; padding: 0; } h2 { break-after: avoid; } tr { break-inside: avoid; } }
)";

std::string Escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string Base64(std::string_view bytes) {
  static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (size_t i = 0; i < bytes.size(); i += 3) {
    uint32_t group = 0;
    for (size_t j = 0; j < 3; ++j) group = group << 8 | (i + j < bytes.size() ? static_cast<unsigned char>(bytes[i + j]) : 0u);
    for (size_t j = 0; j < 4; ++j) out += i + j > bytes.size() ? '=' : kDigits[group >> (18 - 6 * j) & 63];
  }
  return out;
}

// As an image, an SVG can neither run scripts nor disturb the style of the page.
std::string Image(const std::string& type, const std::string& bytes, const std::string& description) {
  return fmt::format("<div class=\"scroll\"><img alt=\"{}\" src=\"data:{};base64,{}\"></div>\n", description, type, Base64(bytes));
}

std::string Row(const std::vector<std::string>& cells, const char* tag) {
  std::string row = "<tr>";
  for (const std::string& cell : cells) row += fmt::format("<{0}>{1}</{0}>", tag, Escaped(cell));
  return row + "</tr>\n";
}

std::string Table(const PageTable& table) {
  std::string html = "<div class=\"scroll\"><table class=\"numbers\">\n" + Row(table.columns, "th");
  for (const std::vector<std::string>& row : table.rows) html += Row(row, "td");
  return html + "</table></div>\n";
}

// Counts on a ground that is the darker the larger their share of the row.
std::string Matrix(const PageTable& table) {
  std::string html = "<div class=\"scroll\"><table class=\"numbers\">\n" + Row(table.columns, "th");
  for (const std::vector<std::string>& row : table.rows) {
    double sum = 0;
    for (size_t i = 1; i < row.size(); ++i) sum += std::atof(row[i].c_str());
    html += fmt::format("<tr><th>{}</th>", Escaped(row[0]));
    for (size_t i = 1; i < row.size(); ++i) {
      const double share = sum > 0 ? std::atof(row[i].c_str()) / sum : 0;
      html += fmt::format("<td style=\"background: rgb(11 98 164 / {:.0f}%)\">{}</td>", 60 * share, Escaped(row[i]));
    }
    html += "</tr>\n";
  }
  return html + "</table></div>\n";
}

}  // namespace

std::string PageHtml(const PageContent& content) {
  const std::string title = Escaped(content.title);
  std::string html = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{0}</title>\n<style>{1}</style>\n</head>\n<body>\n"
      "<h1>{0}</h1>\n",
      title, kStyle);
  if (!content.subtitle.empty()) html += fmt::format("<p class=\"subtitle\">{}</p>\n", Escaped(content.subtitle));
  if (!content.figures.empty()) {
    html += "<div class=\"figures\">\n";
    for (const auto& [name, value] : content.figures) {
      html += fmt::format("<div class=\"figure\"><b>{}</b><span>{}</span></div>\n", Escaped(value), Escaped(name));
    }
    html += "</div>\n";
  }
  if (!content.summary.empty()) {
    html += "<h2>Summary</h2>\n<table>\n";
    for (const auto& [name, value] : content.summary)
      html += fmt::format("<tr><th>{}</th><td>{}</td></tr>\n", Escaped(name), Escaped(value));
    html += "</table>\n";
  }
  if (!content.structure_svg.empty())
    html += "<h2>Structure</h2>\n" + Image("image/svg+xml", content.structure_svg, "structure of the network");
  if (!content.curves_png.empty()) html += "<h2>Curves</h2>\n" + Image("image/png", content.curves_png, "curves of the metrics");
  if (!content.metrics.columns.empty()) html += "<h2>Metrics</h2>\n" + Table(content.metrics);
  if (!content.classes.columns.empty()) html += "<h2>Classes</h2>\n" + Table(content.classes);
  if (!content.confusion.columns.empty()) {
    html +=
        "<h2>Confusion</h2>\n<p class=\"subtitle\">rows: the true class; columns: what it was taken for</p>\n" + Matrix(content.confusion);
  }
  if (!content.confused.columns.empty()) html += "<h2>Most confused classes</h2>\n" + Table(content.confused);
  if (!content.pictures.empty()) {
    html += "<h2>Worst mistakes</h2>\n<div class=\"pictures\">\n";
    for (const PagePicture& picture : content.pictures) {
      html += fmt::format("<figure><img alt=\"{0}\" src=\"data:image/jpeg;base64,{1}\"><figcaption>{0}</figcaption></figure>\n",
                          Escaped(picture.caption), Base64(picture.jpeg));
    }
    html += "</div>\n";
  }
  return html + "</body>\n</html>\n";
}

}  // namespace deepmad::train
