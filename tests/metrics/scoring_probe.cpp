// Scores what compare_references.py makes up: one JSON object a line on standard input, see
// score_case.h.
#include <exception>
#include <iostream>
#include <string>

#include "tests/metrics/score_case.h"

int main() {
  try {
    for (std::string line; std::getline(std::cin, line);)
      std::cout << sojourn::score_case(nlohmann::json::parse(line)).dump() << '\n';
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
