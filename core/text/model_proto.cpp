#include "core/text/model_proto.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "core/base/text.h"

namespace sojourn {

namespace {

static_assert(std::endian::native == std::endian::little, "model files hold little-endian numbers");

enum class Wire : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

// Field numbers of sentencepiece_model.proto.
constexpr std::uint32_t kModelPieces = 1;
constexpr std::uint32_t kModelTrainerSpec = 2;
constexpr std::uint32_t kModelNormalizerSpec = 3;
constexpr std::uint32_t kPieceText = 1;
constexpr std::uint32_t kPieceScore = 2;
constexpr std::uint32_t kPieceType = 3;
constexpr std::uint32_t kTrainerModelType = 3;
constexpr std::uint32_t kNormalizerCharsmap = 2;

constexpr std::uint32_t kUnigram = 1;
enum class PieceType : std::uint32_t { kNormal = 1, kUnknown = 2, kControl = 3 };

void put_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out += static_cast<char>((value & 0x7FU) | 0x80U);
  out += static_cast<char>(value);
}

void put_tag(std::string& out, std::uint32_t field, Wire wire) {
  put_varint(out, (field << 3U) | static_cast<std::uint32_t>(wire));
}

void put_number(std::string& out, std::uint32_t field, std::uint32_t value) {
  put_tag(out, field, Wire::kVarint);
  put_varint(out, value);
}

void put_bytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  put_tag(out, field, Wire::kBytes);
  put_varint(out, bytes.size());
  out += bytes;
}

void put_float(std::string& out, std::uint32_t field, float value) {
  put_tag(out, field, Wire::kFixed32);
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

void put_piece(std::string& model, std::string_view text, float score, PieceType type) {
  std::string piece;
  put_bytes(piece, kPieceText, text);
  put_float(piece, kPieceScore, score);
  put_number(piece, kPieceType, static_cast<std::uint32_t>(type));
  put_bytes(model, kModelPieces, piece);
}

// Reads fields one by one; ok() turns false at the first byte that fits no field.
class WireReader {
 public:
  explicit WireReader(std::string_view bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }

  // Moves to the next field; false at the end or at a malformed one.
  bool next() {
    if (!ok_ || rest_.empty()) return false;
    const std::uint64_t tag = varint();
    field_ = tag >> 3U;
    payload_ = {};
    switch (static_cast<Wire>(tag & 7U)) {
      case Wire::kVarint:
        varint();
        break;
      case Wire::kFixed64:
        take(8);
        break;
      case Wire::kFixed32:
        take(4);
        break;
      case Wire::kBytes:
        payload_ = take(varint());
        break;
      default:
        ok_ = false;
    }
    return ok_;
  }

  std::uint64_t field() const { return field_; }
  std::string_view payload() const { return payload_; }  // of a field of bytes, else empty

 private:
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && !rest_.empty(); shift += 7) {
      const auto byte = static_cast<std::uint8_t>(rest_.front());
      rest_.remove_prefix(1);
      value |= std::uint64_t{byte & 0x7FU} << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }

  std::string_view take(std::uint64_t size) {
    if (size > rest_.size()) {
      ok_ = false;
      return {};
    }
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }

  std::string_view rest_;
  std::uint64_t field_ = 0;
  std::string_view payload_;
  bool ok_ = true;
};

// A unit of a Darts-clone double array (its file format, fixed since 0.32).
struct Unit {
  std::uint32_t bits;

  bool is_value() const { return (bits >> 31U) != 0; }
  bool has_value() const { return ((bits >> 8U) & 1U) != 0; }
  std::uint32_t value() const { return bits & 0x7FFFFFFFU; }
  std::uint32_t offset() const { return (bits >> 10U) << ((bits & (1U << 9U)) >> 6U); }
};

// The children of unit i are at (i ^ offset) ^ label for labels 0 .. 255, its value at label 0.
bool links_stay_inside(std::string_view array, std::size_t replacements_size) {
  const std::size_t n = array.size() / sizeof(std::uint32_t);
  const auto unit_at = [&](std::size_t i) {
    Unit unit{};
    std::memcpy(&unit.bits, array.data() + i * sizeof unit.bits, sizeof unit.bits);
    return unit;
  };
  for (std::size_t i = 0; i < n; ++i) {
    const Unit unit = unit_at(i);
    if (unit.is_value() && i != 0) continue;  // never followed, except at the root
    const std::size_t children = i ^ unit.offset();
    if ((children | 0xFFU) >= n) return false;
    if (unit.has_value() && unit_at(children).value() >= replacements_size) return false;
  }
  return true;
}

}  // namespace

std::string unigram_model_proto(const std::vector<ScoredPiece>& pieces, std::string_view charsmap) {
  std::string model;
  put_piece(model, "<unk>", 0, PieceType::kUnknown);
  put_piece(model, "<s>", 0, PieceType::kControl);
  put_piece(model, "</s>", 0, PieceType::kControl);
  for (const auto& piece : pieces) put_piece(model, piece.text, piece.score, PieceType::kNormal);
  std::string trainer;
  put_number(trainer, kTrainerModelType, kUnigram);
  put_bytes(model, kModelTrainerSpec, trainer);
  std::string normalizer;
  put_bytes(normalizer, kNormalizerCharsmap, charsmap);
  put_bytes(model, kModelNormalizerSpec, normalizer);
  return model;
}

std::optional<std::string_view> charsmap_of_model_proto(std::string_view model) {
  std::string_view charsmap;
  WireReader fields(model);
  while (fields.next()) {
    if (fields.field() != kModelNormalizerSpec) continue;
    WireReader normalizer(fields.payload());
    while (normalizer.next()) {
      if (normalizer.field() == kNormalizerCharsmap) charsmap = normalizer.payload();
    }
    if (!normalizer.ok()) return std::nullopt;
  }
  if (!fields.ok()) return std::nullopt;
  return charsmap;
}

std::optional<std::string> charsmap_problem(std::string_view charsmap) {
  if (charsmap.empty()) return std::nullopt;
  std::uint32_t array_size = 0;
  if (charsmap.size() < sizeof array_size) return "its array size is cut off";
  std::memcpy(&array_size, charsmap.data(), sizeof array_size);
  charsmap.remove_prefix(sizeof array_size);
  if (array_size == 0 || array_size % sizeof(std::uint32_t) != 0 || array_size >= charsmap.size()) {
    return "its array size is " + std::to_string(array_size) +
           " bytes, expected a multiple of 4 below " + std::to_string(charsmap.size());
  }
  const auto replacements = charsmap.substr(array_size);
  if (replacements.back() != '\0') return "its last replacement doesn't end in NUL";
  if (invalid_utf8_at(replacements)) return "its replacements aren't UTF-8";
  if (!links_stay_inside(charsmap.substr(0, array_size), replacements.size())) {
    return "its array has a link to outside";
  }
  return std::nullopt;
}

}  // namespace sojourn
