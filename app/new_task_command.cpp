#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/commands.h"
#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/program.h"
#include "core/base/text.h"
#include "plugins/catalog.h"

namespace sojourn {

namespace {

namespace fs = std::filesystem;

constexpr const char* kExamples = R"(Examples:
  sojourn new-task film-reviews
  sojourn new-task who-said-it --family span_extraction
  sojourn new-task film-reviews --lang c            without the SDK's C++ layer

Writes the folder NAME: CMakeLists.txt, the task's source, ten rows of sample data for each split and language,
a study on them and tests. It builds with CMake and a C++17 (or C11) compiler, passes `sojourn check` and trains as
it is; docs/plugins.md goes on from there.
Exit codes: 0 done; 1 a failing machine; 2 a name that can't be taken, or no such template.)";

// The names that CMake keeps for targets of its own.
constexpr std::array<std::string_view, 9> kTargetsOfCMake = {
    "all",     "clean",          "edit_cache",    "help", "install",
    "package", "package_source", "rebuild_cache", "test"};

void check_name(const std::string& name) {
  const std::string where = "task '" + name + "'";
  const auto fits = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (!std::all_of(name.begin(), name.end(), fits) || name.empty() || name[0] < 'a')
    throw input_error(where, "is no name for a task; expected a-z 0-9 _ -, a letter first");
  if (std::find(kTargetsOfCMake.begin(), kTargetsOfCMake.end(), name) != kTargetsOfCMake.end())
    throw input_error(where, "is a name that CMake keeps for itself; choose another");
  for (const auto& listed : Plugins({}).tasks().listing()) {
    if (listed.name == name)
      throw input_error(where, "is there already, in " + listed.file.string());
  }
  if (fs::exists(name)) throw input_error(name, "is there already; expected a new folder");
}

std::vector<std::string> folders_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

// Copies the files of a folder, with what they leave open filled in.
void copy_filled(const fs::path& from, const fs::path& to, const NewTaskArguments& arguments) {
  const std::string encoder =
      replace_all(replace_all(tiny_encoder_directory().string(), "\\", "\\\\"), "\"", "\\\"");
  for (const auto& entry : fs::recursive_directory_iterator(from)) {
    if (!entry.is_regular_file()) continue;
    std::string text = read_file(entry.path());
    text = replace_all(std::move(text), "@NAME@", arguments.name);
    text = replace_all(std::move(text), "@SOURCES@",
                       arguments.language == "c" ? "`manifest.h`, `plugin.c`" : "`plugin.cpp`");
    text = replace_all(std::move(text), "@ENCODER@", encoder);
    const fs::path target = to / entry.path().lexically_relative(from);
    fs::create_directories(target.parent_path());
    write_file(target, text);
  }
}

}  // namespace

CLI::App* add_new_task(CLI::App& app, NewTaskArguments& arguments) {
  auto* command = app.add_subcommand("new-task", "Write a project for a task of your own");
  command->footer(kExamples);
  command->add_option("name", arguments.name, "Of the task, and of the folder to write")
      ->required()
      ->type_name("NAME");
  command->add_option("--family", arguments.family, "What kind of task [sequence_classification]")
      ->type_name("FAMILY");
  command->add_option("--lang", arguments.language, "Of its source: cpp or c [cpp]")
      ->check(CLI::IsMember({"cpp", "c"}));
  return command;
}

int new_task_command(const NewTaskArguments& arguments) {
  check_name(arguments.name);
  const fs::path prefix = program_prefix();
  const fs::path templates = prefix / "share/sojourn/templates";
  const auto families = folders_in(templates / arguments.language);
  if (std::find(families.begin(), families.end(), arguments.family) == families.end()) {
    throw input_error("--family " + arguments.family, "no template in " + arguments.language +
                                                          did_you_mean(arguments.family, families) +
                                                          "; expected one of " +
                                                          join(families, ", "));
  }
  const fs::path partial = arguments.name + ".partial";
  copy_filled(templates / "common", partial, arguments);
  copy_filled(templates / arguments.language / arguments.family, partial, arguments);
  copy_filled(templates / "data" / arguments.family, partial / "data" / arguments.name, arguments);
  fs::rename(partial, arguments.name);
  const std::string& name = arguments.name;
  std::printf(
      "%s is written. Next:\n"
      "  cd %s\n"
      "  cmake -B build -DCMAKE_PREFIX_PATH='%s'\n"
      "  cmake --build build\n"
      "  sojourn check build/%s.so --data data\n"
      "  sojourn run study.toml --plugin-path build\n",
      name.c_str(), name.c_str(), prefix.c_str(), name.c_str());
  return kExitOk;
}

}  // namespace sojourn
