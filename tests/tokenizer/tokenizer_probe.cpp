// Reads texts from standard input, one a line, and writes their token ids, one text a line, special
// tokens included, for compare_tokenizers.py. With --offsets: id:begin:end.
#include <cstdio>
#include <exception>
#include <iostream>
#include <limits>
#include <string>
#include <string_view>

#include "core/text/tokenizer.h"

namespace {

int probe(const std::string& directory, bool offsets) {
  const auto tokenizer = sojourn::Tokenizer::load(directory);
  std::ios::sync_with_stdio(false);
  std::string line;
  std::string out;
  while (std::getline(std::cin, line)) {
    const auto windows =
        tokenizer->encode(line, std::nullopt, std::numeric_limits<std::int32_t>::max(),
                          sojourn::Overflow::kCutLongest, 0);
    const auto& pieces = windows.at(0);
    out.clear();
    for (std::size_t i = 0; i < pieces.ids.size(); ++i) {
      if (i > 0) out += ' ';
      out += std::to_string(pieces.ids[i]);
      if (offsets)
        out += ":" + std::to_string(pieces.begin[i]) + ":" + std::to_string(pieces.end[i]);
    }
    std::cout << out << '\n';
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  const bool offsets = argc == 3 && std::string_view(argv[2]) == "--offsets";
  if (argc != 2 && !offsets) {
    std::cerr << "usage: tokenizer_probe ENCODER_DIRECTORY [--offsets] < TEXTS\n";
    return 2;
  }
  try {
    return probe(argv[1], offsets);
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
