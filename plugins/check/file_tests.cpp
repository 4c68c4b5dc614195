// What a task makes of files that are empty, damaged or something else.
#include <algorithm>
#include <cctype>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "plugins/check/bench.h"

namespace sojourn {

namespace {

constexpr std::size_t kMostBytes = 1 << 16;  // of a sample's file that is damaged

// Where an empty prediction is refused, that is no fault of the file.
void score_anything(const Dataset& data, std::int64_t example) {
  try {
    data.score(example, "");
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kPlugin) throw;
  }
}

// Everything that a host asks of a data set.
void use(TaskBench& bench, const Dataset& data) {
  const auto n = std::min(TaskBench::kExamples, data.size());
  for (std::int64_t i = 0; i < n; ++i) {
    data.example(i);
    if (bench.manifest().is_scored()) score_anything(data, i);
  }
  features_of(bench.task(), data, n);
}

bool names_a_file(const std::string& message, const Sample& sample) {
  return std::any_of(sample.files.begin(), sample.files.end(), [&](const auto& file) {
    return message.starts_with(file.second.string() + ":");
  });
}

// Gives the task the sample with the file `name` of that content; how it should look is in the
// rule. `how`: what was done to it, for people.
void try_file(TaskBench& bench, Sample sample, const std::string& name, const std::string& content,
              const std::string& how) {
  auto& file = sample.files.at(name);
  const std::string where = sample.name() + ", " + file.filename().string() + " " + how + ": ";
  const auto damaged = bench.scratch() / file.filename();
  write_file(damaged, content);
  file = damaged;
  bool opened = false;
  try {
    const auto data = bench.open(sample);
    opened = true;
    use(bench, *data);
  } catch (const Error& error) {
    const std::string message = error.what();
    if (opened) throw CheckFinding(where + "opens, and fails later: " + message);
    if (error.kind() != ErrorKind::kInput)
      throw CheckFinding(where + "no error in data (SOJOURN_INVALID with a message): " + message);
    if (!names_a_file(message, sample))
      throw CheckFinding(where + "the message doesn't begin with the file: " + message);
  }
}

// Calls body(sample, name of a file, its content) for all files.
void for_each_file(
    TaskBench& bench,
    const std::function<void(const Sample&, const std::string&, const std::string&)>& body) {
  for (const auto& sample : bench.samples()) {
    for (const auto& [name, file] : sample.files) {
      std::string content = read_file(file).substr(0, kMostBytes);
      if (content.size() == kMostBytes) content.erase(content.rfind('\n') + 1);
      body(sample, name, content);
    }
  }
}

void empty_file(TaskBench& bench) {
  for_each_file(bench, [&](const Sample& sample, const std::string& name, const std::string&) {
    try_file(bench, sample, name, "", "empty");
  });
}

// Every digit sequence becomes a number that no integer holds.
std::string with_large_numbers(const std::string& content) {
  std::string text;
  for (std::size_t i = 0; i < content.size(); ++i) {
    const bool digit = std::isdigit(static_cast<unsigned char>(content[i])) != 0;
    const bool before = i > 0 && std::isdigit(static_cast<unsigned char>(content[i - 1])) != 0;
    if (!digit) text += content[i];
    if (digit && !before) text += "99999999999999999999999";
  }
  return text;
}

std::vector<std::pair<std::string, std::string>> damaged(const std::string& content) {
  return {{"cut in the middle", content.substr(0, content.size() / 2)},
          {"with a column too many", replace_all(content, "\n", "\tx\n")},
          {"without tabs", replace_all(content, "\t", "")},
          {"without line ends", replace_all(content, "\n", "")},
          {"of nothing but line ends", "\n\n\n\n"},
          {"of nothing but tabs", "\t\t\t\t\t\n\t\t\t\t\t\n"},
          {"with a quote before each line", "\"" + replace_all(content, "\n", "\n\"")},
          {"without quotes", replace_all(content, "\"", "")},
          {"with numbers of 23 digits", with_large_numbers(content)},
          {"of bytes 0 to 3", std::string("\0\1\2\3\0\1\2\3\n\0\1", 11)},
          {"of a JSON list", "[]\n"},
          {"of nested brackets", std::string(100000, '[')},
          {"of one line of 100,000 letters", std::string(100000, 'a') + "\n"}};
}

void malformed(TaskBench& bench) {
  for_each_file(bench,
                [&](const Sample& sample, const std::string& name, const std::string& content) {
                  for (const auto& [how, text] : damaged(content)) {
                    if (text != content) try_file(bench, sample, name, text, how);
                  }
                });
}

// A byte that is in no UTF-8 after the first letter of each line.
std::string without_utf8(const std::string& content) {
  std::string text;
  bool done = false;
  for (const char c : content) {
    text += c;
    if (c == '\n') done = false;
    if (done || std::isalpha(static_cast<unsigned char>(c)) == 0) continue;
    text += '\xff';
    done = true;
  }
  return text;
}

void invalid_utf8(TaskBench& bench) {
  for_each_file(
      bench, [&](const Sample& sample, const std::string& name, const std::string& content) {
        try_file(bench, sample, name, without_utf8(content), "with bytes that aren't UTF-8");
      });
}

}  // namespace

TaskTest file_test(std::string_view id) {
  if (id == "data.empty-file") return &empty_file;
  if (id == "data.malformed") return &malformed;
  if (id == "data.invalid-utf8") return &invalid_utf8;
  return nullptr;
}

}  // namespace sojourn
