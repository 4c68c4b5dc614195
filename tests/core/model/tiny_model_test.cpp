#include "core/model/tiny_model.h"

#include <filesystem>
#include <string>

#include "core/base/hash.h"
#include "core/base/temporary_directory.h"
#include "tests/support/golden.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

void check_files(const std::filesystem::path& directory, const std::string& golden) {
  const auto files = read_golden(golden).at("files");
  CHECK(files.size() == 4);
  for (const auto& [name, hash] : files.items()) {
    CAPTURE(name);
    CHECK(sha256_file(directory / name) == hash.get<std::string>());
  }
}

// The parity tests compare with what transformers computed with the files of the Python twin.
TEST_CASE("the tiny encoder has the same bytes in C++ and in Python", "[core][model]") {
  const auto [golden, type] = GENERATE(table<std::string, EncoderType>(
      {{"tiny_bert", EncoderType::kBert}, {"tiny_xlmr", EncoderType::kXlmRoberta}}));
  const TemporaryDirectory directory;
  write_tiny_model(directory.path(), type);
  check_files(directory.path(), golden);
}

TEST_CASE("the build makes the tiny encoder beside the program", "[core][model]") {
  check_files(std::filesystem::path(SOJOURN_BINARY_DIR) / "share/sojourn/tiny-encoder",
              "tiny_xlmr");
}

}  // namespace
}  // namespace sojourn
