// Comma-separated values with a header, as in RFC 4180: a quoted cell may hold commas, line breaks
// and doubled quotes.
#pragma once

#include <sojourn/text_files.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Throws DataError, at the line where the row begins: broken UTF-8, a quote that doesn't close or
// isn't followed by a comma, a wrong number of cells, a column that isn't in the header.
class CsvRows {
 public:
  explicit CsvRows(const File& file) : lines_(file) {
    read();
    header_ = std::move(cells_);
  }

  bool next() {
    if (!read()) return false;
    if (cells_.size() != header_.size()) {
      fail(std::to_string(cells_.size()) + " cells, expected " + std::to_string(header_.size()) +
           " as in the header");
    }
    return true;
  }

  const std::string& cell(std::string_view column) const {
    const auto found = std::find(header_.begin(), header_.end(), column);
    if (found == header_.end()) {
      throw DataError(lines_.path(), 1, "no column '" + std::string(column) + "' in the header");
    }
    return cells_[static_cast<std::size_t>(found - header_.begin())];
  }

  std::size_t number() const noexcept { return first_line_; }  // line on which the row begins
  [[noreturn]] void fail(const std::string& what) const {
    throw DataError(lines_.path(), first_line_, what);
  }
  // The place of `text` in `names`.
  std::size_t index_of(const std::vector<std::string>& names, std::string_view column) const {
    const std::string& text = cell(column);
    const auto found = std::find(names.begin(), names.end(), text);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    std::string message = std::string(column) + " '" + text + "', expected one of";
    for (const auto& name : names) message += " " + name;
    fail(message);
  }

 private:
  bool read() {
    if (!lines_.next()) return false;
    first_line_ = lines_.number();
    cells_.clear();
    rest_ = lines_.text();
    do {
      cells_.push_back(!rest_.empty() && rest_.front() == '"' ? quoted() : plain());
    } while (more());
    return true;
  }

  std::string plain() {
    const std::string_view cell = rest_.substr(0, rest_.find(','));
    rest_.remove_prefix(cell.size());
    return std::string(cell);
  }

  std::string quoted() {
    std::string cell;
    rest_.remove_prefix(1);
    for (;;) {
      const std::size_t quote = rest_.find('"');
      cell += rest_.substr(0, quote);
      if (quote == std::string_view::npos) {  // goes on in the next line
        if (!lines_.next()) fail("a quoted cell that doesn't end");
        cell += '\n';
        rest_ = lines_.text();
        continue;
      }
      rest_.remove_prefix(quote + 1);
      if (rest_.empty() || rest_.front() != '"') break;
      cell += '"';
      rest_.remove_prefix(1);
    }
    if (!rest_.empty() && rest_.front() != ',') fail("text behind a cell's closing quote");
    return cell;
  }

  bool more() {
    if (rest_.empty()) return false;
    rest_.remove_prefix(1);  // the comma
    return true;
  }

  Lines lines_;
  std::vector<std::string> header_, cells_;
  std::string_view rest_;
  std::size_t first_line_ = 1;
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
