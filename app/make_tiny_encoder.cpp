// Writes the tiny encoder that is installed beside the program:
//
//   make_tiny_encoder DIRECTORY
#include <cstdio>
#include <exception>

#include "core/model/tiny_model.h"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: make_tiny_encoder DIRECTORY\n", stderr);
    return 2;
  }
  try {
    sojourn::write_tiny_model(argv[1], sojourn::EncoderType::kXlmRoberta);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  return 0;
}
