#include <stdexcept>

#include "unruly.h"

extern "C" void throw_through() { throw std::runtime_error("let out"); }
