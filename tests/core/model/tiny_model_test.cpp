#include "tests/support/tiny_model.h"

#include <string>

#include "core/base/hash.h"
#include "tests/support/golden.h"
#include "tests/support/temporary_directory.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

// The parity tests compare with what transformers computed with the files of the Python twin.
TEST_CASE("the tiny encoder has the same bytes in C++ and in Python", "[core][model]") {
  const auto [golden, type] = GENERATE(table<std::string, EncoderType>(
      {{"tiny_bert", EncoderType::kBert}, {"tiny_xlmr", EncoderType::kXlmRoberta}}));
  const TemporaryDirectory directory;
  write_tiny_model(directory.path(), type);
  const auto files = read_golden(golden).at("files");
  CHECK(files.size() == 4);
  for (const auto& [name, hash] : files.items()) {
    CAPTURE(name);
    CHECK(sha256_file(directory.path() / name) == hash.get<std::string>());
  }
}

}  // namespace
}  // namespace sojourn
