#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/error.h"
#include "core/base/temporary_directory.h"
#include "plugins/catalog.h"

#include <catch2/catch.hpp>

namespace sojourn {
namespace {

namespace fs = std::filesystem;

fs::path fakes_folder() { return fs::path(SOJOURN_BINARY_DIR) / "tests/plugins"; }

// The message with which a catalog over this folder is refused.
std::string refusal(const fs::path& folder) {
  try {
    PluginCatalog catalog({folder});
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kInput);
    return error.what();
  }
  return "not refused";
}

TEST_CASE("A plugin that this host can't use is refused in one sentence that names the file",
          "[plugins]") {
  const auto [name, reason] = GENERATE(table<std::string, std::string>({
      {"no_entry", "is no plugin: it exports no sojourn_plugin_entry_v1"},
      {"null_entry", "this plugin's entry returns nothing"},
      {"other_major", "this plugin is made for plugin ABI 2, this host has 1.0"},
      {"newer_minor", "this plugin needs plugin ABI 1.7 or newer, this host has 1.0"},
      {"small", "this plugin describes itself in 40 bytes, expected at least "},
      {"no_version", "this plugin has no version"},
      {"no_task", "this plugin has no task"},
      {"small_task", "task 0 of this plugin describes itself in 64 bytes, expected at least "},
      {"null_callback", "task 0 of this plugin has no callback featurize"},
      {"bad_manifest", "manifest: no key 'languages'"},
      {"refuses_to_start", "this plugin doesn't start: no licence key"},
      {"headless", "task 'fake' has a head in its manifest, but not all callbacks of a head"},
  }));
  const std::string file = (fakes_folder() / name / (name + ".so")).string();
  if (name == "bad_manifest") {  // which of the missing keys comes first doesn't matter
    CHECK_THAT(refusal(fakes_folder() / name), Catch::StartsWith(file + ": manifest: no key"));
  } else {
    CHECK_THAT(refusal(fakes_folder() / name), Catch::StartsWith(file + ": " + reason));
  }
}

TEST_CASE("A file that is no shared library is refused, cut or not", "[plugins]") {
  const TemporaryDirectory directory;
  const fs::path file = directory.path() / "x.so";
  std::ofstream(file) << "just text";
  CHECK(refusal(directory.path()) == file.string() + ": is no plugin: not a shared library");
  std::ofstream(file, std::ios::trunc) << "\x7F"
                                          "ELF and then nothing";
  CHECK_THAT(refusal(directory.path()), Catch::StartsWith(file.string() + ": can't be loaded: "));
  std::ofstream(file, std::ios::trunc).close();
  CHECK(refusal(directory.path()) == file.string() + ": is no plugin: not a shared library");
}

}  // namespace
}  // namespace sojourn
