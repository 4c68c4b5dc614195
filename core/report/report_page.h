// A report as one HTML page that needs no network and no other file.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace sojourn {

// From what report_json() made, which is in the page and which its script draws everything from.
std::string report_page(const nlohmann::ordered_json& report);

}  // namespace sojourn
