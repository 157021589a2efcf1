// deepmad pack RUN.yaml --out DIR
#include <fmt/format.h>

#include <filesystem>
#include <thread>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/folder_lock.h"
#include "base/progress.h"
#include "cli/command.h"
#include "data/inputs/open_datasets.h"
#include "data/pack/format.h"
#include "data/pack/writer.h"

namespace deepmad::cli {
namespace {

class PackCommand : public Command {
 public:
  void Declare(CLI::App& app) override {
    app.add_option("--out", out_, "Folder of the pack; created if absent")->required();
    app.add_option("--store", store_,
                   "files: the pictures' own bytes. pixels: decoded, several times larger and faster to read. Both give the same batches")
        ->check(CLI::IsMember({"files", "pixels"}))
        ->capture_default_str();
    app.add_option(
           "--resize", shorter_side_,
           "Training pictures with a longer shorter side are resized to it: smaller and faster, but other pixels. Validation stays exact")
        ->check(CLI::Range(1, 65500));
    app.add_option("--quality", quality_, "Of resized pictures that are stored as files (JPEG)")
        ->check(CLI::Range(1, 100))
        ->capture_default_str();
    app.add_option("--shard-samples", shard_samples_, "Samples a file")->check(CLI::Range(1, 1 << 30))->capture_default_str();
  }
  std::string Example() const override {
    return "deepmad pack configs/run/imagenet_mini.yaml data.root=/data/imagenet --out /data/imagenet-pack --store pixels";
  }

  void Run() override {
    const Split split = SplitArguments(1, 1, "run file");
    base::Config config = LoadConfig(split.files[0], split.overrides, "seed");
    config.Override("data.cache=none");  // a cache would hand out pixels in place of files
    const data::Datasets sets = data::OpenDatasets(config.Section("data"));
    if (sets.labels != data::LabelKind::kWhole) {
      throw base::UsageError(
          fmt::format("a pack has a label for each picture, the data have one for each {}", data::LabelledThing(sets.labels)),
          config.Where("data"), "train from their own files");
    }
    if (std::filesystem::exists(out_ + "/" + data::kPackManifest)) {
      throw base::UsageError("there is a pack already", out_, "name another folder, or remove it first");
    }
    if (common.dry_run) {
      Print({{"train", sets.train->size()}, {"validation", sets.validation->size()}},
            fmt::format("would pack {} + {} samples\n", sets.train->size(), sets.validation->size()));
      return;
    }
    base::CreateFolder(out_);
    const base::FolderLock lock(out_);
    base::RemovePartialFiles(out_);
    base::Json splits = base::Json::object();
    splits["train"] = Write(*sets.train, "train", shorter_side_);
    splits["val"] = Write(*sets.validation, "val", 0);
    data::WritePackManifest(out_, sets.class_names(), splits);
    std::string text;
    for (const auto& [name, entry] : splits.items()) {
      int64_t bytes = 0;
      for (const base::Json& shard : entry.at("shards")) bytes += shard.at("bytes").get<int64_t>();
      text += fmt::format("{}: {} samples in {} shards, {}B\n", name, entry.at("samples").get<int64_t>(), entry.at("shards").size(),
                          base::FormatCount(static_cast<double>(bytes)));
    }
    Print(splits, text + "read it with data.name=pack data.root=" + out_ + "\n");
  }

 private:
  base::Json Write(const data::Dataset& dataset, const std::string& split, int shorter_side) const {
    data::PackOptions options;
    options.store = store_ == "pixels" ? data::PackOptions::Store::kPixels : data::PackOptions::Store::kFiles;
    options.shorter_side = shorter_side;
    options.quality = quality_;
    options.shard_samples = shard_samples_;
    options.threads = common.threads > 0 ? common.threads : static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
    base::Progress progress({.label = "pack " + split, .total = dataset.size()});
    return data::WritePackSplit(dataset, out_, split, options, [&](int64_t done) { progress.Update(done); });
  }

  std::string out_;
  std::string store_ = "files";
  int shorter_side_ = 0;
  int quality_ = 95;
  int64_t shard_samples_ = 16384;
};

}  // namespace

DEEPMAD_REGISTER(CommandRegistry, "pack", "writes a data set as a few large files that are read through memory",
                 [] { return std::make_unique<PackCommand>(); });

}  // namespace deepmad::cli
