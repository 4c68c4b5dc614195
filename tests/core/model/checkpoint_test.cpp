#include "core/model/checkpoint.h"

#include <string>

#include <ATen/ops/tensor.h>

#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "tests/support/input_error.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

using Catch::Contains;

class CheckpointFixture {
 protected:
  void write_one(const std::string& file, const std::string& name, float value) const {
    write_safetensors(path() / file, {{name, {1}, [&] { return at::tensor({value}); }}});
  }
  void write_index(const std::string& weight_map) const {
    write_file(path() / "model.safetensors.index.json",
               R"({"metadata":{"total_size":8},"weight_map":)" + weight_map + "}");
  }
  std::string failure() const {
    return input_error_of([&] { Checkpoint::open(path()); });
  }
  const std::filesystem::path& path() const { return directory_.path(); }

 private:
  TemporaryDirectory directory_;
};

TEST_CASE_METHOD(CheckpointFixture, "shards are one set of tensors", "[core][model]") {
  write_one("model-00001-of-00002.safetensors", "a", 1);
  write_one("model-00002-of-00002.safetensors", "b", 2);
  write_index(R"({"a":"model-00001-of-00002.safetensors","b":"model-00002-of-00002.safetensors"})");

  const auto checkpoint = Checkpoint::open(path());
  CHECK(checkpoint.names() == std::vector<std::string>{"a", "b"});
  CHECK(checkpoint.tensor("b").item<float>() == 2);
  CHECK(checkpoint.file_of("b") == path() / "model-00002-of-00002.safetensors");
  CHECK_FALSE(checkpoint.has("c"));
  CHECK(checkpoint.file_of("c") == path());
  CHECK_THAT(input_error_of([&] { checkpoint.tensor("c"); }), Contains("no tensor 'c'"));
}

TEST_CASE_METHOD(CheckpointFixture, "a single file goes before an index", "[core][model]") {
  write_one("model.safetensors", "a", 1);
  write_index(R"({"a":"gone.safetensors"})");
  CHECK(Checkpoint::open(path()).tensor("a").item<float>() == 1);
}

TEST_CASE_METHOD(CheckpointFixture, "an index that doesn't fit its directory is refused by name",
                 "[core][model]") {
  write_one("one.safetensors", "a", 1);
  const auto [weight_map, message] = GENERATE(table<std::string, std::string>({
      {R"({"a":"gone.safetensors"})",
       "no file 'gone.safetensors' in the directory, expected it for tensor 'a'"},
      {R"({"a":"one.safetensors","b":"one.safetensors"})", "one.safetensors: found no tensor 'b'"},
      {R"({"a":"../one.safetensors"})",
       "for tensor 'a', expected the name of a file in the same directory"},
      {R"({"a":"/etc/passwd"})", "for tensor 'a', expected the name of a file"},
      {R"({"a":".."})", "for tensor 'a', expected the name of a file"},
      {R"({"a":""})", "for tensor 'a', expected the name of a file"},
      {"{\"a\":\"one\\u0000.safetensors\"}", "for tensor 'a', expected the name of a file"},
      {R"({"a":3})", "for tensor 'a', expected the name of a file"},
      {"[]", "'weight_map': found array, expected an object"},
      {R"({"a":"one.safetensors","a":"two.safetensors"})", "the key 'a' is there twice"},
      {"{", "isn't JSON"},
      {R"({"a":")" + std::string(300, 'x') + R"("})", "no file 'xxx"},
  }));
  CAPTURE(weight_map);
  write_index(weight_map);
  CHECK_THAT(failure(), Contains(message));
  CHECK_THAT(failure(), Contains(path().string()));
}

TEST_CASE_METHOD(CheckpointFixture, "weights in a pickle are refused with the way to convert them",
                 "[core][model]") {
  CHECK_THAT(failure(), Contains("found no weights, expected model.safetensors"));
  write_file(path() / "pytorch_model.bin", "\x80\x02.");
  CHECK_THAT(failure(),
             Contains("found only pytorch_model.bin") &&
                 Contains("save_pretrained('" + path().string() + "', safe_serialization=True)"));
}

}  // namespace
}  // namespace sojourn
