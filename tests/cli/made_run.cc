#include "tests/cli/made_run.h"

namespace deepmad::cli {

std::vector<std::string> MadeRun::Words(const std::string& out, const std::vector<std::string>& overrides) const {
  std::vector<std::string> words = {
      "train", folder_.File("run.yaml"),     "--out", out, "--quiet", "--json", "--device", "cpu", "--threads",
      "1",     "data.root=" + folder_.path()};
  words.insert(words.end(), overrides.begin(), overrides.end());
  return words;
}

}  // namespace deepmad::cli
