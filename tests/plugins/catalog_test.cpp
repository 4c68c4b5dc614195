#include "plugins/catalog.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <string>
#include <vector>

#include "core/base/file.h"
#include "core/base/temporary_directory.h"
#include "core/data/files.h"
#include "tests/support/input_error.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

namespace fs = std::filesystem;

fs::path bundled_folder() { return fs::path(SOJOURN_BINARY_DIR) / "lib/sojourn/tasks"; }
fs::path hostile_folder() { return fs::path(SOJOURN_BINARY_DIR) / "tests/plugins/hostile"; }

TEST_CASE("The catalog lists tasks from their JSON files, without loading a library", "[plugins]") {
  const TemporaryDirectory directory;
  fs::copy_file(bundled_folder() / "xnli.json", directory.path() / "xnli.json");
  write_file(directory.path() / "xnli.so", "no library at all");
  PluginCatalog catalog({directory.path()});
  REQUIRE(catalog.listing().size() == 1);
  const TaskListing line = catalog.listing()[0];
  CHECK(line.name == "xnli");
  CHECK(line.version == "0.1.0");
  CHECK(line.kind == "pair classification");
  CHECK(line.languages.size() == 15);
  CHECK(line.licence == "CC BY-NC 4.0");
  CHECK(line.file == directory.path() / "xnli.so");
  CHECK_THAT(input_error_of([&] { catalog.task("xnli"); }),
             Catch::Contains("is no plugin: not a shared library"));
}

TEST_CASE("A JSON file that disagrees with its library is found out", "[plugins]") {
  const TemporaryDirectory directory;
  fs::copy_file(bundled_folder() / "xnli.so", directory.path() / "xnli.so");
  const fs::path sidecar = directory.path() / "xnli.json";
  const std::string good = read_file(bundled_folder() / "xnli.json");
  write_file(sidecar, good);
  CHECK(PluginCatalog({directory.path()}).task("xnli").version() == "0.1.0");
  write_file(sidecar, std::string(good).replace(good.find("0.1.0"), 5, "0.0.9"));
  PluginCatalog stale({directory.path()});
  CHECK(input_error_of([&] { stale.task("xnli"); }) ==
        sidecar.string() +
            ": describes another version of the plugin beside it; delete it or make it again");
  write_file(sidecar, "{}");
  CHECK_THAT(input_error_of([&] { PluginCatalog{{directory.path()}}; }),
             Catch::StartsWith(sidecar.string() + ": doesn't describe a plugin, delete it: "));
}

TEST_CASE("A task that nobody offers is refused with the nearest name and the folders",
          "[plugins]") {
  PluginCatalog catalog({bundled_folder()});
  std::vector<std::string> folders;
  for (const auto& entry : fs::directory_iterator(fs::path(SOJOURN_SOURCE_DIR) / "tasks")) {
    if (entry.is_directory()) folders.push_back(entry.path().filename());
  }
  std::sort(folders.begin(), folders.end());
  CHECK(catalog.names() == folders);
  CHECK(input_error_of([&] { catalog.task("xnly"); }) ==
        "task 'xnly': no plugin offers it (did you mean 'xnli'?); looked in " +
            bundled_folder().string());
}

TEST_CASE("Of two files that offer one task, the first on the path serves", "[plugins]") {
  const TemporaryDirectory directory;
  fs::copy_file(hostile_folder() / "hostile.so", directory.path() / "other.so");
  PluginCatalog first({directory.path(), hostile_folder()});
  CHECK(first.task("fake").plugin_file() == directory.path() / "other.so");
  PluginCatalog second({hostile_folder(), directory.path()});
  CHECK(second.task("fake").plugin_file() == hostile_folder() / "hostile.so");
  CHECK(second.listing().size() == 1);
}

TEST_CASE("The search path is what is given, then the variable's, then the bundled folder",
          "[plugins]") {
  const TemporaryDirectory directory;
  const std::string variable = directory.path().string() + ":/no/such/folder";
  ::setenv("SOJOURN_PLUGIN_PATH", variable.c_str(), 1);
  const auto folders = plugin_search_path({hostile_folder()});
  ::unsetenv("SOJOURN_PLUGIN_PATH");
  REQUIRE(folders.size() >= 2);
  CHECK(folders[0] == hostile_folder());
  CHECK(folders[1] == directory.path());
  if (folders.size() > 2) CHECK(fs::equivalent(folders[2], bundled_folder()));
  CHECK(input_error_of([] { plugin_search_path({"/no/such/folder"}); }) ==
        "/no/such/folder: is neither a plugin nor a folder of plugins");
}

// Opens every split of every language that is there.
void open_all(const fs::path& root, std::size_t least) {
  PluginCatalog catalog({bundled_folder()});
  std::size_t opened = 0;
  for (const auto& name : catalog.names()) {
    Task& task = catalog.task(name);
    for (const auto& entry : task.manifest().splits) {
      for (const auto& language : languages_present(task.manifest(), entry.first, root)) {
        CAPTURE(name, entry.first, language);
        const auto files = find_files(task.manifest(), entry.first, language, root);
        const auto data = task.open({entry.first, language, files, nullptr, 0});
        CHECK(data->size() > 0);
        CHECK_FALSE(data->example(data->size() - 1).id.empty());
        ++opened;
      }
    }
  }
  CHECK(opened >= least);
}

TEST_CASE("The bundled tasks open the quickstart's data", "[tasks]") {
  open_all(fs::path(SOJOURN_SOURCE_DIR) / "configs/quickstart/data", 2 + 9 + 10 + 8 + 9);
}

TEST_CASE("The bundled tasks open real data", "[tasks]") {
  const fs::path root = fs::path(SOJOURN_SOURCE_DIR) / "../shared/data";
  if (!fs::is_directory(root)) {
    std::cout << "SKIPPED: no ../shared/data beside the project\n";
    return;
  }
  open_all(root, 2 + 5 + 13 + 18);
}

}  // namespace
}  // namespace sojourn
