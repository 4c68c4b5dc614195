# Writes a C++ file whose string constants are the content of files:
#   cmake -D OUT=page_files.cpp -D "FILES=NAME=FILE;..." -P embed.cmake
# The files are text, and none may contain the end of the raw strings that they become.
set(text "#include <string_view>\n\nnamespace sojourn::page {\n\n")
foreach(item ${FILES})
  string(REGEX MATCH "^([^=]+)=(.+)$" ignored "${item}")
  file(READ "${CMAKE_MATCH_2}" content)
  string(FIND "${content}" ")EMBEDDED\"" end)
  if(NOT end EQUAL -1)
    message(FATAL_ERROR "${CMAKE_MATCH_2} contains )EMBEDDED\"")
  endif()
  string(APPEND text "extern const std::string_view ${CMAKE_MATCH_1};\n"
                     "const std::string_view ${CMAKE_MATCH_1} = R\"EMBEDDED(${content})EMBEDDED\";\n\n")
endforeach()
file(WRITE "${OUT}" "${text}}  // namespace sojourn::page\n")
