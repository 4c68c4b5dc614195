// Words with a tag each, sentence by sentence, from either of the two common formats.
#pragma once

#include <sojourn/text_files.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#pragma GCC visibility push(hidden)
namespace sojourn::sdk {

struct TaggedSentence {
  std::vector<std::string_view> words;
  std::vector<std::string_view> tags;  // one for each word
};

inline bool is_number(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Reads `word TAB tag` lines with a blank line after each sentence, or CoNLL-U (columns FORM and
// UPOS; comments, multiword ranges such as 1-2 and empty nodes such as 1.1 are skipped). A file
// named *.conllu, or whose first line is a comment or has ten columns, is CoNLL-U. Throws
// DataError: an unknown tag, a wrong number of columns, an empty word, no sentence at all.
class TaggedWordsReader {
 public:
  // tags: those that are known; none: any tag will do.
  TaggedWordsReader(const File& file, const std::vector<std::string>& tags)
      : lines_(file), tags_(&tags), conllu_(is_conllu(file)) {}

  std::vector<TaggedSentence> read() {
    while (lines_.next()) {
      if (lines_.text().empty()) {
        end_sentence();
      } else if (conllu_) {
        add_conllu();
      } else {
        const auto cells = columns(lines_, 2);
        add(cells[0], cells[1]);
      }
    }
    end_sentence();
    if (sentences_.empty()) lines_.fail("no sentence in the file");
    return std::move(sentences_);
  }

 private:
  static bool is_conllu(const File& file) {
    constexpr std::string_view kExtension = ".conllu";
    const std::string_view path = file.path;
    if (path.size() > kExtension.size() &&
        path.substr(path.size() - kExtension.size()) == kExtension)
      return true;
    Lines lines(file);
    while (lines.next() && lines.text().empty()) {
    }
    const auto tabs = std::count(lines.text().begin(), lines.text().end(), '\t');
    return tabs == 9 || (tabs == 0 && lines.text().substr(0, 1) == "#");
  }

  void add_conllu() {
    if (lines_.text()[0] == '#') return;
    const auto cells = columns(lines_, 10);
    const std::string_view id = cells[0];
    if (is_number(id)) return add(cells[1], cells[3]);
    const std::size_t mark = id.find_first_of("-.");
    if (mark == std::string_view::npos || !is_number(id.substr(0, mark)) ||
        !is_number(id.substr(mark + 1))) {
      lines_.fail("ID '" + std::string(id) + "', expected 1, 1-2 or 1.1");
    }
  }

  void add(std::string_view word, std::string_view tag) {
    if (word.empty()) lines_.fail("an empty word");
    if (tags_->empty()) {
      if (tag.empty()) lines_.fail("an empty tag");
    } else {
      index_of(lines_, *tags_, tag, "tag");
    }
    sentence_.words.push_back(word);
    sentence_.tags.push_back(tag);
  }

  void end_sentence() {
    if (!sentence_.words.empty()) sentences_.push_back(std::move(sentence_));
    sentence_ = {};
  }

  Lines lines_;
  const std::vector<std::string>* tags_;
  bool conllu_;
  TaggedSentence sentence_;
  std::vector<TaggedSentence> sentences_;
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
