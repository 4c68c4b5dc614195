#include "core/text/unigram_json.h"

#include <array>
#include <cmath>
#include <optional>
#include <set>
#include <vector>

#include <nlohmann/json.hpp>

#include "core/base/error.h"
#include "core/text/model_proto.h"

namespace sojourn {

namespace {

using nlohmann::json;

constexpr std::array<const char*, 4> kFirstPieces = {"<s>", "<pad>", "</s>", "<unk>"};
constexpr const char* kMask = "<mask>";
constexpr const char* kMetaspace = "\xE2\x96\x81";  // U+2581

// A value with the key that leads to it, for messages.
struct Node {
  const json& value;
  std::string key;
  const std::filesystem::path& file;

  [[noreturn]] void fail(const std::string& expected) const {
    std::string found = value.dump(-1, ' ', false, json::error_handler_t::replace);
    constexpr std::size_t kShown = 60;
    if (found.size() > kShown) found = "a long " + std::string(value.type_name());
    throw input_error(file.string(), key + ": found " + found + ", expected " + expected);
  }

  // The member of an object, null where it is missing.
  Node operator[](const char* name) const {
    static const json missing;
    if (!value.is_object()) fail("an object");
    const auto member = value.find(name);
    return {member == value.end() ? missing : *member, key.empty() ? name : key + "." + name, file};
  }

  std::vector<Node> items() const {
    if (!value.is_array()) fail("an array");
    std::vector<Node> nodes;
    nodes.reserve(value.size());
    for (std::size_t i = 0; i < value.size(); ++i) {
      nodes.push_back({value[i], key + "[" + std::to_string(i) + "]", file});
    }
    return nodes;
  }

  const std::string& string() const {
    if (!value.is_string()) fail("a string");
    return value.get_ref<const std::string&>();
  }

  // For a value that may be missing, but is one thing where it is there.
  void must_be(const json& wanted) const {
    if (!value.is_null() && value != wanted) fail(wanted.dump());
  }
};

json parse(std::string_view text, const std::filesystem::path& file,
           const json::parser_callback_t& keep = nullptr) {
  try {
    return json::parse(text, keep);
  } catch (const json::exception& error) {
    throw input_error(file.string(), std::string("isn't JSON: ") + error.what());
  }
}

std::optional<unsigned> base64_digit(char c) {
  if (c >= 'A' && c <= 'Z') return static_cast<unsigned>(c - 'A');
  if (c >= 'a' && c <= 'z') return static_cast<unsigned>(c - 'a') + 26;
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0') + 52;
  if (c == '+') return 62;
  if (c == '/') return 63;
  return std::nullopt;
}

// RFC 4648 with padding; nothing where the text isn't that.
std::optional<std::string> base64_decoded(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  for (int i = 0; i < 2 && text.ends_with('='); ++i) text.remove_suffix(1);
  std::string bytes;
  bytes.reserve(text.size() * 3 / 4);
  unsigned buffer = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const auto digit = base64_digit(c);
    if (!digit) return std::nullopt;
    buffer = ((buffer << 6U) | *digit) & 0xFFFFU;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes += static_cast<char>((buffer >> bits) & 0xFFU);
    }
  }
  return bytes;
}

std::string read_charsmap(const Node& node) {
  const auto charsmap = base64_decoded(node.string());
  if (!charsmap) node.fail("base64");
  if (const auto problem = charsmap_problem(*charsmap)) {
    throw input_error(node.file.string(),
                      node.key + ": isn't a compiled map of characters: " + *problem);
  }
  return *charsmap;
}

// Adds to `charsmap` what a normaliser holds of it.
void read_normalizer(const Node& node, std::string& charsmap) {
  if (node.value.is_null()) return;
  const Node type_node = node["type"];
  const std::string& type = type_node.string();
  if (type == "Sequence") {
    for (const Node& item : node["normalizers"].items()) read_normalizer(item, charsmap);
  } else if (type == "Precompiled") {
    if (!charsmap.empty()) type_node.fail("only one Precompiled");
    charsmap = read_charsmap(node["precompiled_charsmap"]);
  } else if (type == "Replace") {  // sentencepiece turns runs of spaces into one, too
    node["pattern"]["Regex"].must_be(" {2,}");
    node["pattern"]["String"].must_be("  ");
    if (node["content"].string() != kMetaspace) node["content"].must_be(" ");
  } else if (type != "Strip") {  // sentencepiece drops spaces at the ends, too
    type_node.fail("Precompiled, a Replace of runs of spaces, Strip or a Sequence of these");
  }
}

// True where Metaspace was found.
bool read_pre_tokenizer(const Node& node) {
  const Node type_node = node["type"];
  const std::string& type = type_node.string();
  if (type == "Sequence") {
    bool found = false;
    for (const Node& item : node["pretokenizers"].items()) found |= read_pre_tokenizer(item);
    return found;
  }
  if (type == "WhitespaceSplit") return false;
  if (type != "Metaspace") type_node.fail("Metaspace, alone or after WhitespaceSplit");
  node["replacement"].must_be(kMetaspace);
  node["add_prefix_space"].must_be(true);
  node["prepend_scheme"].must_be("always");
  return true;
}

ScoredPiece read_piece(const Node& node) {
  const json& entry = node.value;
  if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number()) {
    node.fail("[piece, score]");
  }
  ScoredPiece piece{entry[0].get<std::string>(), entry[1].get<float>()};
  // sentencepiece keeps pieces as C strings.
  if (piece.text.empty() || piece.text.find('\0') != std::string::npos)
    node.fail("a piece with text, without NUL");
  if (!std::isfinite(piece.score)) node.fail("a score that fits a float");
  return piece;
}

std::vector<ScoredPiece> read_pieces(const Node& model) {
  if (model["type"].value != "Unigram") model["type"].fail("\"Unigram\"");
  model["byte_fallback"].must_be(false);
  if (model["unk_id"].value != 3) model["unk_id"].fail("3, as in XLM-R");
  const auto entries = model["vocab"].items();
  if (entries.size() <= kFirstPieces.size() + 1)
    model["vocab"].fail("pieces beside the five special tokens");
  std::vector<ScoredPiece> pieces;
  std::set<std::string_view> seen;
  pieces.reserve(entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    ScoredPiece piece = read_piece(entries[i]);
    const bool is_last = i + 1 == entries.size();
    const char* special = i < kFirstPieces.size() ? kFirstPieces.at(i) : is_last ? kMask : nullptr;
    if (special != nullptr && piece.text != special) {
      entries[i].fail(std::string("the piece ") + special + ", as in XLM-R");
    }
    if (!seen.insert(entries[i].value[0].get_ref<const std::string&>()).second)
      entries[i].fail("no piece twice");
    if (special == nullptr) pieces.push_back(std::move(piece));
  }
  return pieces;
}

void check_added_tokens(const Node& root, std::int64_t mask_id) {
  for (const Node& token : root["added_tokens"].items()) {
    const std::string& content = token["content"].string();
    std::int64_t id = content == kMask ? mask_id : -1;
    for (std::size_t i = 0; i < kFirstPieces.size(); ++i) {
      if (content == kFirstPieces.at(i)) id = static_cast<std::int64_t>(i);
    }
    if (id < 0) token["content"].fail("one of <s> <pad> </s> <unk> <mask>");
    if (token["id"].value != id) token["id"].fail(std::to_string(id) + ", the id of " + content);
    token["single_word"].must_be(false);
  }
}

}  // namespace

std::string sentencepiece_model_of_json(std::string_view text, const std::filesystem::path& file) {
  const json document = parse(text, file);
  const Node root{document, "", file};
  const auto pieces = read_pieces(root["model"]);
  std::string charsmap;
  read_normalizer(root["normalizer"], charsmap);
  const Node pre_tokenizer = root["pre_tokenizer"];
  if (pre_tokenizer.value.is_null() || !read_pre_tokenizer(pre_tokenizer))
    pre_tokenizer.fail("a Metaspace");
  check_added_tokens(root, static_cast<std::int64_t>(pieces.size() + kFirstPieces.size()));
  return unigram_model_proto(pieces, charsmap);
}

void check_added_tokens(std::string_view text, const std::filesystem::path& file,
                        std::int64_t mask_id) {
  // The vocabulary is nearly all of the file; here it isn't wanted.
  const auto keep = [](int depth, json::parse_event_t event, json& key) {
    return depth != 1 || event != json::parse_event_t::key || key != "model";
  };
  const json document = parse(text, file, keep);
  check_added_tokens(Node{document, "", file}, mask_id);
}

}  // namespace sojourn
