#include "core/model/safetensors.h"

#include <cstdint>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <ATen/ops/arange.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/tensor.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "tests/support/input_error.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

using Catch::Contains;

std::string length_field(std::uint64_t length) {
  std::string bytes;
  for (unsigned int i = 0; i < 8; ++i)
    bytes.push_back(static_cast<char>(length >> (8 * i) & 0xFFU));
  return bytes;
}

std::string safetensors_bytes(const std::string& header, const std::string& data) {
  return length_field(header.size()) + header + data;
}

// A header with one tensor "w", for tests of what is said of it.
std::string header_of_w(const std::string& tensor) { return R"({"w":)" + tensor + "}"; }

class SafetensorsFixture {
 protected:
  // What loading a file of these bytes, and every tensor in it, fails with; "(no error)" if it
  // doesn't.
  std::string failure(const std::string& bytes) const {
    // Not write_file: some thousand syncs take long, and so does truncating what is there.
    std::filesystem::remove(file());
    std::ofstream(file(), std::ios::binary) << bytes;
    return input_error_of([&] {
      const SafetensorsFile loaded(file());
      for (const auto& [name, entry] : loaded.entries()) {
        const at::Tensor copy = loaded.tensor(name).clone();  // reads all its bytes
        CHECK(copy.nbytes() == entry.bytes);
      }
    });
  }
  std::filesystem::path file() const { return directory_.path() / "w.safetensors"; }

 private:
  TemporaryDirectory directory_;
};

TEST_CASE_METHOD(SafetensorsFixture, "whole numbers, bytes and metadata are written too",
                 "[core][model]") {
  const at::Tensor numbers = at::arange(3, at::kLong);
  const at::Tensor bytes = at::arange(5, at::kByte);
  write_safetensors(file(),
                    {{"bytes", {5}, [&] { return bytes.contiguous(); }, at::kByte},
                     {"numbers", {3}, [&] { return numbers.contiguous(); }, at::kLong}},
                    {{"key", R"({"a": "\n"})"}});
  const SafetensorsFile read(file());
  CHECK(at::equal(read.tensor("bytes"), bytes));
  CHECK(at::equal(read.tensor("numbers"), numbers));
  CHECK(read.metadata() ==
        std::map<std::string, std::string>{{"format", "pt"}, {"key", R"({"a": "\n"})"}});
}

TEST_CASE_METHOD(SafetensorsFixture, "what was written is read again, without a copy",
                 "[core][model]") {
  at::Tensor weight = at::arange(6, at::kFloat).reshape({2, 3});
  write_safetensors(file(),
                    {{"weight", {2, 3}, [&] { return weight; }},
                     {"nothing", {0, 4}, [] { return at::arange(0, at::kFloat).reshape({0, 4}); }},
                     {"scalar", {}, [] { return at::tensor(2.5F).reshape({}); }}});

  at::Tensor read;
  {
    const SafetensorsFile loaded(file());
    REQUIRE(loaded.entries().size() == 3);
    read = loaded.tensor("weight");
    CHECK(read.const_data_ptr() == loaded.tensor("weight").const_data_ptr());
    CHECK(loaded.tensor("nothing").sizes() == at::IntArrayRef({0, 4}));
    CHECK(loaded.tensor("scalar").item<float>() == 2.5F);
  }
  CHECK(at::equal(read, weight));  // the file's object is gone, its mapping isn't
}

TEST_CASE_METHOD(SafetensorsFixture, "the bytes written are those of the format", "[core][model]") {
  write_safetensors(file(), {{"b", {1}, [] { return at::tensor({1.F}); }},
                             {"a", {1}, [] { return at::tensor({-2.F}); }}});

  std::string header =
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
      R"("a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})";
  header.resize((header.size() + 7) / 8 * 8, ' ');
  CHECK(read_file(file()) == safetensors_bytes(header, std::string("\0\0\x80\x3F\0\0\0\xC0", 8)));
}

TEST_CASE_METHOD(SafetensorsFixture, "a tensor that isn't as announced leaves the old file",
                 "[core][model]") {
  write_file(file(), "old");
  const auto write = [&](const at::Tensor& value) {
    write_safetensors(file(), {{"a", {2, 3}, [&] { return value; }}});
  };
  at::Tensor good = at::arange(6, at::kFloat);
  CHECK_THROWS_WITH(write(good), Contains("'a'"));
  CHECK_THROWS_AS(write(good.reshape({2, 3}).to(at::kDouble)), Error);
  CHECK_THROWS_AS(write(good.reshape({3, 2}).t()), Error);
  CHECK_THROWS_AS(write_safetensors(
                      file(), {{"a", {6}, [&] { return good; }}, {"a", {6}, [&] { return good; }}}),
                  Error);
  CHECK(read_file(file()) == "old");
  CHECK(std::distance(std::filesystem::directory_iterator(file().parent_path()), {}) == 1);
}

TEST_CASE_METHOD(SafetensorsFixture, "every type of the format is read, aligned or not",
                 "[core][model]") {
  struct Case {
    std::string dtype, bytes;
    at::ScalarType type;
    double value;
  };
  const std::vector<Case> cases = {
      {"F32", std::string("\0\0\xC0\x3F", 4), at::kFloat, 1.5},
      {"F16", std::string("\0\x3E", 2), at::kHalf, 1.5},
      {"BF16", std::string("\xC0\x3F", 2), at::kBFloat16, 1.5},
      {"F64", std::string("\0\0\0\0\0\0\xF8\x3F", 8), at::kDouble, 1.5},
      {"I64", std::string(8, '\xFF'), at::kLong, -1},
      {"I32", std::string(4, '\xFF'), at::kInt, -1},
      {"I16", std::string(2, '\xFF'), at::kShort, -1},
      {"I8", "\xFF", at::kChar, -1},
      {"U8", "\xFF", at::kByte, 255},
      {"BOOL", "\x01", at::kBool, 1}};
  for (const auto& [dtype, bytes, type, value] : cases) {
    for (std::size_t padding = 0; padding < 8; ++padding) {
      CAPTURE(dtype, padding);
      const std::string header =
          header_of_w(R"({"dtype":")" + dtype + R"(","shape":[],"data_offsets":[0,)" +
                      std::to_string(bytes.size()) + "]}") +
          std::string(padding, ' ');
      write_file(file(), safetensors_bytes(header, bytes));
      const auto tensor = SafetensorsFile(file()).tensor("w");
      CHECK(tensor.scalar_type() == type);
      CHECK(tensor.item<double>() == value);
    }
  }
}

TEST_CASE_METHOD(SafetensorsFixture, "a header that can't be trusted is refused by name",
                 "[core][model]") {
  const std::string eight(8, '\0');
  const auto w = [](const std::string& tensor) {
    return safetensors_bytes(header_of_w(tensor), std::string(8, '\0'));
  };
  const auto [bytes, message] = GENERATE_COPY(table<std::string, std::string>({
      {"", "found a file of 0 bytes"},
      {"1234567", "found a file of 7 bytes"},
      {length_field(3) + "{}", "claims 3 bytes, expected at most 2"},
      {length_field(~std::uint64_t{0}) + "{}", "claims 18446744073709551615 bytes"},
      {safetensors_bytes("", ""), "isn't JSON"},
      {safetensors_bytes("{\"w\"", eight), "isn't JSON"},
      {safetensors_bytes("{\"\xFF\":1}", ""), "isn't JSON"},
      {safetensors_bytes("[]", ""), "found array, expected an object"},
      {safetensors_bytes(std::string(100'000, '['), ""), "nested deeper"},
      {safetensors_bytes(R"({"w":1,"w":2})", ""), "the key 'w' is there twice"},
      {w(R"({"dtype":"F32","dtype":"F64"})"), "the key 'dtype' is there twice"},
      {w("7"), "tensor 'w': found number, expected an object"},
      {w(R"({"shape":[2],"data_offsets":[0,8]})"), "tensor 'w': found no 'dtype'"},
      {w(R"({"dtype":"F32","data_offsets":[0,8]})"), "tensor 'w': found no 'shape'"},
      {w(R"({"dtype":"F32","shape":[2]})"), "tensor 'w': found no 'data_offsets'"},
      {w(R"({"dtype":3,"shape":[2],"data_offsets":[0,8]})"), "tensor 'w': 'dtype': found number"},
      {w(R"({"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]})"),
       "tensor 'w': found dtype 'F8_E4M3', expected one of F32"},
      {w(R"({"dtype":"F32","shape":"2","data_offsets":[0,8]})"),
       "tensor 'w': 'shape': found string"},
      {w(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"),
       "tensor 'w': 'shape': found '-2'"},
      {w(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})"),
       "tensor 'w': 'shape': found '2.0'"},
      {w(R"({"dtype":"F32","shape":[9223372036854775808],"data_offsets":[0,8]})"),
       "tensor 'w': 'shape': found '9223372036854775808'"},
      {w(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]})"),
       "expected one whose size in bytes fits"},
      {w(R"({"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0]})"),
       "expected one whose size in bytes fits"},
      {w(R"({"dtype":"F32","shape":[0,4294967296,4294967296],"data_offsets":[0,0]})"),
       "expected one whose size in bytes fits"},
      {w(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})"), "tensor 'w': found 1 data_offsets"},
      {w(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"),
       "tensor 'w': found data_offsets [8,0]"},
      {w(R"({"dtype":"F32","shape":[2],"data_offsets":[-8,0]})"),
       "tensor 'w': 'data_offsets': found '-8'"},
      {w(R"({"dtype":"F32","shape":[4],"data_offsets":[0,16]})"), "within the 8 bytes of data"},
      {w(R"({"dtype":"F32","shape":[1],"data_offsets":[9223372036854775807,9223372036854775807]})"),
       "within the 8 bytes of data"},
      {w(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"),
       "found 8 bytes (data_offsets [0,8]), expected 12"},
      {w(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})"),
       "found 4 bytes after the last tensor"},
      {w(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})"),
       "tensor 'w': found its data at byte 4, expected 0: a gap"},
      {w(R"({"dtype":"BOOL","shape":[8],"data_offsets":[0,8]},"v":{"dtype":"F32","shape":[1],"data_offsets":[4,8]})"),
       "tensors overlap"},
      {safetensors_bytes(R"({"b":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}})", "\x02"),
       "tensor 'b': found a BOOL that"},
      {safetensors_bytes(R"({"__metadata__":[]})", ""), "'__metadata__': found array"},
      {safetensors_bytes(R"({"__metadata__":{"format":1}})", ""),
       "'__metadata__': found number under 'format'"},
  }));
  CAPTURE(bytes.substr(0, 200));
  const std::string found = failure(bytes);
  CHECK_THAT(found, Contains(message));
  CHECK_THAT(found, Contains(file().string()));
  CHECK(found.size() < 700);
}

TEST_CASE_METHOD(SafetensorsFixture, "a header of more than 100 MB is refused unread",
                 "[core][model]") {
  write_file(file(), length_field(100'000'001) + "{");
  std::filesystem::resize_file(file(), 100'000'100);
  CHECK_THAT(input_error_of([&] { SafetensorsFile{file()}; }),
             Contains("claims 100000001 bytes, expected at most 100000000"));
}

// A small file with types of every alignment, its data not aligned.
std::string fuzz_seed() {
  return safetensors_bytes(
      R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
      R"("b":{"dtype":"I64","shape":[1],"data_offsets":[24,32]},)"
      R"("c":{"dtype":"BOOL","shape":[3],"data_offsets":[32,35]}})",
      std::string(32, '\x3F') + std::string("\0\x01\x01", 3));
}

TEST_CASE_METHOD(SafetensorsFixture, "a file that ends anywhere too early is refused",
                 "[core][model]") {
  const std::string whole = fuzz_seed();
  REQUIRE(failure(whole) == "(no error)");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    CAPTURE(length);
    CHECK_THAT(failure(whole.substr(0, length)), Contains(file().string()));
  }
}

TEST_CASE_METHOD(SafetensorsFixture, "whatever a byte of the header becomes, it is read or refused",
                 "[core][model]") {
  const std::string whole = fuzz_seed();
  const std::size_t header = whole.size() - 35;
  int refused = 0;
  for (std::size_t at = 0; at < header; ++at) {
    std::vector<char> values = {'\0', '"', '{', '}', '[', ',', '0', '9', '-', '\x80'};
    const auto old = static_cast<unsigned char>(whole[at]);
    for (unsigned int bit = 0; bit < 8; ++bit)
      values.push_back(static_cast<char>(old ^ (1U << bit)));
    values.push_back(static_cast<char>(old ^ 0xFFU));
    for (const char value : values) {
      if (value == whole[at]) continue;
      std::string changed = whole;
      changed[at] = value;
      const std::string found = failure(changed);
      if (found == "(no error)") continue;
      ++refused;
      if (found.find(file().string()) == std::string::npos)
        FAIL_CHECK("byte " << at << ": " << found);
    }
  }
  CHECK(refused > static_cast<int>(header) * 8);  // a change of a name goes unnoticed, most don't
}

}  // namespace
}  // namespace sojourn
