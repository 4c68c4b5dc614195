// Readers of plain text files that say file and line of whatever is wrong.
#pragma once

#include <sojourn/dataset.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// The length of the well-formed UTF-8 sequence that `s` begins with, or 0 (Unicode 15, table
// 3-7).
inline std::size_t utf8_length(std::string_view s) noexcept {
  const auto byte = [&](std::size_t i) {
    return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return s.empty() ? 0 : 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  // Narrower after some first bytes: no overlong forms, no surrogates, nothing past U+10FFFF.
  unsigned low = 0x80;
  unsigned high = 0xBF;
  if (first == 0xE0) low = 0xA0;
  if (first == 0xED) high = 0x9F;
  if (first == 0xF0) low = 0x90;
  if (first == 0xF4) high = 0x8F;
  if (byte(1) < low || byte(1) > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80) return 0;
  }
  return length;
}

// The lines of a file, without their ends (LF or CRLF) and without a byte order mark. Throws
// DataError for a file without a line and for a line that isn't UTF-8.
class Lines {
 public:
  explicit Lines(const File& file) : path_(file.path), rest_(file.bytes) {
    constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
    if (rest_.substr(0, kByteOrderMark.size()) == kByteOrderMark)
      rest_.remove_prefix(kByteOrderMark.size());
    if (rest_.empty()) throw DataError(path_, 1, "the file is empty");
  }

  // Moves to the next line; false at the end.
  bool next() {
    if (rest_.empty()) return false;
    const std::size_t end = rest_.find('\n');
    text_ = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    if (!text_.empty() && text_.back() == '\r') text_.remove_suffix(1);
    ++number_;
    check_utf8();
    return true;
  }

  std::string_view text() const noexcept { return text_; }
  std::size_t number() const noexcept { return number_; }  // from 1
  const std::string& path() const noexcept { return path_; }

  // What is wrong with this line: "2 columns, expected 3".
  [[noreturn]] void fail(const std::string& what) const { throw DataError(path_, number_, what); }

 private:
  void check_utf8() const {
    for (std::size_t at = 0; at < text_.size();) {
      const std::size_t length = utf8_length(text_.substr(at));
      if (length == 0) fail("byte " + std::to_string(at + 1) + " of the line isn't UTF-8");
      at += length;
    }
  }

  std::string path_;
  std::string_view rest_;
  std::string_view text_;
  std::size_t number_ = 0;
};

// What lies between tabs.
inline std::vector<std::string_view> split_columns(std::string_view text) {
  std::vector<std::string_view> found;
  for (;;) {
    const std::size_t tab = text.find('\t');
    found.push_back(text.substr(0, tab));
    if (tab == std::string_view::npos) return found;
    text.remove_prefix(tab + 1);
  }
}

// What lies between single spaces; nothing of an empty text.
inline std::vector<std::string_view> split_at_spaces(std::string_view text) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    parts.push_back(text.substr(0, text.find(' ')));
    const std::size_t end = parts.back().size();
    text.remove_prefix(end == text.size() ? end : end + 1);
  }
  return parts;
}

// The columns of a line, of which there must be exactly `count`. Throws DataError.
inline std::vector<std::string_view> columns(const Lines& line, std::size_t count) {
  auto found = split_columns(line.text());
  if (found.size() != count) {
    line.fail(std::to_string(found.size()) + (found.size() == 1 ? " column" : " columns") +
              " between tabs, expected " + std::to_string(count));
  }
  return found;
}

// The place of `text` in `names`. Throws DataError: "label 'neutrl', expected one of ...".
inline std::size_t index_of(const Lines& line, const std::vector<std::string>& names,
                            std::string_view text, const char* what) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (names[i] == text) return i;
  }
  std::string message = std::string(what) + " '" + std::string(text) + "', expected one of";
  for (const auto& name : names) message += " " + name;
  line.fail(message);
}

}  // namespace sojourn::sdk
#pragma GCC visibility pop
