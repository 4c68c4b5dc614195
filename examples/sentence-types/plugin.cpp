// Sentence types: does a sentence state, ask or request something? Trained in English, scored in
// five languages. A file has a header and three columns: id, text and type. Ids are equal across
// translations. A test file without the last column is predicted and not scored.
#include <sojourn/plugin.h>
#include <sojourn/sequence_classification.h>
#include <sojourn/text_files.h>
#include <sojourn/unique_ids.h>

#include <string>
#include <vector>

namespace {

namespace sdk = sojourn::sdk;

struct SentenceTypes {
  static sdk::Description description() {
    sdk::Description task;
    task.name = "sentence-types";
    task.licence = "CC0-1.0";
    task.languages = {"de", "en", "es", "fr", "zh"};
    for (const char* split : {"train", "dev", "test"})
      task.splits[split]["sentences"] = {"sentence-types/{split}-{language}.tsv"};
    task.train_on = {"sentence-types"};
    task.labels = {"statement", "question", "request"};
    return task;
  }

  static std::vector<sdk::LabelledText> read(const sdk::OpenCall& call) {
    const auto labels = description().labels;
    std::vector<sdk::LabelledText> rows;
    sdk::UniqueIds ids("id");
    sdk::Lines line(call.file("sentences"));
    line.next();
    const bool labelled = line.text() == "id\ttext\ttype";
    if (!labelled && (line.text() != "id\ttext" || call.split() != "test"))
      line.fail("header '" + std::string(line.text()) + "', expected id, text, type");
    while (line.next()) {
      const auto cells = sdk::columns(line, labelled ? 3 : 2);
      sdk::LabelledText row;
      row.id = cells[0];
      ids.add(row.id, line);
      row.text = cells[1];
      if (row.text.empty()) line.fail("no text");
      if (labelled) row.label = sdk::index_of(line, labels, cells[2], "type");
      rows.push_back(row);
    }
    return rows;
  }
};

}  // namespace

SOJOURN_PLUGIN("sentence-types", "1.0.0", "Apache-2.0",
               sojourn::sdk::SequenceClassification<SentenceTypes>)
