#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "base/atomic_file.h"
#include "data/batching/batch_prefetcher.h"
#include "data/image/image_io.h"
#include "data/inputs/open_datasets.h"
#include "data/pack/format.h"
#include "data/pack/writer.h"
#include "data/transforms/resize.h"
#include "tests/data/miniatures.h"
#include "tests/data/numbered_dataset.h"

namespace deepmad::data {
namespace {

namespace fs = std::filesystem;

std::unique_ptr<Dataset> Open(const std::string& name, const std::string& keys, Split split) {
  return DatasetRegistry::Get().Create(name, base::Config::FromText(keys), split);
}

void WritePack(const std::string& folder, const std::string& name, const std::string& keys, const PackOptions& options) {
  const auto train = Open(name, keys, Split::kTrain), validation = Open(name, keys, Split::kValidation);
  WritePackManifest(
      folder, train->class_names(),
      {{"train", WritePackSplit(*train, folder, "train", options)}, {"val", WritePackSplit(*validation, folder, "val", options)}});
}

PackOptions Options(PackOptions::Store store, int64_t shard_samples = 5, int threads = 2) {
  PackOptions options;
  options.store = store;
  options.shard_samples = shard_samples;
  options.threads = threads;
  return options;
}

// The image folder's miniature: 12 + 6 pictures in 3 classes, JPEG and PNG, colour and grey.
class PackOfPictures : public testing::Test {
 protected:
  PackOfPictures() : keys_(Miniatures().at("image_folder")(pictures_) + "cache: none\n") {}

  void Write(const PackOptions& options) { WritePack(pack_.path(), "image_folder", keys_, options); }
  std::unique_ptr<Dataset> OpenPack(Split split = Split::kTrain, const std::string& more = "cache: none\n") const {
    return Open("pack", "root: " + pack_.path() + "\n" + more, split);
  }
  std::string FailureOfPack() const {
    return ErrorOf(base::ErrorKind::kFailed, [&] { OpenPack(); });
  }

  TemporaryFolder pictures_, pack_;
  std::string keys_;
};

std::vector<float> AllBatches(const Dataset& dataset) {
  const base::Config section =
      base::Config::FromText("{image_size: 16, train: {augment: {name: randaugment}, erasing: {probability: 0.5, fill: pixels}}}");
  StreamOptions options;
  options.sampler = {4, 7, true, true};
  BatchStream stream(dataset, ReadInputOptions(section).train_pipeline, options, PlainBatchAllocator());
  std::vector<float> values;
  HostBatch batch;
  for (int64_t epoch = 0; epoch < 2; ++epoch) {
    stream.StartEpoch(epoch);
    while (stream.Next(&batch)) {
      values.insert(values.end(), batch.images, batch.images + batch.size * 3 * 16 * 16);
      values.insert(values.end(), batch.labels, batch.labels + batch.size);
    }
  }
  return values;
}

TEST_F(PackOfPictures, GivesTheBatchesOfTheFolderBitByBit) {
  const auto folder = Open("image_folder", keys_, Split::kTrain);
  const std::vector<float> expected = AllBatches(*folder);
  ASSERT_EQ(expected.size(), 24u * (3 * 16 * 16 + 1));
  for (const PackOptions::Store store : {PackOptions::Store::kFiles, PackOptions::Store::kPixels}) {
    Write(Options(store));
    for (const char* cache : {"cache: none\n", "cache: auto\n"}) EXPECT_EQ(AllBatches(*OpenPack(Split::kTrain, cache)), expected);
    EXPECT_TRUE(fs::exists(pack_.path() + "/train-00002.pack"));
    EXPECT_EQ(OpenPack(Split::kValidation)->size(), 6);
  }
}

TEST_F(PackOfPictures, KeepsTheOriginalsBytesLabelsAndNames) {
  Write(Options(PackOptions::Store::kFiles));
  const auto folder = Open("image_folder", keys_, Split::kTrain), pack = OpenPack();
  EXPECT_EQ(pack->class_names(), folder->class_names());
  ASSERT_EQ(pack->size(), folder->size());
  for (int64_t i = 0; i < pack->size(); ++i) {
    EXPECT_EQ(pack->Get(i).picture.encoded(), base::ReadFile(folder->source(i)));
    EXPECT_EQ(pack->label(i), folder->label(i));
    const std::string shard = pack_.path() + "/train-0000" + std::to_string(i / 5) + ".pack#";
    EXPECT_EQ(pack->source(i), shard + folder->source(i).substr(pictures_.path().size() + 7));  // behind ROOT/train/
  }
}

TEST_F(PackOfPictures, ShardsDoNotDependOnTheNumberOfThreads) {
  Write(Options(PackOptions::Store::kPixels, 4, 1));
  const std::string first = base::ReadFile(pack_.path() + "/train-00001.pack"), manifest = base::ReadFile(pack_.path() + "/pack.json");
  Write(Options(PackOptions::Store::kPixels, 4, 3));
  EXPECT_EQ(base::ReadFile(pack_.path() + "/train-00001.pack"), first);
  EXPECT_EQ(base::ReadFile(pack_.path() + "/pack.json"), manifest);
}

TEST_F(PackOfPictures, ResizesLargePicturesAndLeavesSmallOnes) {
  for (const PackOptions::Store store : {PackOptions::Store::kFiles, PackOptions::Store::kPixels}) {
    PackOptions options = Options(store);
    options.shorter_side = 21;
    Write(options);
    const auto folder = Open("image_folder", keys_, Split::kTrain), pack = OpenPack();
    for (int64_t i = 0; i < pack->size(); ++i) {
      const Image original = folder->Get(i).picture.Decode(), packed = pack->Get(i).picture.Decode();
      const Size size{original.height, original.width};
      if (std::min(size.height, size.width) <= 21) {
        EXPECT_EQ(packed.pixels, original.pixels);
        continue;
      }
      const Image expected = Resize(original, SizeForShorterSide(size, 21), Interpolation::kBicubic);
      ASSERT_EQ(std::tuple(packed.height, packed.width, packed.channels), std::tuple(expected.height, expected.width, expected.channels));
      const int allowed = store == PackOptions::Store::kPixels ? 0 : 8;  // JPEG
      for (size_t k = 0; k < packed.pixels.size(); ++k) ASSERT_NEAR(packed.pixels[k], expected.pixels[k], allowed);
    }
  }
}

TEST_F(PackOfPictures, NamesTheSampleWhoseContentIsDamaged) {
  Write(Options(PackOptions::Store::kFiles));
  const std::string path = pack_.path() + "/train-00001.pack";
  std::string bytes = base::ReadFile(path);
  const PackedSample sample = PackShard(bytes, path).sample(2);
  bytes[static_cast<size_t>(sample.content.data() - bytes.data()) + sample.content.size() / 2] ^= 1;
  pack_.Write("train-00001.pack", bytes);
  const auto pack = OpenPack();
  EXPECT_NO_THROW(pack->Get(6));
  const std::string message = ErrorOf(base::ErrorKind::kFailed, [&] { pack->Get(7); });
  ExpectContains(message, path + "#" + std::string(PackShard(bytes, path).sample(2).name));
  ExpectContains(message, "another checksum");
}

TEST_F(PackOfPictures, NamesADamagedShardWhateverByteOfItsFrameIsHit) {
  Write(Options(PackOptions::Store::kFiles));
  const std::string path = pack_.path() + "/train-00000.pack";
  const std::string whole = base::ReadFile(path);
  const PackedSample last = PackShard(whole, path).sample(4);
  const size_t content_end = static_cast<size_t>(last.content.data() - whole.data()) + last.content.size();
  for (size_t i = 0; i < whole.size(); ++i) {
    if (i == 12) i = (content_end + 7) / 8 * 8;  // unused bytes of the header, contents
    std::string bytes = whole;
    bytes[i] ^= 0x10;
    pack_.Write("train-00000.pack", bytes);
    ExpectContains(FailureOfPack(), path);
  }
  for (const size_t size : {size_t{0}, size_t{7}, size_t{47}, whole.size() / 2, whole.size() - 1}) {
    pack_.Write("train-00000.pack", whole.substr(0, size));
    ExpectContains(FailureOfPack(), path);
  }
}

TEST_F(PackOfPictures, NamesAShardThatIsMissingOrOfAnotherPack) {
  Write(Options(PackOptions::Store::kFiles));
  const std::string other = base::ReadFile(pack_.path() + "/train-00001.pack");
  pack_.Write("train-00000.pack", other);
  ExpectContains(FailureOfPack(), "a shard of another pack: " + pack_.path() + "/train-00000.pack");
  fs::remove(pack_.path() + "/train-00000.pack");
  ExpectContains(FailureOfPack(), pack_.path() + "/train-00000.pack");
}

TEST_F(PackOfPictures, NamesADamagedManifest) {
  Write(Options(PackOptions::Store::kFiles));
  const std::string path = pack_.path() + "/pack.json", whole = base::ReadFile(path);
  for (const std::string& text :
       {std::string("{"), std::string("[]"), std::string("{\"version\": 1}"), whole.substr(0, whole.size() / 2)}) {
    pack_.Write("pack.json", text);
    ExpectContains(FailureOfPack(), path);
  }
  pack_.Write("pack.json", "{\"version\": 2}");
  ExpectContains(FailureOfPack(), "a pack of version 2");
}

TEST_F(PackOfPictures, IsNotThereBeforeItIsFinished) {
  const auto train = Open("image_folder", keys_, Split::kTrain);
  WritePackSplit(*train, pack_.path(), "train", Options(PackOptions::Store::kFiles));
  const std::string message = ErrorOf(base::ErrorKind::kUsage, [&] { OpenPack(); });
  ExpectContains(message, "not a finished pack");
}

TEST(PackWriter, StopsAtABrokenSampleAndLeavesNoPartOfItsShard) {
  for (const int threads : {1, 3}) {
    NumberedDataset numbered(20);
    numbered.broken = 13;
    const TemporaryFolder folder;
    const std::string message = ErrorOf(base::ErrorKind::kFailed, [&] {
      WritePackSplit(numbered, folder.path(), "train", Options(PackOptions::Store::kPixels, 5, threads));
    });
    ExpectContains(message, "number#13");
    for (const auto& entry : fs::directory_iterator(folder.path())) {
      EXPECT_NE(entry.path().filename().string(), "train-00002.pack");
      EXPECT_FALSE(entry.path().filename().string().starts_with('.')) << entry.path();
    }
  }
}

TEST(PackShard, NamesWhatIsNoShardOrOfAnotherVersion) {
  PackShardWriter writer;
  std::string bytes = writer.Begin();
  bytes += writer.End();
  EXPECT_EQ(PackShard(bytes, "x").size(), 0);
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { PackShard("GIF89a", "a.pack"); }), "not a shard of a packed data set: a.pack");
  bytes[8] = 2;
  ExpectContains(ErrorOf(base::ErrorKind::kFailed, [&] { PackShard(bytes, "a.pack"); }), "of version 2");
}

}  // namespace
}  // namespace deepmad::data
