// deepmad import FILE.txt [--out network.yaml]
#include <fmt/format.h>

#include <charconv>
#include <filesystem>
#include <iostream>

#include "base/atomic_file.h"
#include "base/log.h"
#include "base/text_file.h"
#include "cli/command.h"
#include "mad/network/tinynas_structure.h"
#include "mad/report/design_report.h"

namespace deepmad::cli {
namespace {

namespace fs = std::filesystem;

// "3x224x224", or "3x16x224x224" with frames.
mad::InputSpec InputFromText(const std::string& text) {
  std::vector<int> sizes;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    int size = 0;
    const auto [behind, error] = std::from_chars(at, end, size);
    if (error != std::errc{}) break;
    sizes.push_back(size);
    at = behind;
    if (at == end || *at != 'x') break;
    ++at;
  }
  if (at != end || (sizes.size() != 3 && sizes.size() != 4)) {
    throw base::UsageError(fmt::format("input '{}'", text), "--input", "give CHANNELSxHEIGHTxWIDTH or CHANNELSxFRAMESxHEIGHTxWIDTH");
  }
  const size_t last = sizes.size() - 1;
  return {.channels = sizes[0], .height = sizes[last - 1], .width = sizes[last], .frames = sizes.size() == 4 ? sizes[1] : 1};
}

class ImportCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    app.add_option("--out", out_, "file to write; the terminal without it");
    app.add_option("--input", input_, "size of the input, as 3x224x224 or 3x16x224x224 (frames second)");
    app.add_option("--classes", classes_, "classes of the classifier; 0: a backbone that gives features")->capture_default_str();
    app.add_option("--index", index_, "which structure of a file that holds several, from 0")->capture_default_str();
  }
  std::string Example() const override { return "deepmad import deepmad-R18.txt --out network.yaml"; }

  void Run() override {
    const Split split = SplitArguments(1, 1, "structure file");
    const std::string& file = split.files[0];
    const std::string extension = fs::path(file).extension().string();
    const std::string result = extension == ".yaml" || extension == ".yml" ? mad::NetworkToReleasedText(mad::LoadNetwork(file))
                                                                           : mad::NetworkToYaml(FromText(file));
    if (out_.empty()) {
      std::cout << result;
    } else if (!common.dry_run) {
      base::WriteFileAtomically(out_, result);
      base::LogInfo("written to " + out_);
    }
  }

 private:
  mad::NetworkSpec FromText(const std::string& file) const {
    if (!fs::exists(file)) throw base::UsageError("no such file", file, "give a released structure text");
    mad::ReleasedTextOptions options;
    options.name = fs::path(file).stem().string();
    if (!input_.empty()) options.input = InputFromText(input_);
    options.head.classes = classes_;
    if (classes_ == 0) options.head.type = "features";
    options.index = index_;
    return mad::NetworkFromReleasedText(base::ReadTextFile(file), file, options);
  }

  std::string out_, input_;
  int classes_ = 1000;
  size_t index_ = 0;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "import", "a released structure text as a network file, or a network file (.yaml) as that text",
                 [] { return std::make_unique<ImportCommand>(); });

}  // namespace deepmad::cli
