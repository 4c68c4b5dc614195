#include "core/text/tokenizer.h"

#include <algorithm>
#include <array>
#include <exception>
#include <system_error>
#include <utility>

#include <sentencepiece_processor.h>

#include "core/base/error.h"
#include "core/base/file.h"
#include "core/base/file_hashes.h"
#include "core/base/hash.h"
#include "core/base/text.h"
#include "core/text/model_proto.h"
#include "core/text/unigram_json.h"
#include "core/text/windows.h"

namespace sojourn {

namespace {

constexpr const char* kModelFile = "sentencepiece.bpe.model";
constexpr const char* kJsonFile = "tokenizer.json";
constexpr std::string_view kMetaspace = "\xE2\x96\x81";  // U+2581, sentencepiece's space

// Bytes of the character that starts at `at`; `text` is UTF-8.
std::size_t character_size(std::string_view text, std::size_t at) {
  std::size_t end = at + 1;
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) ++end;
  return end - at;
}

// Characters that XLM-R's normaliser turns into a space or drops, so that a piece's leading space
// may stand for them: ASCII and C1 controls, spaces, zero-width marks, U+2581, U+FEFF, U+FFFD.
bool is_blank(std::string_view character) {
  if (character.size() == 1) {
    const auto byte = static_cast<unsigned char>(character[0]);
    return byte <= 0x20 || byte == 0x7F;
  }
  if (character >= "\xE2\x80\x80" && character <= "\xE2\x80\x8F") return true;  // U+2000 .. U+200F
  static constexpr std::array<std::string_view, 12> kOthers = {
      "\xC2\x8F",     "\xC2\x9F",     "\xC2\xA0",     "\xE1\x9A\x80",
      "\xE2\x80\xA8", "\xE2\x80\xA9", "\xE2\x80\xAF", "\xE2\x81\x9F",
      "\xE2\x96\x81", "\xE3\x80\x80", "\xEF\xBB\xBF", "\xEF\xBF\xBD"};
  return std::find(kOthers.begin(), kOthers.end(), character) != kOthers.end();
}

struct Bytes {
  std::size_t begin;
  std::size_t end;
};

// The text that a piece stands for, from the range that sentencepiece gives (see Encoding::begin).
Bytes piece_bytes(std::string_view text, std::string_view piece, Bytes range) {
  if (piece.starts_with(kMetaspace)) {
    while (range.begin < range.end) {
      const std::size_t size = character_size(text, range.begin);
      if (!is_blank(text.substr(range.begin, size))) break;
      range.begin = std::min(range.begin + size, range.end);
    }
  }
  // All of the piece is the first part of one character's replacement.
  if (range.begin == range.end && piece != kMetaspace && range.begin < text.size()) {
    range.end += character_size(text, range.begin);
  }
  return range;
}

class SentencePieceTokenizer final : public Tokenizer {
 public:
  // `model` is a serialized sentencepiece model, read from `file`.
  SentencePieceTokenizer(const std::string& model, const std::filesystem::path& file)
      : file_(file.string()) {
    const auto charsmap = charsmap_of_model_proto(model);
    if (!charsmap) throw input_error(file_, "isn't a sentencepiece model: its fields are broken");
    if (const auto problem = charsmap_problem(*charsmap)) {
      throw input_error(file_, "the map of characters in it is broken: " + *problem);
    }
    try {
      const auto status = processor_.LoadFromSerializedProto(model);
      if (!status.ok())
        throw input_error(file_, std::string("isn't a sentencepiece model: ") + status.message());
    } catch (const Error&) {
      throw;
    } catch (const std::exception& error) {  // of the double array that sentencepiece builds
      throw input_error(file_, std::string("sentencepiece can't use it: ") + error.what());
    }
    check_first_pieces();
    piece_count_ = processor_.GetPieceSize();
    specials_ = {{{"<s>", kBosId},
                  {"<pad>", kPadId},
                  {"</s>", kEosId},
                  {"<unk>", kUnkId},
                  {"<mask>", mask_id()}}};
  }

  void set_digest(std::string digest) { digest_ = std::move(digest); }

  std::vector<Encoding> encode(std::string_view a, std::optional<std::string_view> b,
                               std::int64_t max_tokens, Overflow overflow,
                               std::int64_t stride) const override {
    Encoding first;
    append_text(a, {0, -1, "text"}, first);
    std::optional<Encoding> second;
    if (b) append_text(*b, {1, -1, "second text"}, second.emplace());
    return text_windows(first, second, max_tokens, overflow, stride);
  }

  std::vector<Encoding> encode_words(const std::vector<std::string_view>& words,
                                     std::int64_t max_tokens) const override {
    Encoding pieces;
    for (std::size_t i = 0; i < words.size(); ++i) {
      append_text(words[i], {0, static_cast<std::int64_t>(i), "word"}, pieces);
    }
    return word_windows(pieces, max_tokens);
  }

  std::int64_t id_count() const override { return mask_id() + 1; }
  std::int64_t pad_id() const override { return kPadId; }
  // sentencepiece counts <unk> <s> </s> where XLM-R counts <s> <pad> </s> <unk>, so ids are one
  // higher.
  std::int64_t mask_id() const override { return piece_count_ + 1; }
  std::vector<std::int64_t> special_ids() const override {
    std::vector<std::int64_t> ids;
    for (const auto& special : specials_) ids.push_back(special.id);
    std::sort(ids.begin(), ids.end());
    return ids;
  }
  const std::string& digest() const override { return digest_; }

 private:
  struct Source {
    std::int64_t sequence;
    std::int64_t word;
    const char* name;  // for messages
  };
  struct Special {
    std::string_view literal;
    std::int64_t id;
  };

  void check_first_pieces() const {
    const auto is_piece = [&](int id, std::string_view piece) {
      return id < processor_.GetPieceSize() && processor_.IdToPiece(id) == piece;
    };
    if (!is_piece(0, "<unk>") || !is_piece(1, "<s>") || !is_piece(2, "</s>") ||
        !processor_.IsUnknown(0) || !processor_.IsControl(1) || !processor_.IsControl(2)) {
      throw input_error(file_,
                        "the first pieces aren't <unk> <s> </s>, expected a model of XLM-R's kind");
    }
  }

  const Special* special_at(std::string_view text) const {
    for (const auto& special : specials_) {
      if (text.starts_with(special.literal)) return &special;
    }
    return nullptr;
  }

  // Special tokens in the text stand for themselves; what is between them is encoded part by part.
  void append_text(std::string_view text, const Source& source, Encoding& to) const {
    if (const auto at = invalid_utf8_at(text)) {
      std::string where = source.name;
      if (source.word >= 0) where.append(" ").append(std::to_string(source.word));
      throw input_error(where, "isn't UTF-8 at byte " + std::to_string(*at));
    }
    std::size_t from = 0;
    for (std::size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at)) {
      const Special* special = special_at(text.substr(at));
      if (special == nullptr) {
        ++at;
        continue;
      }
      append_part(text, {from, at}, source, to);
      from = at + special->literal.size();
      append_piece(to, special->id, source.sequence, source.word, static_cast<std::int64_t>(at),
                   static_cast<std::int64_t>(from));
      at = from;
    }
    append_part(text, {from, text.size()}, source, to);
  }

  void append_part(std::string_view text, Bytes part, const Source& source, Encoding& to) const {
    if (part.begin == part.end) return;
    const auto part_text = text.substr(part.begin, part.end - part.begin);
    sentencepiece::ImmutableSentencePieceText pieces;
    const auto status = processor_.Encode(part_text, pieces.mutable_proto());
    if (!status.ok())
      throw input_error(file_, std::string("sentencepiece fails on a text: ") + status.message());
    Bytes last{0, 0};
    for (std::size_t i = 0; i < pieces.pieces_size(); ++i) {
      const auto piece = pieces.pieces(static_cast<int>(i));
      Bytes range = piece_bytes(part_text, piece.piece(), {piece.begin(), piece.end()});
      last = {std::max(range.begin, last.begin), std::max(range.end, last.end)};
      const auto id = static_cast<std::int64_t>(piece.id());
      append_piece(to, id == 0 ? kUnkId : id + 1, source.sequence, source.word,
                   static_cast<std::int64_t>(part.begin + last.begin),
                   static_cast<std::int64_t>(part.begin + last.end));
    }
  }

  std::string file_;
  sentencepiece::SentencePieceProcessor processor_;
  std::int64_t piece_count_ = 0;
  std::array<Special, 5> specials_{};
  std::string digest_;
};

}  // namespace

std::unique_ptr<const Tokenizer> Tokenizer::load(const std::filesystem::path& directory) {
  const auto model_file = directory / kModelFile;
  const auto json_file = directory / kJsonFile;
  std::error_code unreadable;  // then read_file says why, or there is nothing to read
  const bool has_model = std::filesystem::exists(model_file, unreadable);
  const bool has_json = std::filesystem::exists(json_file, unreadable);
  if (!has_model && !has_json) {
    throw input_error(directory.string(),
                      std::string("has neither ") + kModelFile + " nor " + kJsonFile +
                          ", expected one of them to define the encoder's tokenizer");
  }
  const std::string json = has_json ? read_file(json_file) : "";
  const std::string model =
      has_model ? read_file(model_file) : sentencepiece_model_of_json(json, json_file);
  auto tokenizer =
      std::make_unique<SentencePieceTokenizer>(model, has_model ? model_file : json_file);
  if (has_model && has_json) check_added_tokens(json, json_file, tokenizer->mask_id());
  tokenizer->set_digest(tokenizer_digest(directory));
  return tokenizer;
}

std::string tokenizer_digest(const std::filesystem::path& directory) {
  const auto hash = [&](const char* name) {
    return std::filesystem::exists(directory / name) ? file_sha256(directory / name) : "";
  };
  return sha256(hash(kModelFile) + " " + hash(kJsonFile));
}

}  // namespace sojourn
