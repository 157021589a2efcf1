#include "base/config/config_yaml.h"

#include <fmt/format.h>
#include <yaml-cpp/depthguard.h>
#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <sstream>

#include "base/error.h"

namespace deepmad::base {
namespace {

// yaml-cpp guesses UTF-16 and UTF-32; a configuration is UTF-8.
void CheckEncoding(const std::string& text, const ConfigSource& source) {
  const size_t zero = text.find('\0');
  if (zero == std::string::npos && !text.starts_with("\xFF\xFE") && !text.starts_with("\xFE\xFF")) return;
  const auto lines = zero == std::string::npos ? 0 : std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(zero), '\n');
  throw UsageError("not a text in UTF-8", source.At(static_cast<int>(lines) + 1));
}

// yaml-cpp takes a quote that is still open at the end of the text for closed. An end-of-document line, which means nothing elsewhere, is
// an error inside quotes.
std::string WithEndMarker(const std::string& text) { return text + (text.ends_with('\n') ? "...\n" : "\n...\n"); }

class DocumentStart : public YAML::EventHandler {
 public:
  int line = 0;  // of the last document
  void OnDocumentStart(const YAML::Mark& mark) override { line = LineOf(mark, 0); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

// YAML::LoadAll would do, but never ends where a document starts with a stray bracket or comma (yaml-cpp 0.7): it finds one empty document
// after the other there. Events alone cost a tenth of the nodes.
void CheckOneDocument(const std::string& text, const ConfigSource& source) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStart handler;
  if (parser.HandleNextDocument(handler) && parser.HandleNextDocument(handler)) {
    throw UsageError("more than one YAML document", source.At(handler.line), "keep one, without '---' between, and check the brackets");
  }
}

}  // namespace

int LineOf(const YAML::Mark& mark, int fallback) { return mark.line >= 0 ? mark.line + 1 : fallback; }

std::optional<YAML::Node> ReadYaml(const std::string& text, const ConfigSource& source) {
  CheckEncoding(text, source);
  const std::string whole = WithEndMarker(text);
  try {
    CheckOneDocument(whole, source);
    const YAML::Node document = YAML::Load(whole);
    return document.IsDefined() && !document.IsNull() ? std::optional(document) : std::nullopt;
  } catch (const YAML::DeepRecursion& error) {
    // yaml-cpp recurses, but stops itself (since 0.7) at 500 levels, long before the stack ends.
    throw UsageError(fmt::format("nested more than {} levels deep", kMaxConfigDepth), source.At(LineOf(error.mark, 1)));
  } catch (const YAML::Exception& error) {
    const bool open_quote = error.msg == YAML::ErrorMsg::DOC_IN_SCALAR || error.msg == YAML::ErrorMsg::EOF_IN_SCALAR;
    throw UsageError("not valid YAML: " + (open_quote ? "a quote is not closed" : error.msg), source.At(LineOf(error.mark, 1)));
  }
}

}  // namespace deepmad::base
