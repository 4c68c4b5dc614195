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
  std::vector<std::string_view> tags;  // one for each word; none in a file without gold
};

inline bool is_number(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Reads `word TAB tag` lines with a blank line after each sentence, or CoNLL-U (columns FORM and
// UPOS; comments, multiword ranges such as 1-2 and empty nodes such as 1.1 are skipped). A file
// named *.conllu, or whose first line is a comment ("# ..") or has ten columns, is CoNLL-U. A test
// file may hold words alone. Throws DataError: an unknown tag, a wrong number of columns, an empty
// word, no sentence at all.
class TaggedWordsReader {
 public:
  // tags: those that are known, which outlive the reader; none: any tag will do that has no space.
  // split: of the file.
  TaggedWordsReader(const File& file, const std::vector<std::string>& tags, std::string_view split)
      : lines_(file),
        tags_(&tags),
        conllu_(is_conllu(file)),
        words_alone_(split == "test" && !conllu_ && tabs_in_first_line(file) == 0) {}

  std::vector<TaggedSentence> read() {
    while (lines_.next()) {
      if (lines_.text().empty()) {
        end_sentence();
      } else if (conllu_) {
        add_conllu();
      } else if (words_alone_) {
        sentence_.words.push_back(columns(lines_, 1)[0]);
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
    return tabs_in_first_line(file) == 9 || first_line(file).substr(0, 2) == "# ";
  }

  static std::string_view first_line(const File& file) {
    Lines lines(file);
    while (lines.next() && lines.text().empty()) {
    }
    return lines.text();
  }

  static std::ptrdiff_t tabs_in_first_line(const File& file) {
    const std::string_view line = first_line(file);
    return std::count(line.begin(), line.end(), '\t');
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
      if (tag.find(' ') != std::string_view::npos)  // which is between tags, in predictions
        lines_.fail("tag '" + std::string(tag) + "' has a space");
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
  bool words_alone_;
  TaggedSentence sentence_;
  std::vector<TaggedSentence> sentences_;
};

}  // namespace sojourn::sdk
#pragma GCC visibility pop
