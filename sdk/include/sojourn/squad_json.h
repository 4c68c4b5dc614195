// The JSON in which SQuAD is published, and after it MLQA, XQuAD and TyDiQA's gold passages. Needs
// nlohmann-json.
#pragma once

#include <sojourn/json.h>
#include <sojourn/span_extraction.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

// The byte at which code point `n` of a text begins; its end where there are fewer.
inline std::size_t byte_of_code_point(std::string_view text, std::int64_t n) {
  std::size_t byte = 0;
  for (; byte < text.size(); ++byte) {
    if ((static_cast<unsigned char>(text[byte]) & 0xC0U) == 0x80) continue;
    if (n <= 0) break;
    --n;
  }
  return byte;
}

// Where `part` occurs in the text nearest to `byte`, of equals the first; npos where it doesn't.
inline std::size_t nearest_occurrence(std::string_view text, std::string_view part,
                                      std::size_t byte) {
  const std::size_t before = text.rfind(part, byte);
  const std::size_t after = text.find(part, byte);
  if (before == std::string_view::npos || after == std::string_view::npos)
    return std::min(before, after);
  return byte - before <= after - byte ? before : after;
}

struct SquadJsonOptions {
  bool no_answer = false;     // a question may have none
  bool repeated_ids = false;  // an id that comes again gets "#2", "#3" ..
};

// Reads the questions of a file, article by article. What it meets and mends, or leaves out, is
// counted in the log, once a file:
//  - answer_start counts code points. Where the text there isn't the answer's, the answer is looked
//    for nearby; if it is nowhere in the context, that is an error in a train file. Elsewhere it
//    only matters to the loss: predictions are scored by the gold texts alone.
//  - Keys that aren't known are ignored.
// A question of a test file may lack answers, or have none but "" (XTREME's own files do): then it
// is predicted and not scored. Everywhere else that means, with `no_answer`, that its context has
// none. Throws a Failure that names the file and the line (where it isn't JSON) or the question.
class SquadJsonReader {
 public:
  SquadJsonReader(const OpenCall& call, File file, SquadJsonOptions options)
      : call_(&call), file_(std::move(file)), options_(options) {}

  std::vector<Question> read() {
    const nlohmann::json document = parse();
    const JsonNode root(file_.path, document);
    note_keys(root, "", {"data", "version"});
    for (const JsonNode& article : root.at("data").items()) read_article(article);
    if (questions_.empty()) root.fail("no question in the file");
    log_counts();
    return std::move(questions_);
  }

 private:
  nlohmann::json parse() const {
    try {
      return parse_json(file_.bytes);
    } catch (const JsonError& error) {
      if (error.byte() == 0) throw Failure(SOJOURN_INVALID, file_.path + ": " + error.what());
      const std::string_view read = file_.bytes.substr(0, error.byte() - 1);
      const auto lines = std::count(read.begin(), read.end(), '\n');
      const bool cut = error.byte() > file_.bytes.size();
      throw DataError(file_.path, static_cast<std::size_t>(lines) + 1,
                      error.what() + std::string(cut ? ", where the file ends: is it cut?" : ""));
    }
  }

  void read_article(const JsonNode& article) {
    note_keys(article, "data.", {"title", "paragraphs"});
    const auto title = article.find("title");
    ++articles_;
    for (const JsonNode& paragraph : article.at("paragraphs").items()) {
      note_keys(paragraph, "paragraphs.", {"context", "qas"});
      const auto context = std::make_shared<const std::string>(paragraph.at("context").string());
      const std::string document = title ? title->string() : untitled(*context);
      for (const JsonNode& question : paragraph.at("qas").items())
        read_question(question, document, context);
    }
  }

  // Articles have no title, or are one question each, where a context that comes again tells that
  // it is the same document.
  std::string untitled(const std::string& context) {
    return "article-" + std::to_string(documents_.emplace(context, articles_).first->second);
  }

  void read_question(const JsonNode& unnamed, const std::string& document,
                     const std::shared_ptr<const std::string>& context) {
    Question question{new_id(unnamed), document, {}, context, {}, {}};
    const JsonNode node = unnamed.named("question '" + question.id + "'");
    note_keys(node, "qas.", {"id", "question", "answers", "is_impossible", "plausible_answers"});
    question.text = node.at("question").string();
    const auto impossible = node.find("is_impossible");
    const bool none = impossible && impossible->boolean() && options_.no_answer;
    const auto answers = node.find("answers");
    if (answers) read_answers(*answers, question);
    if (question.gold && none) node.fail("is_impossible, but it has an answer");
    if (!question.gold && options_.no_answer && (none || answers)) question.gold.emplace();
    if (!question.gold && call_->split() != "test") node.fail("no answer, expected one");
    if (!question.gold) ++without_gold_;
    questions_.push_back(std::move(question));
  }

  std::string new_id(const JsonNode& question) {
    std::string id = question.at("id").string();
    if (id.empty()) question.at("id").fail("is empty");
    const std::size_t times = ++ids_[id];
    if (times == 1) return id;
    if (!options_.repeated_ids) question.named("question '" + id + "'").fail("comes twice");
    ++repeated_ids_;
    return id + "#" + std::to_string(times);
  }

  // The answers, if any has a text, and where the first of them is.
  void read_answers(const JsonNode& answers, Question& question) {
    std::vector<std::string> texts;
    bool some = false;
    for (const JsonNode& answer : answers.items()) {
      note_keys(answer, "answers.", {"text", "answer_start"});
      const std::string& text = answer.at("text").string();
      const std::int64_t start = answer.at("answer_start").integer();
      texts.push_back(text);
      if (text.empty()) continue;
      some = true;
      const auto place = locate(answer, *question.context, text, start);
      if (!question.answer) question.answer = place;
    }
    if (some) question.gold = std::move(texts);
  }

  std::optional<ByteRange> locate(const JsonNode& answer, std::string_view context,
                                  const std::string& text, std::int64_t start) {
    std::size_t byte = byte_of_code_point(context, start);
    if (start < 0 || context.substr(byte, text.size()) != text) {
      byte = nearest_occurrence(context, text, byte);
      if (byte == std::string_view::npos) {
        if (call_->split() == "train")
          answer.fail("'" + text + "' isn't in the context, neither at answer_start nor elsewhere");
        ++not_found_;
        return std::nullopt;
      }
      ++moved_;
    }
    return ByteRange{byte, byte + text.size()};
  }

  void note_keys(const JsonNode& node, const char* where, const std::set<std::string>& known) {
    for (auto& key : node.keys()) {
      if (known.count(key) == 0) unknown_keys_.insert(where + key);
    }
  }

  void log_counts() const {
    std::string text;
    const auto add = [&](std::size_t count, const char* what) {
      if (count > 0) text += ", " + std::to_string(count) + what;
    };
    add(moved_, " answers not at their answer_start, found elsewhere in the context");
    add(not_found_, " answers nowhere in the context, scored by their text alone");
    add(without_gold_, " questions without gold, not scored");
    add(repeated_ids_, " ids that repeat, told apart by a number");
    for (const auto& key : unknown_keys_)
      text += (&key == &*unknown_keys_.begin() ? ", ignored keys: " : " ") + key;
    if (!text.empty()) {
      call_->log(SOJOURN_LOG_INFO,
                 file_.path + ": " + std::to_string(questions_.size()) + " questions read" + text);
    }
  }

  const OpenCall* call_;
  File file_;
  SquadJsonOptions options_;
  std::vector<Question> questions_;
  std::unordered_map<std::string, std::size_t> ids_;        // how often each came
  std::unordered_map<std::string, std::size_t> documents_;  // by context: the number of its article
  std::size_t articles_ = 0;
  std::size_t moved_ = 0, not_found_ = 0, without_gold_ = 0, repeated_ids_ = 0;
  std::set<std::string> unknown_keys_;
};

// The file that the manifest calls "questions", or a benchmark's gold.
inline std::vector<Question> read_squad_json(const OpenCall& call, SquadJsonOptions options = {}) {
  const char* name = call.split() == kLabelsSplit ? "labels" : "questions";
  return SquadJsonReader(call, call.file(name), options).read();
}

}  // namespace sojourn::sdk
#pragma GCC visibility pop
