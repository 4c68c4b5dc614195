// The four readers of the SDK: lines with tabs, CSV, JSON lines, tagged words.
#include <sojourn/csv_rows.h>
#include <sojourn/json_lines.h>
#include <sojourn/tagged_words.h>
#include <sojourn/text_files.h>
#include <sojourn/unique_ids.h>

#include <stdexcept>

#include "tests/fuzz/fuzz.h"

namespace sojourn::fuzz {

namespace {

namespace sdk = sojourn::sdk;

constexpr const char* kPath = "file.txt";

// Reads a file; any error must be one in data that names it.
template <typename Read>
void reading(std::string_view bytes, const char* path, const Read& read) {
  try {
    read(sdk::File{path, bytes});
  } catch (const sdk::DataError& error) {
    if (!std::string_view(error.what()).starts_with(std::string(path) + ":"))
      throw std::runtime_error(std::string("doesn't name the file: ") + error.what());
  }
}

void tsv(std::string_view bytes) {
  reading(bytes, kPath, [](const sdk::File& file) {
    sdk::UniqueIds ids("id");
    for (sdk::Lines line(file); line.next();) {
      const auto cells = sdk::columns(line, 3);
      ids.add(std::string(cells[0]), line);
      sdk::split_at_spaces(cells[1]);
      sdk::index_of(line, {"yes", "no"}, cells[2], "label");
    }
  });
}

void csv(std::string_view bytes) {
  reading(bytes, kPath, [](const sdk::File& file) {
    for (sdk::CsvRows row(file); row.next();) {
      row.cell("text");
      row.index_of({"yes", "no"}, "label");
    }
  });
}

void no_log(sojourn_ctx* /*context*/, std::int32_t /*level*/, sojourn_str /*message*/) noexcept {}

void json_lines(std::string_view bytes) {
  static const sojourn_host base = [] {
    sojourn_host host{};
    host.struct_size = sizeof(host);
    host.log = &no_log;
    return host;
  }();
  sdk::host().base = &base;
  reading(bytes, kPath, [](const sdk::File& file) {
    const sdk::Call call(nullptr);
    for (sdk::JsonLines line(call, file); line.next();) {
      line.optional_string("id");
      line.string("text");
      line.integer("label");
      line.expect_list("/choices", 2);
      line.string_at("/choices/1/text");
    }
  });
}

void tagged_words(std::string_view bytes) {
  const std::vector<std::string> tags{"NOUN", "VERB", "O"};
  for (const char* path : {kPath, "file.conllu"}) {
    for (const char* split : {"train", "test"}) {
      reading(bytes, path, [&](const sdk::File& file) {
        for (const auto& sentence : sdk::TaggedWordsReader(file, tags, split).read()) {
          if (!sentence.tags.empty() && sentence.tags.size() != sentence.words.size())
            throw std::runtime_error("words and tags differ in number");
        }
      });
    }
  }
}

}  // namespace

std::vector<Target> reader_targets() {
  return {
      {"tsv",
       &tsv,
       {"1\ta dog\tyes\n2\tthe cat\tno\n",
        "\xEF\xBB\xBF"
        "1\t\xC3\xA9t\xC3\xA9\tno\r\n",
        "1\t\tyes"},
       {"\t", "\n", "\r\n", "\xEF\xBB\xBF", "yes", "no", "\xC3\xA9", "\xFF"}},
      {"csv",
       &csv,
       {"text,label\na dog,yes\n\"a, b\",no\n",
        "label,text\r\nyes,\"he said \"\"no\"\"\nand left\"\r\n"},
       {",", "\"", "\"\"", "\n", "\r\n", "text", "label", "yes", "no", "\xC3\xA9"}},
      {"json_lines",
       &json_lines,
       {R"({"id":"1","text":"a dog","label":0,"choices":[{"text":"x"},{"text":"y"}]})"
        "\n",
        R"({"text":"\u00e9\ud83d\ude00","label":-9223372036854775808,"choices":[{"text":1},null]})"
        "\n"},
       {"{", "}", "[", "]", ":", ",", "\"text\"", "\"label\"", "\"choices\"", "null", "1e999",
        "\\ud800", "\n", "-0", "99999999999999999999"}},
      {"tagged_words",
       &tagged_words,
       {"dog\tNOUN\nruns\tVERB\n\nit\tO\n",
        "# a comment\n1\tdog\t_\tNOUN\t_\t_\t_\t_\t_\t_\n1-2\tof\t_\t_\t_\t_\t_\t_\t_\t_\n"
        "1.1\tof\t_\t_\t_\t_\t_\t_\t_\t_\n\n",
        "dog\nruns\n\n"},
       {"\t", "\n", "\n\n", "# ", "NOUN", "VERB", "O", "_", "1-2", "1.1", "\t_\t_\t_\t_\t_\t_\n"}},
  };
}

}  // namespace sojourn::fuzz
