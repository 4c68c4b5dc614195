// Ids that are checked to be unique while a file is read.
#pragma once

#include <sojourn/text_files.h>

#include <cstddef>
#include <string>
#include <unordered_map>
#include <utility>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// Ids, of which none may be empty or come a second time.
class UniqueIds {
 public:
  explicit UniqueIds(std::string what) : what_(std::move(what)) {}

  // Throws DataError: "pairID is empty", "pairID '7' again, first on line 3".
  void add(const std::string& id, const Lines& line) {
    if (id.empty()) line.fail(what_ + " is empty");
    const auto [first, fresh] = seen_.emplace(id, line.number());
    if (!fresh)
      line.fail(what_ + " '" + id + "' again, first on line " + std::to_string(first->second));
  }

 private:
  std::string what_;
  std::unordered_map<std::string, std::size_t> seen_;
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
