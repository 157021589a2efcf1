#include "train/report/page.h"

#include <gtest/gtest.h>

namespace deepmad::train {
namespace {

bool Contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

TEST(Page, ShowsEveryPart) {
  PageContent content;
  content.title = "fashion-quickstart";
  content.subtitle = "seed 0";
  content.figures = {{"top-1", "91.8 %"}};
  content.summary = {{"parameters", "69.1 k"}};
  content.structure_svg = "<svg/>";
  content.curves_png = "M";
  content.metrics = {{"epoch", "top-1"}, {{"1", "0.85"}}};
  content.confusion = {{"", "cat", "dog"}, {{"cat", "3", "1"}}};
  content.confused = {{"true class"}, {{"dog"}}};
  content.pictures = {{"J", "a cat, taken for dog"}};
  const std::string html = PageHtml(content);
  for (const char* part :
       {"<td style=\"background: rgb(11 98 164 / 45%)\">3</td>", "<th>cat</th>", "<td>dog</td>",
        "data:image/jpeg;base64,Sg==", "<figcaption>a cat, taken for dog</figcaption>", "<!DOCTYPE html>",
        "<title>fashion-quickstart</title>", "<h1>fashion-quickstart</h1>", "seed 0", "<b>91.8 %</b><span>top-1</span>",
        "<tr><th>parameters</th><td>69.1 k</td></tr>", "data:image/svg+xml;base64,PHN2Zy8+",
        "data:image/png;base64,TQ==", "<tr><th>epoch</th><th>top-1</th></tr>", "<tr><td>1</td><td>0.85</td></tr>", "</html>"}) {
    EXPECT_TRUE(Contains(html, part)) << part;
  }
}

TEST(Page, LeavesOutEmptyParts) {
  const std::string html = PageHtml({});
  for (const char* part : {"<h2>", "<img", "<table", "class=\"figures\"", "class=\"subtitle\""}) EXPECT_FALSE(Contains(html, part)) << part;
}

TEST(Page, EscapesAllText) {
  const std::string evil = "<script>alert(\"x\" & 'y')</script>";
  PageContent content;
  content.title = content.subtitle = evil;
  content.figures = content.summary = {{evil, evil}};
  content.structure_svg = content.curves_png = evil;
  content.metrics = content.confusion = content.confused = {{evil, evil}, {{evil, evil}}};
  content.pictures = {{evil, evil}};
  const std::string html = PageHtml(content);
  EXPECT_FALSE(Contains(html, "<script"));
  EXPECT_TRUE(Contains(html, "<h1>&lt;script&gt;alert(&quot;x&quot; &amp; &#39;y&#39;)&lt;/script&gt;</h1>"));
}

TEST(Page, NeedsNothingFromOutside) {
  PageContent content;
  content.structure_svg = content.curves_png = "x";
  const std::string html = PageHtml(content);
  EXPECT_FALSE(Contains(html, "http:") || Contains(html, "https:") || Contains(html, "<link") || Contains(html, "src=\"/"));
}

// RFC 4648, section 10.
TEST(Page, ImagesAreBase64) {
  const std::pair<const char*, const char*> cases[] = {{"f", "Zg=="},        {"fo", "Zm8="},        {"foo", "Zm9v"},
                                                       {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, digits] : cases) {
    PageContent content;
    content.curves_png = bytes;
    EXPECT_TRUE(Contains(PageHtml(content), std::string("base64,") + digits + "\"")) << bytes;
  }
}

}  // namespace
}  // namespace deepmad::train
