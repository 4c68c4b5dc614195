// What a library does before anything is asked of its tasks.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "plugins/check/bench.h"
#include "plugins/library.h"

namespace sojourn {

// The tests of check_tests.h that are of the whole plugin, in their order.
class LoadTests {
 public:
  explicit LoadTests(std::filesystem::path file) : file_(std::move(file)) {}

  void open();
  void entry() const;
  void entry_time() const;
  void description() const;
  void manifest() const;
  void names() const;
  void sidecar() const;
  void init() const;

  const sojourn_plugin& plugin() const;
  std::vector<std::string> tasks() const;  // once manifest() passed

 private:
  std::filesystem::path file_;
  double fastest_ = 0;  // seconds
};

}  // namespace sojourn
