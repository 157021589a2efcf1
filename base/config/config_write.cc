// Tree -> YAML text.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "base/config/config_node.h"

namespace deepmad::base {
namespace {

using Kind = ConfigNode::Kind;

bool IsWordCharacter(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '.' || c == '/' || c == '-' || c == '+';
}

// Words that YAML 1.1 or 1.2 readers take for something else than a string.
bool IsReservedWord(const std::string& text) {
  static constexpr std::array<const char*, 9> kWords = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  std::string lower = text;
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kWords.begin(), kWords.end(), lower) != kWords.end();
}

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
    } else {
      out += c;
    }
  }
  return out + "\"";
}

// A string that needs no quotes: a word that starts with a letter, '_' or '/' and means nothing else in YAML.
bool IsPlainString(const std::string& text) {
  if (text.empty() || IsReservedWord(text) || !std::all_of(text.begin(), text.end(), IsWordCharacter)) return false;
  return std::isdigit(static_cast<unsigned char>(text[0])) == 0 && text[0] != '.' && text[0] != '-' && text[0] != '+';
}

// A plain scalar of a file (a number, a boolean, a word) stays plain, so that its type stays what it was.
bool MayStayPlain(const std::string& text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), IsWordCharacter)) return false;
  return text[0] != '-' || (text.size() > 1 && (text[1] == '.' || std::isdigit(static_cast<unsigned char>(text[1])) != 0));
}

std::string ScalarText(const ConfigNode& node) {
  if (!node.resolved.empty()) return IsPlainString(node.resolved) ? node.resolved : Quoted(node.resolved);
  const bool plain = node.quoted ? IsPlainString(node.text) : MayStayPlain(node.text);
  return plain ? node.text : Quoted(node.text);
}

bool IsWritten(const ConfigNode& node) {
  if (node.given || node.kind != Kind::kMap) return true;
  // A section that is in no file counts once a default was asked from it.
  return std::any_of(node.children.begin(), node.children.end(), [](const auto& child) { return IsWritten(*child.second); });
}

bool IsFlowList(const ConfigNode& node) {
  return std::all_of(node.children.begin(), node.children.end(),
                     [](const auto& child) { return child.second->kind == Kind::kScalar || child.second->kind == Kind::kNull; });
}

void Write(const ConfigNode& node, size_t indent, std::string& out);

// What stands behind "key:" or "-".
void WriteValue(const ConfigNode& node, size_t indent, std::string& out) {
  switch (node.kind) {
    case Kind::kNull:
      out += " null\n";
      return;
    case Kind::kScalar:
      out += " " + ScalarText(node) + "\n";
      return;
    case Kind::kList:
      if (IsFlowList(node)) {
        out += " [";
        for (size_t i = 0; i < node.children.size(); ++i) {
          const ConfigNode& item = *node.children[i].second;
          out += (i > 0 ? ", " : "") + (item.kind == Kind::kNull ? std::string("null") : ScalarText(item));
        }
        out += "]\n";
        return;
      }
      break;
    case Kind::kMap:
      if (node.children.empty()) {
        out += " {}\n";
        return;
      }
      break;
  }
  out += "\n";
  Write(node, indent + 2, out);
}

void Write(const ConfigNode& node, size_t indent, std::string& out) {
  for (const auto& [key, child] : node.children) {
    if (!IsWritten(*child)) continue;
    out.append(indent, ' ');
    out += node.kind == Kind::kList ? "-" : (IsPlainString(key) ? key : Quoted(key)) + ":";
    WriteValue(*child, indent, out);
  }
}

}  // namespace

std::string WriteConfigTree(const ConfigNode& root) {
  if (root.children.empty()) return "{}\n";
  std::string out;
  Write(root, 0, out);
  return out.empty() ? "{}\n" : out;
}

}  // namespace deepmad::base
