#include <sojourn/tagged_words.h>
#include <sojourn/text_files.h>
#include <sojourn/unique_ids.h>

#include <string>
#include <string_view>
#include <vector>

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

std::vector<std::string> lines_of(std::string_view bytes) {
  std::vector<std::string> found;
  for (sdk::Lines lines({"f", bytes}); lines.next();) found.emplace_back(lines.text());
  return found;
}

TEST_CASE("Lines end in LF or CRLF, the last with or without, and a byte order mark is no text",
          "[sdk]") {
  const std::vector<std::string> expected{"a", "", "b"};
  CHECK(lines_of("a\n\nb\n") == expected);
  CHECK(lines_of("a\n\nb") == expected);
  CHECK(lines_of("a\r\n\r\nb\r\n") == expected);
  CHECK(lines_of("\xEF\xBB\xBF"
                 "a\n\nb") == expected);
  CHECK(lines_of("a\rb\n") == std::vector<std::string>{"a\rb"});
}

TEST_CASE("A file without a line is refused", "[sdk]") {
  CHECK_THROWS_WITH(lines_of(""), "f:1: the file is empty");
  CHECK_THROWS_WITH(lines_of("\xEF\xBB\xBF"), "f:1: the file is empty");
}

TEST_CASE("Whatever isn't UTF-8 is refused with line and byte", "[sdk]") {
  const std::string bytes = GENERATE("\x80", "\xc0\xaf", "\xc3", "\xe0\x80\x80", "\xed\xa0\x80",
                                     "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\xf0\x9f\x98");
  CHECK_THROWS_WITH(lines_of("a\nb" + bytes + "\n"), "f:2: byte 2 of the line isn't UTF-8");
  CHECK(lines_of("\u00e9\u4e2d\U0001F600\n") == std::vector<std::string>{"\u00e9\u4e2d\U0001F600"});
}

TEST_CASE("An id is neither empty nor there twice", "[sdk]") {
  sdk::UniqueIds ids("pairID");
  sdk::Lines line({"f", "a\nb\n"});
  line.next();
  ids.add("1", line);
  line.next();
  CHECK_THROWS_WITH(ids.add("", line), "f:2: pairID is empty");
  CHECK_THROWS_WITH(ids.add("1", line), "f:2: pairID '1' again, first on line 1");
}

TEST_CASE("A tag of an open set has no space, which is between tags in predictions", "[sdk]") {
  const std::vector<std::string> any;
  sdk::TaggedWordsReader good({"f", "The\tNP/N\n"}, any, "train");
  CHECK(good.read().size() == 1);
  sdk::TaggedWordsReader bad({"f", "The\tN P\n"}, any, "train");
  CHECK_THROWS_WITH(bad.read(), "f:1: tag 'N P' has a space");
}

}  // namespace
}  // namespace sojourn
