// A TOML document as plain values that know where they were written. value.cpp is the only file
// that sees the TOML library.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sojourn::config {

struct Entry;

struct Value {
  struct Moment {};  // a date or a time, which no key wants
  using List = std::vector<Value>;
  using Table = std::vector<Entry>;  // in the order of the file

  std::variant<std::int64_t, double, bool, std::string, Moment, List, Table> data;
  std::string where;                     // "configs/x.toml:12:5", or "--set KEY"
  bool from_command_line = false;        // relative paths then mean the working directory
  std::filesystem::path directory = {};  // else the folder of their file

  const Table* table() const { return std::get_if<Table>(&data); }
  Table* table() { return std::get_if<Table>(&data); }
  const List* list() const { return std::get_if<List>(&data); }
  List* list() { return std::get_if<List>(&data); }
  // "an integer", "a string ('abc')"
  std::string found() const;
};

struct Entry {
  std::string key;
  std::string where;  // of the key
  Value value;
};

// The entry of that key, or null.
const Entry* find_entry(const Value::Table& table, std::string_view key);
Entry* find_entry(Value::Table& table, std::string_view key);

// The document's table. Throws Error(kInput): no such file, or what breaks TOML's syntax and where.
Value parse_toml_file(const std::filesystem::path& file);

// What one `--set KEY=VALUE` says.
struct Assignment {
  std::vector<std::string> key;  // its parts; a part that holds a dot is written in quotes
  Value value;
};
Assignment parse_assignment(const std::string& text);

}  // namespace sojourn::config
