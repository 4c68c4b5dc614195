// The tests of `sojourn check`: their ids, which never change, and what is told of each.
// docs/plugins-check.md has them all, in the same words.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

namespace sojourn {

enum class CheckScope {
  kFile,    // before anything is loaded
  kPlugin,  // once for the library
  kTask     // once for each task of it
};

struct CheckTest {
  std::string_view id;
  CheckScope scope;
  std::string_view needs;  // ids, with spaces between: where one didn't pass, this one is skipped
  std::string_view rule;   // what must hold
  std::string_view fix;    // what is usually wrong
};

// In the order in which they are run.
std::span<const CheckTest> check_tests();

// Throws std::out_of_range where there is none.
const CheckTest& check_test(std::string_view id);

// The first id in test.needs for which `passed(id)` is false, or "".
std::string unmet_need(const CheckTest& test,
                       const std::function<bool(const std::string& id)>& passed);

}  // namespace sojourn
