#include "data/annotations/coco_annotations.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <limits>

#include "base/atomic_file.h"
#include "base/error.h"
#include "data/annotations/coco_results.h"
#include "tests/data/pictures.h"
#include "tests/temporary_folder.h"

namespace deepmad::data {
namespace {

class CocoFiles : public testing::Test {
 protected:
  static std::string Replace(std::string text, const std::string& from, const std::string& to) {
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  }
  template <typename Read>
  std::string Failure(const std::string& text, const Read& read) {
    try {
      read(folder_.Write("broken.json", text));
    } catch (const base::Error& error) {
      EXPECT_EQ(error.kind(), base::ErrorKind::kFailed);
      return error.what();
    }
    return "no error";
  }

  const std::string whole_ =
      R"({"info": {"year": 2017}, "images": [{"license": 3, "file_name": "b.jpg", "height": 426, "width": 640, "id": 9},
  {"id": 0, "file_name": "\u0061.jpg", "width": 3, "height": 2}],
  "annotations": [{"segmentation": [[1, 2, 3.5]], "area": 5100.6326, "iscrowd": 0, "image_id": 9, "bbox": [346.82, 283.14, 87.79, 102.41],
                   "category_id": 18, "id": 2232},
                  {"segmentation": {"counts": [1, 2], "size": [2, 3]}, "area": 6, "iscrowd": 1, "image_id": 0, "bbox": [0, 0, 2, 1], "category_id": 2, "id": 0},
                  {"image_id": 9, "category_id": 2, "bbox": [-1, 2, 3, 1e2], "id": 5}],
  "categories": [{"supercategory": "animal", "id": 18, "name": "dog"}, {"id": 2}], "licenses": []})";
  const std::string results_ = R"([{"image_id": 9, "category_id": 18, "bbox": [1.5, -2, 3, 4], "score": 0.25, "segmentation": []},
  {"score": 1, "bbox": [0, 0, 1, 1], "category_id": 2, "image_id": 0}])";
  TemporaryFolder folder_;
};

TEST_F(CocoFiles, AnAnnotationFileGivesImagesAnnotationsAndCategories) {
  const CocoAnnotations file = ReadCocoAnnotations(folder_.Write("whole.json", whole_));
  ASSERT_EQ(file.images.size(), 2u);
  EXPECT_EQ(std::tuple(file.images[0].id, file.images[0].file_name, file.images[0].width, file.images[0].height),
            std::tuple(0, "a.jpg", 3, 2));
  EXPECT_EQ(std::tuple(file.images[1].id, file.images[1].file_name, file.images[1].width, file.images[1].height),
            std::tuple(9, "b.jpg", 640, 426));
  ASSERT_EQ(file.annotations.size(), 3u);
  const CocoAnnotation& first = file.annotations[0];
  EXPECT_EQ(std::tuple(first.id, first.image_id, first.category_id, first.area, first.crowd), std::tuple(2232, 9, 18, 5100.6326, false));
  EXPECT_EQ(first.box, (std::array<double, 4>{346.82, 283.14, 87.79, 102.41}));
  EXPECT_TRUE(file.annotations[1].crowd);
  EXPECT_EQ(file.annotations[2].area, 300) << "of the box where the file does not say";
  EXPECT_FALSE(file.annotations[2].crowd);
  ASSERT_EQ(file.categories.size(), 2u);
  EXPECT_EQ(std::tuple(file.categories[0].id, file.categories[0].name), std::tuple(2, "category 2"));
  EXPECT_EQ(std::tuple(file.categories[1].id, file.categories[1].name), std::tuple(18, "dog"));
  EXPECT_EQ(file.CategoryIndex(18), 1);
  EXPECT_EQ(file.CategoryIndex(3), -1);
  EXPECT_EQ(file.ImageIndex(9), 1);
}

TEST_F(CocoFiles, ListsMayComeInAnyOrderAndBeEmpty) {
  const CocoAnnotations file = ReadCocoAnnotations(folder_.Write("empty.json", R"({"categories":[],"annotations":[],"images":[]})"));
  EXPECT_TRUE(file.images.empty() && file.annotations.empty() && file.categories.empty());
}

TEST_F(CocoFiles, RealAnnotationsAreRead) {
  const char* root = std::getenv("DEEPMAD_TEST_DATA");
  if (root == nullptr) GTEST_SKIP() << "needs DEEPMAD_TEST_DATA";
  const std::string folder = std::string(root) + "/coco-mini/annotations/";
  const CocoAnnotations train = ReadCocoAnnotations(folder + "instances_train2017.json");
  const CocoAnnotations validation = ReadCocoAnnotations(folder + "instances_val2017.json");
  EXPECT_EQ(std::tuple(train.images.size(), train.annotations.size(), train.categories.size()), std::tuple(55u, 468u, 80u));
  EXPECT_EQ(std::tuple(validation.images.size(), validation.annotations.size(), validation.categories.size()), std::tuple(24u, 194u, 80u));
  int64_t crowds = 0;
  for (const CocoAnnotation& annotation : train.annotations) crowds += annotation.crowd;
  EXPECT_EQ(crowds, 7);
  EXPECT_EQ(train.categories.back().id, 90);
  EXPECT_EQ(train.categories.back().name, "toothbrush");
}

TEST_F(CocoFiles, BrokenAnnotationsNameTheAnnotationAndItsImage) {
  const struct {
    const char* from;
    const char* to;
    const char* words;
  } cases[] = {
      {"\"image_id\": 9, \"bbox\": [346", "\"image_id\": 8, \"bbox\": [346",
       "annotation 0 (id 2232, image 8): its image is not among the images"},
      {"\"category_id\": 18", "\"category_id\": 19", "annotation 0 (id 2232, image 9): its category 19 is not among the categories"},
      {"346.82", "NaN", "annotation 0 (id 2232, image 9): bbox: expected a number, got NaN"},
      {"346.82", "-Infinity", "annotation 0 (id 2232, image 9): bbox: expected a number, got -Infinity"},
      {"346.82", "1e999", "annotation 0 (id 2232, image 9): bbox: expected a number, got 1e999"},
      {"346.82", "\"346.82 px\"", "annotation 0 (id 2232, image 9): bbox: expected a number, got \"346.82 px\""},
      {"346.82", "\"nan\"", "annotation 0 (id 2232, image 9): bbox: expected a number, got \"nan\""},
      {"346.82, ", "", "annotation 0 (id 2232, image 9): bbox: expected 4 numbers, got 3"},
      {"346.82, ", "1, 346.82, ", "annotation 0 (id 2232, image 9): bbox: expected 4 numbers, got 5"},
      {"[346.82, 283.14, 87.79, 102.41]", "{\"x\": 1}", "annotation 0 (id 2232, image 9): bbox: expected 4 numbers, got an object"},
      {"[346.82, 283.14, 87.79, 102.41]", "null", "annotation 0 (id 2232, image 9): bbox: expected 4 numbers, got null"},
      {"\"bbox\": [346.82, 283.14, 87.79, 102.41],", "", "annotation 0 (id 2232, image 9): no bbox"},
      {"5100.6326", "[1, 2]", "annotation 0 (id 2232, image 9): area: expected a number, got a list of 2"},
      {"5100.6326", "[]", "annotation 0 (id 2232, image 9): area: expected a number, got a list of 0"},
      {"[346.82, 283.14, 87.79, 102.41]", "[]", "annotation 0 (id 2232, image 9): bbox: expected 4 numbers, got 0"},
      {"\"iscrowd\": 0", "\"iscrowd\": 2", "annotation 0 (id 2232, image 9): iscrowd: expected 0 or 1, got 2"},
      {"\"iscrowd\": 0", "\"iscrowd\": \"no\"", "annotation 0 (id 2232, image 9): iscrowd: expected a whole number, got \"no\""},
      {"\"category_id\": 18", "\"category_id\": 18.5", "annotation 0 (id 2232, image 9): category_id: expected a whole number, got 18.5"},
      {"\"category_id\": 18", "\"category_id\": \"dog\"",
       "annotation 0 (id 2232, image 9): category_id: expected a whole number, got \"dog\""},
      {"\"id\": 2232", "\"id\": \"02232\"", "annotation 0 (image 9): id: expected a whole number, got \"02232\""},
      {", \"id\": 5", "", "annotation 2 (image 9): no id"},
      {"\"id\": 2232", "\"id\": 99999999999999999999", "annotation 0 (image 9): id: expected a whole number"},
      {"\"id\": 2232", "\"id\": 5", "two annotations with id 5"},
      {"\"id\": 0, \"file_name\"", "\"id\": 9, \"file_name\"", "two images with id 9"},
      {"\"id\": 0, \"file_name\"", "\"file_name\"", "image 1: no id"},
      {"{\"id\": 2}", "{\"id\": 18}", "two categories with id 18"},
      {"{\"id\": 2}", "{}", "category 1: no id"},
      {"{\"id\": 2}", "2", "category 1: expected an object"},
      {"\"name\": \"dog\"", "\"name\": 7", "category 0 (id 18): name: expected a text, got 7"},
      {"\"width\": 640", "\"width\": 0", "image 0 (id 9): width: expected at least 1, got 0"},
      {"\"width\": 640", "\"width\": 6000000000", "image 0 (id 9): width: expected at least 1, got 6000000000"},
      {"\"height\": 426", "\"height\": \"426 px\"", "image 0 (id 9): height: expected a whole number, got \"426 px\""},
      {"b.jpg", "\xff.jpg", "not valid JSON"},
      {"\"area\": 6,", "\"area\" 6,", "annotation 1"},
      {"\"licenses\"", "\"images\"", "'images' a second time"},
      {"\"annotations\"", "\"annotation\"", "no list of annotations"},
      {"\"categories\"", "\"classes\"", "no list of categories"},
      {"\"images\": [", "\"images\": 3, \"x\": [", "expected a list, got '3'"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.words);
    const std::string failure = Failure(Replace(whole_, c.from, c.to), ReadCocoAnnotations);
    ExpectContains(failure, c.words);
    ExpectContains(failure, "broken.json");
  }
}

// As exporters, pandas and spreadsheets write them.
TEST_F(CocoFiles, WhatHasOneMeaningIsReadAndCounted) {
  const CocoAnnotations plain = ReadCocoAnnotations(folder_.Write("whole.json", whole_));
  const struct {
    const char* from;
    const char* to;
    const char* said;
  } cases[] = {
      {"\"iscrowd\": 0", "\"iscrowd\": null", "1 iscrowd null"},
      {"\"iscrowd\": 0", "\"iscrowd\": false", "1 iscrowd as true or false"},
      {"\"iscrowd\": 1", "\"iscrowd\": true", "1 iscrowd as true or false"},
      {"\"iscrowd\": 0", "\"iscrowd\": 0.0", "1 iscrowd with a fraction of zero"},
      {"\"iscrowd\": 0", "\"iscrowd\": \"0\"", "1 iscrowd as text"},
      {"\"category_id\": 18", "\"category_id\": \"18\"", "1 category_id as text"},
      {"\"category_id\": 18", "\"category_id\": 18.0", "1 category_id with a fraction of zero"},
      {"\"image_id\": 9, \"bbox\"", "\"image_id\": 9.0, \"bbox\"", "1 image_id with a fraction of zero"},
      {"\"width\": 640", "\"width\": \"640\"", "1 width as text"},
      {"\"id\": 18, ", "\"id\": \"18\", ", "1 id as text"},
      {"5100.6326", "[5100.6326]", ""},
      {"346.82, 283.14", "\"346.82\", \"283.14\"", "2 bbox as text"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.to);
    const std::string path = folder_.Write("exported.json", Replace(whole_, c.from, c.to));
    testing::internal::CaptureStderr();
    const CocoAnnotations file = ReadCocoAnnotations(path);
    EXPECT_EQ(testing::internal::GetCapturedStderr(), c.said[0] == 0 ? "" : path + ": read as meant: " + c.said + "\n");
    ASSERT_EQ(file.annotations.size(), plain.annotations.size());
    for (size_t i = 0; i < file.annotations.size(); ++i) {
      const CocoAnnotation &one = file.annotations[i], &other = plain.annotations[i];
      EXPECT_EQ(std::tuple(one.id, one.image_id, one.category_id, one.box, one.area, one.crowd),
                std::tuple(other.id, other.image_id, other.category_id, other.box, other.area, other.crowd));
    }
  }
  const CocoAnnotations without_area = ReadCocoAnnotations(folder_.Write("area.json", Replace(whole_, "5100.6326", "null")));
  EXPECT_EQ(without_area.annotations[0].area, 87.79 * 102.41);
}

TEST_F(CocoFiles, TheFirstFewOfManyBrokenAnnotationsAreNamedAndAllAreCounted) {
  std::string text = R"({"images": [{"id": 1}], "categories": [{"id": 1}], "annotations": [)";
  for (int i = 0; i < 5; ++i)
    text += (i > 0 ? ", " : "") + std::string(R"({"id": )") + std::to_string(i) + R"(, "image_id": 1, "category_id": 1, "bbox": []})";
  const std::string failure = Failure(text + "]}", ReadCocoAnnotations);
  ExpectContains(failure, "5 of its entries cannot be read; annotation 0 (id 0, image 1): bbox: expected 4 numbers, got 0; annotation 1 ");
  ExpectContains(failure, "annotation 2 (id 2, image 1): bbox: expected 4 numbers, got 0; ...: ");
  EXPECT_EQ(failure.find("annotation 3"), std::string::npos);
}

TEST_F(CocoFiles, ATruncatedFileIsAnErrorWhereverItEnds) {
  for (size_t length = 0; length < whole_.size(); ++length) {
    ASSERT_NE(Failure(whole_.substr(0, length), ReadCocoAnnotations), "no error") << length;
  }
  for (size_t length = 0; length < results_.size(); ++length) {
    ASSERT_NE(Failure(results_.substr(0, length), ReadCocoResults), "no error") << length;
  }
}

TEST_F(CocoFiles, AResultsFileGivesItsRowsInOrder) {
  const std::vector<CocoResult> results = ReadCocoResults(folder_.Write("results.json", results_));
  ASSERT_EQ(results.size(), 2u);
  EXPECT_EQ(std::tuple(results[0].image_id, results[0].category_id, results[0].score), std::tuple(9, 18, 0.25));
  EXPECT_EQ(results[0].box, (std::array<double, 4>{1.5, -2, 3, 4}));
  EXPECT_EQ(std::tuple(results[1].image_id, results[1].category_id, results[1].score), std::tuple(0, 2, 1.0));
  EXPECT_TRUE(ReadCocoResults(folder_.Write("none.json", "[]")).empty());
}

TEST_F(CocoFiles, ResultsOfOtherProgramsAreRead) {
  const std::string row = R"({"image_id": 9, "category_id": 18, "bbox": [1.5, -2, 3, 4], "score": 0.25})";
  for (const std::string& text :
       {"[" + row + "]", R"({"annotations": [)" + row + "]}", R"({"info": {}, "predictions": [)" + row + R"(], "x": 1})", row, row + "\n",
        "[" + Replace(row, "9", "\"9\"") + "]", "[" + Replace(row, "9", "9.0") + "]", "[" + Replace(row, "0.25", "\"0.25\"") + "]"}) {
    SCOPED_TRACE(text);
    const std::vector<CocoResult> results = ReadCocoResults(folder_.Write("results.json", text));
    ASSERT_EQ(results.size(), 1u);
    EXPECT_EQ(std::tuple(results[0].image_id, results[0].category_id, results[0].box, results[0].score),
              std::tuple(9, 18, std::array<double, 4>{1.5, -2, 3, 4}, 0.25));
  }
  EXPECT_EQ(ReadCocoResults(folder_.Write("lines.jsonl", row + "\n" + row + "\r\n" + row)).size(), 3u);
  EXPECT_TRUE(ReadCocoResults(folder_.Write("empty.json", R"({"results": []})")).empty());
  ExpectContains(Failure(row + "\n" + Replace(row, "0.25", "NaN") + "\n" + Replace(row, "18", "null"), ReadCocoResults),
                 "2 of its entries cannot be read; result 1 (image 9): score: expected a number, got NaN; result 2 (image 9): category_id");
}

TEST_F(CocoFiles, WrittenResultsAreReadBackToTheLastBit) {
  const std::vector<CocoResult> results = {{9, 18, {1.0 / 3, -0.1F, 1e-7, 640}, 0.1F}, {int64_t{1} << 40, 2, {0, 0, 1e20, 2.5}, 1}};
  const std::string path = folder_.File("written.json");
  WriteCocoResults(path, results);
  const std::vector<CocoResult> read = ReadCocoResults(path);
  ASSERT_EQ(read.size(), 2u);
  for (size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(std::tuple(read[i].image_id, read[i].category_id, read[i].box, read[i].score),
              std::tuple(results[i].image_id, results[i].category_id, results[i].box, results[i].score));
  }
  ExpectContains(base::ReadFile(path), R"({"image_id":1099511627776,"category_id":2,"bbox":[0,0,1e+20,2.5],"score":1})");
  WriteCocoResults(path, {});
  EXPECT_TRUE(ReadCocoResults(path).empty());
  try {
    WriteCocoResults(path, {{9, 18, {0, 0, std::numeric_limits<double>::quiet_NaN(), 1}, 1}});
    FAIL();
  } catch (const base::Error& error) {
    ExpectContains(error.what(), "result 0 (image 9): nan is no number for a file");
  }
  EXPECT_TRUE(ReadCocoResults(path).empty()) << "the old file stays";
}

TEST_F(CocoFiles, BrokenResultsNameTheResultAndItsImage) {
  const struct {
    const char* from;
    const char* to;
    const char* words;
  } cases[] = {
      {"0.25", "NaN", "result 0 (image 9): score: expected a number, got NaN"},
      {"0.25", "null", "result 0 (image 9): score: expected a number, got null"},
      {"\"score\": 1, ", "", "result 1 (image 0): no score"},
      {", \"image_id\": 0", "", "result 1: no image_id"},
      {"\"category_id\": 2", "\"category\": 2", "result 1 (image 0): no category_id"},
      {"\"bbox\": [0, 0, 1, 1]", "\"bbox\": []", "result 1 (image 0): bbox: expected 4 numbers, got 0"},
      {"\"image_id\": 9", "\"image_id\": \"0009\"", "result 0: image_id: expected a whole number, got \"0009\""},
      {"[{", "[5, {", "result 0: expected an object"},
  };
  for (const auto& c : cases) {
    SCOPED_TRACE(c.words);
    ExpectContains(Failure(Replace(results_, c.from, c.to), ReadCocoResults), c.words);
  }
  ExpectContains(Failure(whole_, ReadCocoResults), "expected a list of results, got annotations");
  ExpectContains(Failure(R"({"model": "x"})", ReadCocoResults), "expected a list, got an object without one");
  ExpectContains(Failure("7", ReadCocoResults), "expected a list, got '7'");
}

}  // namespace
}  // namespace deepmad::data
