// report.html: one file that shows a run and opens without a network.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace deepmad::train {

struct PageTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;  // each as long as `columns`
};

struct PagePicture {
  std::string jpeg;  // bytes
  std::string caption;
};

// All text is plain: it is escaped. An empty part is left out.
struct PageContent {
  std::string title;
  std::string subtitle;                                      // one line below it
  std::vector<std::pair<std::string, std::string>> figures;  // the numbers that matter, shown large: {"top-1", "91.8 %"}
  std::vector<std::pair<std::string, std::string>> summary;  // name and value
  std::string structure_svg;                                 // an SVG document
  std::string curves_png;                                    // bytes of a PNG
  PageTable metrics;
  PageTable classes;                  // the score of each
  PageTable confusion;                // the first column names the class, the others count; shaded by share of the row
  PageTable confused;                 // the same for many classes: only the pairs that are taken for each other most
  std::vector<PagePicture> pictures;  // the worst mistakes
};

std::string PageHtml(const PageContent& content);

}  // namespace deepmad::train
