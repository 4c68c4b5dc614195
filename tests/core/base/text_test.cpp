#include "core/base/text.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

TEST_CASE("malformed UTF-8 is found at its first byte", "[core][base]") {
  CHECK_FALSE(invalid_utf8_at("plain, ä, 漢, 🙂"));
  CHECK(invalid_utf8_at("ab\xff") == 2);
  CHECK(invalid_utf8_at("\xc0\xaf") == 0);          // overlong
  CHECK(invalid_utf8_at("a\xed\xa0\x80") == 1);     // surrogate
  CHECK(invalid_utf8_at("\xf4\x90\x80\x80") == 0);  // past U+10FFFF
  CHECK(invalid_utf8_at("a\xe6\xbc") == 1);         // cut off
}

TEST_CASE("the nearest name is offered only where it is near", "[core][base]") {
  const std::vector<std::string> names{"peak_lr", "epochs", "warmup"};
  CHECK(did_you_mean("peek_lr", names) == " (did you mean 'peak_lr'?)");
  CHECK(did_you_mean("epoch", names) == " (did you mean 'epochs'?)");
  CHECK(did_you_mean("zzzzzzzzzzzzzzzz", names).empty());
}

TEST_CASE("sizes are said in the unit that suits them", "[core][base]") {
  CHECK(bytes_text(0) == "0 B");
  CHECK(bytes_text(999) == "999 B");
  CHECK(bytes_text(1000) == "1.0 kB");
  CHECK(bytes_text(1'250'000) == "1.3 MB");
  CHECK(bytes_text(999'960) == "1.0 MB");
  CHECK(bytes_text(1'112'000'000) == "1.1 GB");
}

}  // namespace
}  // namespace sojourn
